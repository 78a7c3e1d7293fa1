package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// withCurrent makes loop the test goroutine's current one for the time of f.
func withCurrent(t *testing.T, loop asyncio.EventLoop, f func()) {
	t.Helper()
	must(t, asyncio.SetEventLoop(loop))
	defer func() { must(t, asyncio.SetEventLoop(nil)) }()
	f()
}

func TestEnsureFuture(t *testing.T) {
	t.Parallel()
	plainRow(t, "futures.001.foreign-future-passes", func(t *testing.T) {
		loop := newLoop(t)
		own := ownFuture{asyncio.NewFuture[int](loop)}
		got, err := asyncio.EnsureFuture(nil, asyncio.Awaiter[int](own))
		must(t, err)
		want(t, "ensured", got, asyncio.AwaitableOf[int](own))
		got, err = asyncio.WrapFuture(loop, asyncio.AwaitableOf[int](own))
		must(t, err)
		want(t, "wrapped", got, asyncio.AwaitableOf[int](own))
	})
	plainRow(t, "tasks.006.ensure-future-coroutine", func(t *testing.T) {
		given, current := newLoop(t), newLoop(t)
		ensure := func(loop asyncio.EventLoop) (asyncio.AwaitableOf[int], error) {
			return asyncio.EnsureFuture[int](loop, asyncio.NewCoroutine(value(42)))
		}
		finish := func(loop asyncio.EventLoop, f asyncio.AwaitableOf[int], err error) {
			t.Helper()
			must(t, err)
			must(t, loop.RunUntilComplete(f))
			v, err := f.Result()
			must(t, err)
			want(t, "result", v, 42)
		}
		withCurrent(t, current, func() {
			f, err := ensure(given)
			finish(given, f, err)
			runIn(t, given, func(ctx context.Context) {
				f, err := ensure(nil)
				must(t, err)
				v, err := f.Await(ctx) // ErrWrongLoop if it were the current one's
				must(t, err)
				want(t, "result", v, 42)
			})
			f, err = ensure(nil)
			finish(current, f, err)
		})
		_, err := ensure(nil)
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "tasks.007a.ensure-future-future", func(t *testing.T) {
		loop := newLoop(t)
		task := asyncio.CreateTask(loop, value(1))
		for _, f := range []asyncio.AwaitableOf[int]{asyncio.NewFuture[int](loop), task} {
			for _, given := range []asyncio.EventLoop{nil, loop} {
				got, err := asyncio.EnsureFuture[int](given, f)
				must(t, err)
				want(t, "future", got, f)
			}
		}
		must(t, loop.RunUntilComplete(task))
	})
	plainRow(t, "tasks.007b.ensure-future-wrong-loop", func(t *testing.T) {
		loop, other := newLoop(t), newLoop(t)
		_, err := asyncio.EnsureFuture[int](other, asyncio.NewFuture[int](loop))
		wantError(t, err, asyncio.ErrWrongLoop)
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
	row(t, "tasks.008.ensure-future-awaitable", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f, err := asyncio.EnsureFuture[string](loop, greeting("hello"))
		must(t, err)
		if _, is := f.(asyncio.AnyTask); !is {
			t.Errorf("%T is no task", f)
		}
		v, err := f.Await(ctx)
		must(t, err)
		want(t, "result", v, "hello")
	})
	row(t, "tasks.100.double-await", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		c := asyncio.NewCoroutine(value(1))
		f, err := asyncio.EnsureFuture[int](loop, c)
		must(t, err)
		passes(t, ctx, 1)
		_, err = c.Await(ctx)
		wantError(t, err, asyncio.ErrInvalidState)
		_, err = f.Await(ctx)
		must(t, err)
		_, err = c.Await(ctx)
		wantError(t, err, asyncio.ErrInvalidState)
	})
	looplessRow(t, "nil", func(t *testing.T) {
		_, err := asyncio.EnsureFuture[int](nil, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = asyncio.WrapFuture[int](nil, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = asyncio.WrapFuture[int](nil, (*asyncio.Task[int])(nil))
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = asyncio.NewCoroutine[int](nil).Await(t.Context())
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
}

// greeting is a user's kind of awaitable.
type greeting string

func (g greeting) Await(ctx context.Context) (string, error) {
	return string(g), asyncio.Sleep(ctx, 0)
}

func TestWrapFuture(t *testing.T) {
	t.Parallel()
	row(t, "futures.018.wrap-loop-future", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		for _, given := range []asyncio.EventLoop{nil, loop} {
			got, err := asyncio.WrapFuture[int](given, f)
			must(t, err)
			want(t, "future", got, asyncio.AwaitableOf[int](f))
		}
	})
	plainRow(t, "futures.019.wrap-no-loop", func(t *testing.T) {
		_, err := asyncio.WrapFuture[int](nil, asyncio.NewFuture[int](newLoop(t)))
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "futures.020.wrap-which-loop", func(t *testing.T) {
		other, running, current := newLoop(t), newLoop(t), newLoop(t)
		f := asyncio.NewFuture[int](other)
		withCurrent(t, current, func() {
			runIn(t, running, func(context.Context) {
				w, err := asyncio.WrapFuture[int](nil, f)
				must(t, err)
				want(t, "loop", w.(*asyncio.Future[int]).Loop(), running)
			})
			w, err := asyncio.WrapFuture[int](nil, f)
			must(t, err)
			want(t, "loop", w.(*asyncio.Future[int]).Loop(), current)
		})
	})
	row(t, "futures.021a.wrap-cancel-through", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		other := newLoop(t)
		f := asyncio.NewFuture[int](other)
		w, err := asyncio.WrapFuture[int](loop, f)
		must(t, err)
		want(t, "cancel", w.Cancel("why"), true)
		passes(t, ctx, 1)
		want(t, "cancelled", f.Cancelled(), true)
		wantMessage(t, f.Exception(), "why")
	})
	row(t, "futures.021b.wrap-cancel-too-late", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](newLoop(t))
		w, err := asyncio.WrapFuture[int](loop, f)
		must(t, err)
		must(t, f.SetResult(42))
		want(t, "cancel", w.Cancel(), true)
		passes(t, ctx, 2)
		want(t, "wrapper cancelled", w.Cancelled(), true)
		v, err := f.Result()
		must(t, err)
		want(t, "result", v, 42)
	})
	plainRow(t, "across running loops", func(t *testing.T) {
		there := newLoop(t)
		stopped := make(chan error)
		go func() { stopped <- there.RunForever() }()
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.RunCoroutineThreadsafe(there, value(42))
			if _, err := f.Await(ctx); err != nil { // it may be done already
				wantError(t, err, asyncio.ErrWrongLoop)
			}
			w, err := asyncio.WrapFuture[int](loop, f)
			must(t, err)
			v, err := w.Await(ctx)
			must(t, err)
			want(t, "result", v, 42)

			slow, err := asyncio.WrapFuture[struct{}](loop, asyncio.RunCoroutineThreadsafe(there, sleeper(forever)))
			must(t, err)
			_, err = loop.CallSoon(func() { slow.Cancel() })
			must(t, err)
			_, err = slow.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
		})
		for len(asyncio.AllTasks(there)) > 0 {
			must(t, asyncio.Sleep(t.Context(), instant))
		}
		there.Stop()
		must(t, <-stopped)
	})
}
