package guides

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/streams"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	asynciotest.Run(t, func(ctx context.Context) {
		server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("hello\n")); err != nil {
			t.Fatal(err)
		}
		if line, err := r.ReadLine(ctx); string(line) != "hello\n" {
			t.Errorf("%q, %v", line, err)
		}
		w.Close()
		server.Close()
		if err := server.WaitClosed(ctx); err != nil { // and so the handler has ended
			t.Error(err)
		}
	})
}

func TestPatience(t *testing.T) {
	t.Parallel()
	asynciotest.NewJumpingClock(0).Run(t, func(ctx context.Context) {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			t.Fatal(err)
		}
		began := loop.Time()
		err = asyncio.WaitForErr(ctx, time.Hour, func(ctx context.Context) error {
			return asyncio.Sleep(ctx, 24*time.Hour)
		})
		if took := loop.Time() - began; !errors.Is(err, asyncio.ErrTimeout) || took != time.Hour {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestLeavesNothing(t *testing.T) {
	asynciotest.LeavesNothing(t)
	err := asyncio.RunErr(t.Context(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		server.Close()
		return server.WaitClosed(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

func cancelledAfter(ctx context.Context, passes int, f func(ctx context.Context) error) (ended bool, err error) {
	task := asyncio.GoErr(ctx, f)
	for range passes {
		if err := asyncio.Yield(ctx); err != nil {
			return false, err
		}
	}
	ended = !task.Cancel()
	if _, err := task.Await(ctx); !task.Cancelled() {
		return ended, err
	}
	return ended, nil
}

// TestCancelledAnywhere: a conversation that is cancelled at any pass leaves nothing.
func TestCancelledAnywhere(t *testing.T) {
	asynciotest.LeavesNothing(t)
	asynciotest.Run(t, func(ctx context.Context) {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
			_ = echo(ctx, r, w) // a client that has gone is no failure here
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			t.Fatal(err)
		}
		for passes := 0; ; passes++ {
			ended, err := cancelledAfter(ctx, passes, func(ctx context.Context) error {
				r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
				if err != nil {
					return err
				}
				defer w.Close()
				if _, err := w.Write([]byte("hello\n")); err != nil {
					return err
				}
				_, err = r.ReadLine(ctx)
				return err
			})
			if err != nil {
				t.Fatalf("after %d passes: %v", passes, err)
			}
			if ended {
				break
			}
		}
		server.Close()
		if err := server.WaitClosed(ctx); err != nil {
			t.Error(err)
		}
	})
}
