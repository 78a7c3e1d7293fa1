package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// serveEcho serves lines until the host ends.
func serveEcho(ctx context.Context) error {
	s, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		for {
			line, err := r.ReadLine(ctx)
			if err != nil || len(line) == 0 {
				return nil
			}
			if _, err := w.Write(line); err != nil {
				return nil
			}
		}
	}, "tcp", ":7", nil)
	if err != nil {
		return err
	}
	return s.ServeForever(ctx)
}

// ask has the echo server answer some lines.
func ask(ctx context.Context, n int) error { return askAt(ctx, "server:7", n) }

// askAt is ask for the server at an address.
func askAt(ctx context.Context, address string, n int) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	for i := range n {
		if _, err := fmt.Fprintf(w, "%d\n", i); err != nil {
			return err
		}
		line, err := r.ReadLine(ctx)
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("%d\n", i); string(line) != want {
			return fmt.Errorf("%q came for %q", line, want)
		}
	}
	return nil
}

// echoes has some clients ask a server.
func echoes(w *simulation.World) {
	w.Host("server").Start(serveEcho)
	var clients []*simulation.Host
	for i := range 3 {
		h := w.Host(fmt.Sprint("client", i))
		h.Start(func(ctx context.Context) error {
			for {
				err := ask(ctx, 5)
				if !errors.Is(err, io.EOF) && err != nil {
					if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
						return err
					}
					continue
				}
				return err
			}
		})
		clients = append(clients, h)
	}
	err := w.RunUntil(func() bool {
		for _, h := range clients {
			if h.Running() {
				return false
			}
		}
		return true
	})
	if err != nil {
		w.Errorf("%v", err)
	}
	for _, h := range clients {
		if err := h.Err(); err != nil {
			w.Errorf("%v: %v", h, err)
		}
	}
}

func TestEcho(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		echoes(w)
		t.Logf("%v %x", w.Elapsed(), w.Hash())
	})
}

func TestSameHash(t *testing.T) {
	var first uint64
	for i := range 100 {
		var hash uint64
		err := simulation.Run(7, func(w *simulation.World) {
			echoes(w)
			hash = w.Hash()
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = hash
		} else if hash != first {
			t.Fatalf("run %d: %x, not %x", i, hash, first)
		}
	}
	for range 100 {
		simulation.Test(t, func(w *simulation.World) {
			echoes(w)
			if w.Hash() != first {
				w.Errorf("in a bubble: %x, not %x", w.Hash(), first)
			}
		}, simulation.WithSeed(7))
	}
}
