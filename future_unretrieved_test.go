package asyncio_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

var errLast = errors.New("the last one")

// dropped returns what a loop reports of the futures that f makes and drops. A
// failure dropped after them tells that the collector has been at work; what the
// close reports is included.
func dropped(t *testing.T, debug bool, f func(ctx context.Context, loop asyncio.EventLoop)) []asyncio.ExceptionContext {
	t.Helper()
	loop := newLoop(t, asyncio.WithDebug(debug), silent)
	r := collectReports(t, loop)
	runIn(t, loop, func(ctx context.Context) {
		f(ctx, loop)
		must(t, asyncio.NewFuture[int](loop).SetException(errLast))
		for {
			runtime.GC()
			passes(t, ctx, 1)
			for _, c := range r.all() {
				if c.Err == errLast {
					return
				}
			}
			must(t, asyncio.Sleep(ctx, instant))
		}
	})
	must(t, loop.Close())
	var found []asyncio.ExceptionContext
	for _, c := range r.all() {
		if c.Err != errLast {
			found = append(found, c)
		}
	}
	return found
}

func quiet(t *testing.T, id string, f func(ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	plainRow(t, id, func(t *testing.T) {
		for _, c := range dropped(t, false, f) {
			t.Errorf("reported: %s: %v", c.Message, c.Err)
		}
	})
}

// wantOne fails the test if not exactly this was reported.
func wantOne(t *testing.T, found []asyncio.ExceptionContext, message string, err error) {
	t.Helper()
	want(t, "reports", len(found), 1)
	for _, c := range found {
		want(t, "message", c.Message, message)
		wantError(t, c.Err, err)
	}
}

func failed(t *testing.T, loop asyncio.EventLoop) *asyncio.Future[int] {
	t.Helper()
	f := asyncio.NewFuture[int](loop)
	must(t, f.SetException(errBoom))
	return f
}

func TestNeverRetrieved(t *testing.T) {
	t.Parallel()
	quiet(t, "futures.017a.abandoned-pending-quiet", func(_ context.Context, loop asyncio.EventLoop) {
		asyncio.NewFuture[int](loop)
	})
	quiet(t, "futures.017b.result-dropped-quiet", func(_ context.Context, loop asyncio.EventLoop) {
		must(t, asyncio.NewFuture[int](loop).SetResult(1))
		read := asyncio.NewFuture[int](loop)
		must(t, read.SetResult(2))
		_, err := read.Result()
		must(t, err)
	})
	plainRow(t, "futures.017c.exception-unread-logged", func(t *testing.T) {
		found := dropped(t, false, func(_ context.Context, loop asyncio.EventLoop) { failed(t, loop) })
		wantOne(t, found, "Future exception was never retrieved", errBoom)
	})
	quiet(t, "futures.017d.exception-read-quiet", func(ctx context.Context, loop asyncio.EventLoop) {
		wantError(t, failed(t, loop).Exception(), errBoom)
		_, err := failed(t, loop).Result()
		wantError(t, err, errBoom)
		_, err = failed(t, loop).Await(ctx)
		wantError(t, err, errBoom)
	})
	quiet(t, "futures.017e.cancel-after-exception-quiet", func(_ context.Context, loop asyncio.EventLoop) {
		want(t, "cancel", failed(t, loop).Cancel(), false)
	})
	for name, debug := range map[string]bool{"plain": false, "debug": true} {
		t.Run("futures.022.never-retrieved-message/"+name, func(t *testing.T) {
			t.Parallel()
			found := dropped(t, debug, func(_ context.Context, loop asyncio.EventLoop) { failed(t, loop) })
			wantOne(t, found, "Future exception was never retrieved", errBoom)
			if made := len(found) > 0 && found[0].Source != ""; made != debug {
				t.Errorf("it tells where the future was made: %v", made)
			}
		})
	}
	quiet(t, "tasks.062.failed-then-cancel-quiet", func(ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, failing(errBoom))
		_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{task}, asyncio.WaitOptions{})
		must(t, err)
		want(t, "cancel", task.Cancel(), false)
	})
	quiet(t, "cancelled", func(ctx context.Context, loop asyncio.EventLoop) {
		asyncio.NewFuture[int](loop).Cancel()
		child := asyncio.NewFuture[int](loop)
		asyncio.GatherFuture(ctx, asyncio.AwaitableOf[int](child))
		child.Cancel()
		asyncio.CreateTask(loop, sleeper(forever)).Cancel()
		passes(t, ctx, 3)
	})
	plainRow(t, "task", func(t *testing.T) {
		found := dropped(t, false, func(ctx context.Context, loop asyncio.EventLoop) {
			asyncio.CreateTask(loop, failing(errBoom), asyncio.WithName("lost"))
			passes(t, ctx, 3)
		})
		wantOne(t, found, "Task exception was never retrieved", errBoom)
		want(t, "name", found[0].Extra["name"], "lost")
	})
}

// TestNeverRetrievedAtClose: what is still referred to is reported when the loop
// is closed, in the order in which it failed, and only once.
func TestNeverRetrievedAtClose(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	r := collectReports(t, loop)
	var keep []*asyncio.Future[int]
	errs := []error{errors.New("a"), errors.New("b"), errors.New("c")}
	for _, err := range errs {
		f := asyncio.NewFuture[int](loop)
		must(t, f.SetException(err))
		keep = append(keep, f)
	}
	must(t, loop.Close())
	must(t, loop.Close())
	want(t, "reports", len(r.all()), len(errs))
	for i, c := range r.all() {
		want(t, "error", c.Err, errs[i])
	}
	runtime.KeepAlive(keep)
}
