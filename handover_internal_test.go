package asyncio

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestFailureAfterCallerLeft: what a call fails with whose caller has gone is reported to
// nobody: he has got why he went.
func TestFailureAfterCallerLeft(t *testing.T) {
	t.Parallel()
	loop, err := NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = loop.SetExceptionHandler(func(_ EventLoop, c ExceptionContext) { t.Errorf("reported: %s: %v", c.Message, c.Err) })
	ctx, cancel := context.WithCancel(context.Background())
	var gone atomic.Bool
	go func() {
		_, err := inLoop(ctx, &loop.baseLoop, "call", func(context.Context) (int, error) {
			cancel()
			for !gone.Load() {
				_ = Sleep(context.Background(), time.Millisecond) // it is cancelled, and goes on
			}
			loop.Stop()
			return 0, errors.New("too late")
		}, nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the caller got %v", err)
		}
		gone.Store(true)
	}()
	if err := errors.Join(loop.RunForever(), loop.Close()); err != nil {
		t.Fatal(err)
	}
}
