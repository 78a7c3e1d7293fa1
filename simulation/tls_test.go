package simulation_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// TestTLS: TLS runs between hosts, under loss, and in a bubble it is the same each time.
func TestTLS(t *testing.T) {
	authority := certs.New()
	certificate := authority.Sign(certs.Names("server"))
	start := simulation.WithStart(time.Now()) // when the certificates are good
	hash := uint64(0)
	for range 5 {
		simulation.Test(t, func(w *simulation.World) {
			// Each world has its own: a configuration remembers the keys of its tickets.
			server, client := &tls.Config{Certificates: []tls.Certificate{certificate}}, authority.Client()
			w.SetDefaultConditions(simulation.Conditions{Latency: simulation.Between(time.Millisecond, 20*time.Millisecond), Loss: 0.1})
			w.Host("server").Start(func(ctx context.Context) error {
				s, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
					line, err := r.ReadLine(ctx)
					if err == nil {
						_, _ = w.Write(line)
					}
					_ = w.Close()
				}, "tcp", ":443", &asyncio.ServerOptions{TLS: server})
				if err != nil {
					return err
				}
				return s.ServeForever(ctx)
			})
			h := w.Host("client")
			h.Start(func(ctx context.Context) error {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				r, w, err := streams.OpenConnection(ctx, "tcp", "server:443", &asyncio.ConnectionOptions{TLS: client})
				if err != nil {
					return err
				}
				defer w.Close()
				if _, err := w.Write([]byte("hello\n")); err != nil {
					return err
				}
				line, err := r.ReadLine(ctx)
				if err == nil && string(line) != "hello\n" {
					err = fmt.Errorf("%q", line)
				}
				return err
			})
			if err := w.RunUntil(h.Done); err != nil || h.Err() != nil {
				w.Errorf("%v, %v", err, h.Err())
			}
			if hash == 0 {
				hash = w.Hash()
			} else if w.Hash() != hash {
				w.Errorf("%x, not %x", w.Hash(), hash)
			}
		}, start)
	}
}

// TestContexts: contexts of package context end waits in the same order each time, whoever
// cancels them.
func TestContexts(t *testing.T) {
	for range 20 {
		inBoth(t, func(w *simulation.World) {
			var ended []int
			w.Host("a").Start(func(ctx context.Context) error {
				shared, cancel := context.WithCancel(ctx)
				defer cancel()
				var tasks []asyncio.Awaitable
				for i := range 20 {
					tasks = append(tasks, asyncio.GoErr(ctx, func(context.Context) error {
						_, err := asyncio.NewFuture[int](nil).Await(shared)
						if err == nil {
							return fmt.Errorf("it has not ended")
						}
						ended = append(ended, i)
						return nil
					}))
				}
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				cancel()
				done, _, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{})
				if err != nil || len(done) != 20 {
					return fmt.Errorf("%d, %v", len(done), err)
				}
				return nil
			})
			if err := w.Run(); err != nil {
				w.Errorf("%v", err)
			}
			if want := "[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19]"; fmt.Sprint(ended) != want || w.Elapsed() != time.Second {
				w.Errorf("%v: %v", w.Elapsed(), ended)
			}
		})
	}
}
