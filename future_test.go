package asyncio_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// ownFuture is a user's kind of future.
type ownFuture struct{ *asyncio.Future[int] }

func TestFuture(t *testing.T) {
	t.Parallel()
	plainRow(t, "futures.003.isfuture", func(t *testing.T) {
		loop := newLoop(t)
		f := asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, nothing)
		must(t, loop.RunUntilComplete(task))
		for _, v := range []any{f, ownFuture{f}, task} {
			_, is := v.(asyncio.Awaitable)
			want(t, "a future", is, true)
		}
		for _, v := range []any{1, nothing, loop} {
			_, is := v.(asyncio.Awaitable)
			want(t, "a future", is, false)
		}
	})
	plainRow(t, "futures.004.initial-state", func(t *testing.T) {
		f := asyncio.NewFuture[int](newLoop(t))
		want(t, "done", f.Done(), false)
		want(t, "cancelled", f.Cancelled(), false)
		want(t, "cancel", f.Cancel(), true)
		want(t, "cancelled", f.Cancelled(), true)
		want(t, "done", f.Done(), true)
	})
	looplessRow(t, "futures.005.no-loop", func(t *testing.T) {
		f := asyncio.NewFuture[int](nil)
		want(t, "done", f.Done(), true)
		wantError(t, f.Exception(), asyncio.ErrNoCurrentLoop)
		_, err := f.Await(t.Context())
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	row(t, "futures.006.running-loop", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		want(t, "loop", asyncio.NewFuture[int](nil).Loop(), loop)
	})
	looplessRow(t, "futures.008.uninitialized", func(t *testing.T) {
		var f asyncio.Future[int]
		zeroFuture(t, &f)
		wantError(t, f.SetResult(1), asyncio.ErrInvalidState)
		wantError(t, f.SetException(errBoom), asyncio.ErrInvalidState)
		token := f.AddDoneCallback(func(*asyncio.Future[int]) { t.Error("called") })
		want(t, "token", token, asyncio.CallbackToken{})
		want(t, "removed", f.RemoveDoneCallback(token), 0)
		_ = f.String()

		var task asyncio.Task[int]
		zeroFuture(t, &task)
		want(t, "value", task.Context().Value("key"), nil)
		want(t, "stack", task.Stack(), "")
		want(t, "uncancel", task.Uncancel(), 0)
		_ = task.String()
	})
	row(t, "futures.009a.cancel-message-kept", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		want(t, "cancel", f.Cancel("why"), true)
		wantMessage(t, f.Exception(), "why")
		_, err := f.Await(ctx)
		wantMessage(t, err, "why")
		wantError(t, err, asyncio.ErrCancelled)
		wantError(t, err, context.Canceled)
	})
	plainRow(t, "futures.010.result-lifecycle", func(t *testing.T) {
		f := asyncio.NewFuture[int](newLoop(t))
		_, err := f.Result()
		wantError(t, err, asyncio.ErrInvalidState)
		must(t, f.SetResult(42))
		want(t, "done", f.Done(), true)
		want(t, "cancelled", f.Cancelled(), false)
		v, err := f.Result()
		must(t, err)
		want(t, "result", v, 42)
		must(t, f.Exception())
		wantError(t, f.SetResult(43), asyncio.ErrInvalidState)
		wantError(t, f.SetException(errBoom), asyncio.ErrInvalidState)
		want(t, "cancel", f.Cancel(), false)
		v, _ = f.Result()
		want(t, "result", v, 42)
	})
	plainRow(t, "futures.011a.exception-lifecycle", func(t *testing.T) {
		f := asyncio.NewFuture[int](newLoop(t))
		wantError(t, f.Exception(), asyncio.ErrInvalidState)
		wantError(t, f.SetException(nil), asyncio.ErrInvalidArgument)
		must(t, f.SetException(errBoom))
		_, err := f.Result()
		want(t, "result's error", err, errBoom)
		want(t, "exception", f.Exception(), errBoom)
		wantError(t, f.SetResult(1), asyncio.ErrInvalidState)
		wantError(t, f.SetException(errBoom), asyncio.ErrInvalidState)
		want(t, "cancel", f.Cancel(), false)
	})
	row(t, "futures.013.await-twice", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		must(t, f.SetResult(42))
		suspended := false
		_, err := loop.CallSoon(func() { suspended = true })
		must(t, err)
		for range 2 {
			v, err := f.Await(ctx)
			must(t, err)
			want(t, "result", v, 42)
		}
		want(t, "suspended", suspended, false)
	})
	row(t, "futures.014.copy-state", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for name, end := range map[string]func(f *asyncio.Future[int]){
			"result":       func(f *asyncio.Future[int]) { must(t, f.SetResult(42)) },
			"exception":    func(f *asyncio.Future[int]) { must(t, f.SetException(errBoom)) },
			"cancellation": func(f *asyncio.Future[int]) { f.Cancel("why") },
		} {
			from := asyncio.NewFuture[int](loop)
			to := asyncio.ShieldFuture(ctx, from)
			end(from)
			passes(t, ctx, 1)
			v, err := from.Result()
			got, gotErr := to.Result()
			want(t, name+": value", got, v)
			want(t, name+": error", gotErr, err)
			want(t, name+": cancelled", to.Cancelled(), from.Cancelled())
		}
	})
	plainRow(t, "futures.023.set-unless-cancelled", func(t *testing.T) {
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			// The result of an executor's function is set so.
			began, finish := make(chan struct{}), make(chan struct{})
			f, err := asyncio.RunIn(loop, nil, func() (int, error) {
				close(began)
				<-finish
				return 42, nil
			})
			must(t, err)
			<-began
			want(t, "cancel", f.Cancel(), true)
			close(finish)
			must(t, loop.ShutdownDefaultExecutor(ctx))
			want(t, "cancelled", f.Cancelled(), true)
		})
	})
	row(t, "futures.034.reawait-traceback", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, failing(errBoom))
		for range 5 {
			_, err := task.Await(ctx)
			want(t, "error", err, errBoom)
		}
	})
	row(t, "futures.035.recursive-string", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		type set struct{ tasks []*asyncio.Task[*set] }
		all := &set{}
		f := asyncio.NewFuture[*set](loop)
		for range 3 {
			all.tasks = append(all.tasks, asyncio.CreateTask(loop, f.Await))
		}
		passes(t, ctx, 1)
		for range 2 {
			for _, task := range all.tasks {
				if text := task.String(); len(text) > 1000 {
					t.Errorf("text of %d bytes", len(text))
				}
			}
			_ = f.SetResult(all) // done already the second time
			passes(t, ctx, 2)
		}
		if text := f.String(); !strings.Contains(text, "finished") {
			t.Error(text)
		}
	})
}

// zeroFuture looks at a future that nothing made.
func zeroFuture(t *testing.T, f asyncio.AwaitableOf[int]) {
	t.Helper()
	want(t, "done", f.Done(), false)
	want(t, "cancelled", f.Cancelled(), false)
	want(t, "cancel", f.Cancel(), false)
	_, err := f.Result()
	wantError(t, err, asyncio.ErrInvalidState)
	wantError(t, f.Exception(), asyncio.ErrInvalidState)
	_, err = f.Await(t.Context())
	wantError(t, err, asyncio.ErrInvalidState)
}

// TestFutureSetCancelled: setting a cancellation is cancelling.
func TestFutureSetCancelled(t *testing.T) {
	t.Parallel()
	f := asyncio.NewFuture[int](newLoop(t))
	must(t, f.SetException(&asyncio.CancelledError{Message: "why"}))
	want(t, "cancelled", f.Cancelled(), true)
	wantMessage(t, f.Exception(), "why")
}

// TestFutureOfClosedLoop: a result can still be set and read, but nobody is told.
func TestFutureOfClosedLoop(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	plain, watched := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](loop)
	watched.AddDoneCallback(func(*asyncio.Future[int]) { t.Error("called on a closed loop") })
	must(t, loop.Close())
	must(t, plain.SetResult(1))
	wantError(t, watched.SetResult(2), asyncio.ErrLoopClosed)
	v, err := watched.Await(t.Context())
	must(t, err)
	want(t, "result", v, 2)
	_, err = asyncio.NewFuture[int](loop).Await(t.Context())
	wantError(t, err, asyncio.ErrLoopClosed)
}

// TestFutureFromManyGoroutines: one of many results counts, all who wait get it,
// callbacks run on the loop.
func TestFutureFromManyGoroutines(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		for range 50 {
			f := asyncio.NewFuture[int](loop)
			called := asyncio.NewFuture[struct{}](loop)
			f.AddDoneCallback(func(f *asyncio.Future[int]) {
				running, err := asyncio.GetRunningLoop()
				if err != nil || running != loop {
					t.Error("callback off the loop")
				}
				must(t, called.SetResult(struct{}{}))
			})
			const n = 8
			type outcome struct {
				v   int
				set bool
			}
			results := make(chan outcome, n)
			for i := range n {
				go func() {
					set := f.SetResult(i) == nil
					v, err := f.Await(context.Background())
					if err != nil {
						t.Error(err)
					}
					results <- outcome{v, set}
				}()
			}
			v, err := f.Await(ctx)
			must(t, err)
			_, err = called.Await(ctx)
			must(t, err)
			setters := 0
			for range n {
				r := <-results
				want(t, "result", r.v, v)
				if r.set {
					setters++
				}
			}
			want(t, "setters", setters, 1)
		}
	})
}
