package simulation_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/nethttp"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestHTTP: net/http, on hosts' loops by package nethttp, runs in a simulation, the same each time.
func TestHTTP(t *testing.T) {
	var hash uint64
	for range 5 {
		simulation.Test(t, func(w *simulation.World) {
			w.Host("server").Start(func(ctx context.Context) error {
				s, err := nethttp.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_ = asyncio.Sleep(r.Context(), time.Millisecond)
					fmt.Fprintf(w, "hello, %s", r.URL.Path)
				}), "tcp", ":80", nil)
				if err != nil {
					return err
				}
				_ = s
				return asyncio.Sleep(ctx, time.Hour)
			})
			h := w.Host("client")
			h.Start(func(ctx context.Context) error {
				client := &http.Client{Transport: &nethttp.Transport{}}
				for i := range 3 {
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
					req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://server/%d", i), nil)
					if err != nil {
						return err
					}
					resp, err := client.Do(req)
					if err != nil {
						return err
					}
					body, err := io.ReadAll(resp.Body)
					if err := resp.Body.Close(); err != nil {
						return err
					}
					if want := fmt.Sprintf("hello, /%d", i); err != nil || string(body) != want {
						return fmt.Errorf("%q, %w", body, err)
					}
				}
				return nil
			})
			if err := w.RunUntil(h.Done); err != nil || h.Err() != nil {
				w.Errorf("%v, %v", err, h.Err())
			}
			if hash == 0 {
				hash = w.Hash()
			} else if w.Hash() != hash {
				w.Errorf("%x, not %x", w.Hash(), hash)
			}
		})
	}
}
