package asyncio

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// TestScopesForget: a scope's list of who hears of its end does not grow with what
// has left it.
func TestScopesForget(t *testing.T) {
	loop, err := NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	long := NewFuture[int](loop)
	task := CreateTaskErr(loop, func(ctx context.Context) error {
		return Timeout(ctx, time.Hour, func(ctx context.Context, outer *TimeoutScope) error {
			for range 10 {
				_ = Timeout(ctx, 0, func(ctx context.Context, _ *TimeoutScope) error { _, err := long.Await(ctx); return err })
				long = NewFuture[int](loop) // that one was cancelled
				_ = WithTaskGroup(ctx, func(ctx context.Context, g *TaskGroup) error {
					g.Go(func(ctx context.Context) error { g.Cancel(); return nil })
					return Sleep(ctx, time.Hour)
				})
				derived, cancel := context.WithCancel(ctx)
				cancel()
				_, _ = long.Await(derived)
				_ = WaitForErr(ctx, 1, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			}
			if n := len(outer.scope.rest().after) + len(outer.task.scope.rest().after) - 1; n != 0 {
				t.Errorf("%d entries are left", n) // but the scope's own in its task's
			}
			return nil
		})
	})
	if err := loop.RunUntilComplete(task); err != nil {
		t.Error(err)
	}
}

// TestPoolTakesBack: who gives up waiting for a pool that is busy leaves nothing in
// its queue, and what is left there keeps its order.
func TestPoolTakesBack(t *testing.T) {
	loop, err := NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	pool := NewPoolExecutor(1)
	proceed := make(chan struct{})
	if err := pool.Submit(func() { <-proceed }); err != nil {
		t.Fatal(err)
	}
	var order []int
	var kept []Awaitable
	for i := range 100 {
		fut, err := RunIn(loop, pool, func() (int, error) { order = append(order, i); return i, nil })
		if err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			kept = append(kept, fut)
		} else if !fut.Cancel() || fut.Cancel() || !fut.Cancelled() {
			t.Errorf("%v could not be cancelled, once", fut)
		}
	}
	if err := pool.Submit(func() { order = append(order, 100) }); err != nil {
		t.Fatal(err)
	}
	if len(pool.queue) != 3 {
		t.Errorf("the queue holds %d, want 3", len(pool.queue))
	}
	close(proceed)
	<-pool.Shutdown()
	runtime.KeepAlive(kept)
	if len(order) != 3 || order[0] != 0 || order[1] != 50 || order[2] != 100 {
		t.Errorf("they ran as %v", order)
	}
}
