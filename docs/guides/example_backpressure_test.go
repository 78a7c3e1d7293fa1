package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
	"github.com/go-asyncio/asyncio/queues"
	"github.com/go-asyncio/asyncio/streams"
)

func count(ctx context.Context, w *streams.StreamWriter, most int) error {
	for n := range most {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil { // suspends while the peer is slower than we are
			return err
		}
	}
	return nil
}

// TestDrain: who drains is held up by a client that does not read, and goes on when it does.
func TestDrain(t *testing.T) {
	t.Parallel()
	const most = 1_000_000
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		largest := 0
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			watch := asyncio.GoErr(ctx, func(ctx context.Context) error {
				for {
					largest = max(largest, w.Transport().GetWriteBufferSize())
					if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
						return err
					}
				}
			})
			defer watch.Cancel()
			return count(ctx, w, most)
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer w.Close()
		lines := 0
		for line, err := range r.Lines(ctx) {
			if err != nil {
				return err
			}
			if want := fmt.Sprintln(lines); string(line) != want {
				return fmt.Errorf("line %q, not %q", line, want)
			}
			lines++
		}
		if lines != most || largest > 1<<20 {
			t.Errorf("%d lines came, and %d bytes waited", lines, largest)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func send(w *streams.StreamWriter, line string, most int) {
	if w.IsClosing() {
		return // his own coroutine hears of it
	}
	fmt.Fprintln(w, line)
	if w.Transport().GetWriteBufferSize() > most {
		w.Transport().Abort() // and so it does of this: its read ends
	}
}

// TestSend: a client that does not read is put out.
func TestSend(t *testing.T) {
	t.Parallel()
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			for line := fmt.Sprintf("%01024d", 0); !w.IsClosing(); {
				send(w, line, 1<<20)
				if err := asyncio.Yield(ctx); err != nil {
					return err
				}
			}
			_, err := r.ReadAll(ctx)
			return err
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		_, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer w.Close()
		if err := w.Transport().PauseReading(); err != nil {
			return err
		}
		server.Close()
		return server.WaitClosed(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// Example_queue has a goroutine that is faster than the loop.
func Example_queue() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		lines := queues.NewQueue[string](2)
		go func() { // any goroutine: it blocks while the queue is full
			defer lines.Shutdown(false)
			for n := range 5 {
				if err := lines.Put(context.Background(), fmt.Sprint("line ", n)); err != nil {
					return
				}
			}
		}()
		for {
			line, err := lines.Get(ctx)
			if errors.Is(err, queues.ErrShutDown) {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Println(line)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// line 0
	// line 1
	// line 2
	// line 3
	// line 4
}

// Example_semaphore has no more than ten at it at once.
func Example_semaphore() {
	names := make([]string, 100)
	now, largest := 0, 0
	fetch := func(ctx context.Context, _ string) error {
		now++
		largest = max(largest, now)
		defer func() { now-- }()
		return asyncio.Sleep(ctx, time.Millisecond)
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			limit, err := locks.NewSemaphore(10)
			if err != nil {
				return err
			}
			for _, name := range names {
				g.Go(func(ctx context.Context) error {
					return limit.With(ctx, func() error { return fetch(ctx, name) })
				})
			}
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("at once:", largest)
	// Output: at once: 10
}
