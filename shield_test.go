package asyncio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestShield(t *testing.T) {
	t.Parallel()
	row(t, "tasks.056a.shield-exception", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		inner := asyncio.NewFuture[int](loop)
		outer := asyncio.ShieldFuture[int](ctx, inner)
		must(t, inner.SetException(errBoom))
		passes(t, ctx, 1)
		want(t, "error", outer.Exception(), errBoom)
	})
	row(t, "tasks.056b.shield-inner-cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		inner := asyncio.NewFuture[int](loop)
		outer := asyncio.ShieldFuture[int](ctx, inner)
		inner.Cancel("why")
		passes(t, ctx, 1)
		want(t, "cancelled", outer.Cancelled(), true)
		wantMessage(t, outer.Exception(), "why")
	})
	row(t, "tasks.056c.shield-outer-cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		inner := asyncio.NewFuture[int](loop)
		outer := asyncio.ShieldFuture[int](ctx, inner)
		want(t, "linked", inner.String(), "<Future pending cb=[Shield]>")
		want(t, "cancel", outer.Cancel(), true)
		passes(t, ctx, 1)
		want(t, "not linked", inner.String(), "<Future pending>")
	})
	row(t, "tasks.057.shield-effect", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		inner := asyncio.Go(ctx, f.Await)
		outer := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return asyncio.Shield[int](ctx, inner) })
		passes(t, ctx, 2)
		outer.Cancel()
		_, err := outer.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "inner done", inner.Done(), false)
		must(t, f.SetResult(7))
		v, err := inner.Await(ctx)
		must(t, err)
		want(t, "inner", v, 7)
	})
	row(t, "tasks.058.shield-gather", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		g := asyncio.GatherFuture(ctx, aws...)
		outer := asyncio.ShieldFuture[[]int](ctx, g)
		outer.Cancel()
		passes(t, ctx, 1)
		want(t, "outer cancelled", outer.Cancelled(), true)
		must(t, fs[0].SetResult(0))
		must(t, fs[1].SetResult(1))
		values, err := g.Await(ctx)
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[0 1]")
	})
	row(t, "tasks.059.gather-shields", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, _ := futures(loop, 2)
		a, b := asyncio.ShieldFuture[int](ctx, fs[0]), asyncio.ShieldFuture[int](ctx, fs[1])
		g := asyncio.GatherFuture[int](ctx, a, b)
		want(t, "cancel", g.Cancel(), true)
		want(t, "shields cancelled", fmt.Sprint(a.Cancelled(), b.Cancelled()), "true true")
		_, err := g.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		must(t, fs[0].SetResult(0))
		must(t, fs[1].SetResult(1))
	})
	looplessRow(t, "tasks.060a.shield-no-loop", func(t *testing.T) {
		task := asyncio.CreateTask(nil, nothing)
		wantError(t, asyncio.ShieldFuture[int](t.Context(), task).Exception(), asyncio.ErrNoCurrentLoop)
		_, err := asyncio.Shield[int](t.Context(), task)
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "tasks.060b.shield-which-loop", func(t *testing.T) {
		running, current := newLoop(t), newLoop(t)
		withCurrent(t, current, func() {
			runIn(t, running, func(ctx context.Context) {
				outer := asyncio.ShieldFuture[int](ctx, asyncio.CreateTask(nil, value(7)))
				want(t, "loop", outer.Loop(), running)
				v, err := outer.Await(ctx)
				must(t, err)
				want(t, "result", v, 7)
			})
			outer := asyncio.ShieldFuture[int](t.Context(), asyncio.CreateTask(nil, value(7)))
			want(t, "loop", outer.Loop(), current)
			must(t, current.RunUntilComplete(outer))
		})
	})
	row(t, "done already", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		must(t, f.SetResult(1))
		want(t, "the very future", asyncio.ShieldFuture[int](ctx, f), f)
		task := asyncio.Go(ctx, failing(errBoom))
		passes(t, ctx, 3)
		want(t, "error", asyncio.ShieldFuture[int](ctx, task).Exception(), errBoom)
	})
	row(t, "bad arguments", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for _, bad := range []asyncio.AwaitableOf[int]{nil, (*asyncio.Future[int])(nil), &asyncio.Future[int]{}} {
			_, err := asyncio.Shield(ctx, bad)
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
	})
	row(t, "a context of the user's", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		derived, cancel := context.WithCancel(ctx)
		inner := asyncio.NewFuture[int](loop)
		_, err := loop.CallSoon(cancel)
		must(t, err)
		_, err = asyncio.Shield[int](derived, inner)
		want(t, "error", err, context.Canceled)
		passes(t, ctx, 1)
		want(t, "not linked", inner.String(), "<Future pending>")
	})
}

// TestShieldLate: a failure that no shield can give on any more is not lost.
func TestShieldLate(t *testing.T) {
	t.Parallel()
	late := func(t *testing.T, shields int, end func(inner *asyncio.Future[int]), look func(t *testing.T, inner *asyncio.Future[int], all []asyncio.ExceptionContext)) {
		loop := newLoop(t)
		reported := collectReports(t, loop)
		inner := asyncio.NewFuture[int](loop)
		runIn(t, loop, func(ctx context.Context) {
			for range shields {
				asyncio.ShieldFuture(ctx, inner).Cancel()
			}
			passes(t, ctx, 1)
			want(t, "who waits", inner.String(), "<Future pending>")
			end(inner)
			passes(t, ctx, 2)
		})
		must(t, loop.Close())
		look(t, inner, reported.all())
	}
	fails := func(f *asyncio.Future[int]) { _ = f.SetException(errBoom) }
	once := func(t *testing.T, inner *asyncio.Future[int], all []asyncio.ExceptionContext) {
		if len(all) != 1 || all[0].Err != errBoom || !strings.Contains(all[0].Message, "shielded future") {
			t.Fatalf("reports: %v", all)
		}
		want[any](t, "the future", all[0].Future, inner)
	}
	plainRow(t, "tasks.744.shield-late-exception", func(t *testing.T) { late(t, 1, fails, once) })
	plainRow(t, "tasks.746.shield-late-once", func(t *testing.T) { late(t, 2, fails, once) })
	plainRow(t, "tasks.745.shield-late-result", func(t *testing.T) {
		ends := map[string]func(*asyncio.Future[int]){
			"result":    func(f *asyncio.Future[int]) { _ = f.SetResult(7) },
			"cancelled": func(f *asyncio.Future[int]) { f.Cancel() },
		}
		for name, end := range ends {
			late(t, 2, end, func(t *testing.T, _ *asyncio.Future[int], all []asyncio.ExceptionContext) {
				if len(all) > 0 {
					t.Errorf("%s: reports: %v", name, all)
				}
			})
		}
	})
	plainRow(t, "in the same pass", func(t *testing.T) {
		// It is nobody's then, as in asyncio since 3.14.
		loop := newLoop(t)
		reported := collectReports(t, loop)
		runIn(t, loop, func(ctx context.Context) {
			inner := asyncio.NewFuture[int](loop)
			outer := asyncio.ShieldFuture(ctx, inner)
			must(t, inner.SetException(errBoom))
			want(t, "cancel", outer.Cancel(), true)
			passes(t, ctx, 2)
		})
		must(t, loop.Close())
		if all := reported.all(); len(all) != 1 || !strings.Contains(all[0].Message, "never retrieved") {
			t.Errorf("reports: %v", all)
		}
	})
}
