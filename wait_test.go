package asyncio_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// nap is a task that sleeps so many milliseconds and returns their number.
func nap(ctx context.Context, ms int) *asyncio.Task[int] {
	return asyncio.Go(ctx, func(ctx context.Context) (int, error) {
		return ms, asyncio.Sleep(ctx, time.Duration(ms)*time.Millisecond)
	})
}

// wantSplit fails the test if a Wait did not give just these.
func wantSplit[A asyncio.Awaitable](t *testing.T, done, pending []A, err error, wantDone, wantPending []A) {
	t.Helper()
	must(t, err)
	same := func(a, b []A) bool {
		return slices.EqualFunc(a, b, func(a, b A) bool { return any(a) == any(b) })
	}
	if !same(done, wantDone) || !same(pending, wantPending) {
		t.Errorf("done %v, pending %v; want %v and %v", done, pending, wantDone, wantPending)
	}
}

type tasks = []*asyncio.Task[int]

// finish ends tasks that a test is through with.
func finish(t *testing.T, ctx context.Context, all ...*asyncio.Task[int]) {
	t.Helper()
	for _, task := range all {
		want(t, "cancelled before", task.Cancelled(), false)
		task.Cancel()
	}
	_, _, err := asyncio.Wait(ctx, all, asyncio.WaitOptions{})
	must(t, err)
}

func TestWait(t *testing.T) {
	t.Parallel()
	firstCompleted := asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted}
	firstException := asyncio.WaitOptions{ReturnWhen: asyncio.FirstException}
	timedRow(t, "tasks.030.wait-all", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		all := tasks{nap(ctx, 150), nap(ctx, 100)}
		start := loop.Time()
		for range 2 {
			done, pending, err := asyncio.Wait(ctx, all, asyncio.WaitOptions{})
			wantSplit(t, done, pending, err, all, nil)
			want(t, "waited", loop.Time()-start, 150*time.Millisecond)
		}
	})
	row(t, "tasks.031.wait-duplicates", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := nap(ctx, 0), nap(ctx, 0)
		done, pending, err := asyncio.Wait(ctx, tasks{a, a, b, a}, asyncio.WaitOptions{})
		wantSplit(t, done, pending, err, tasks{a, b}, nil)
	})
	row(t, "tasks.032a.wait-errors", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		for name, check := range map[string]func() error{
			"empty": func() error { _, _, err := asyncio.Wait(ctx, tasks{}, asyncio.WaitOptions{}); return err },
			"unknown mode": func() error {
				_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f}, asyncio.WaitOptions{ReturnWhen: 17})
				return err
			},
			"nil": func() error {
				_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f, nil}, asyncio.WaitOptions{})
				return err
			},
			"two loops": func() error {
				_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f, asyncio.NewFuture[string](newLoop(t))}, asyncio.WaitOptions{})
				return err
			},
		} {
			t.Log(name)
			wantError(t, check(), asyncio.ErrInvalidArgument)
		}
	})
	row(t, "tasks.033.wait-first-completed", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, sleepsForEver), nap(ctx, 1)
		done, pending, err := asyncio.Wait(ctx, tasks{a, b}, firstCompleted)
		wantSplit(t, done, pending, err, tasks{b}, tasks{a})
		finish(t, ctx, a)
	})
	row(t, "tasks.034.wait-really-done", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, value(1)), asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			passes(t, ctx, 2)
			return 2, nil
		})
		done, pending, err := asyncio.Wait(ctx, tasks{a, b}, firstCompleted)
		wantSplit(t, done, pending, err, tasks{a, b}, nil)
	})
	row(t, "tasks.035.wait-first-exception", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		slow, fails := asyncio.Go(ctx, sleepsForEver), asyncio.Go(ctx, failing(errBoom))
		ends, cancelled := asyncio.Go(ctx, nothing), asyncio.Go(ctx, sleepsForEver)
		cancelled.Cancel() // which is no exception
		done, pending, err := asyncio.Wait(ctx, tasks{slow, ends, cancelled, fails}, firstException)
		wantSplit(t, done, pending, err, tasks{ends, cancelled, fails}, tasks{slow})
		// One that failed before.
		done, pending, err = asyncio.Wait(ctx, tasks{slow, fails}, firstException)
		wantSplit(t, done, pending, err, tasks{fails}, tasks{slow})
		want(t, "error", fails.Exception(), errBoom)
		finish(t, ctx, slow)
	})
	timedRow(t, "tasks.036.wait-timeout", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		a, b := nap(ctx, 100), nap(ctx, 150)
		start := loop.Time()
		done, pending, err := asyncio.Wait(ctx, tasks{b, a}, asyncio.WaitOptions{Timeout: 110 * time.Millisecond})
		wantSplit(t, done, pending, err, tasks{a}, tasks{b})
		want(t, "waited", loop.Time()-start, 110*time.Millisecond)
		v, err := b.Await(ctx)
		must(t, err)
		want(t, "the other", v, 150)
	})
	timedRow(t, "tasks.037.wait-timeout-tie", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := nap(ctx, 100), nap(ctx, 150)
		passes(t, ctx, 1)
		done, pending, err := asyncio.Wait(ctx, tasks{a, b}, asyncio.WaitOptions{Timeout: 100 * time.Millisecond})
		wantSplit(t, done, pending, err, tasks{a}, tasks{b})
		_, err = b.Await(ctx)
		must(t, err)
	})
	row(t, "tasks.038.wait-iterator", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		named := map[string]*asyncio.Task[int]{"a": nap(ctx, 0), "b": nap(ctx, 0)}
		each := func(yield func(asyncio.AnyTask) bool) {
			for _, task := range named {
				if !yield(task) {
					return
				}
			}
		}
		done, pending, err := asyncio.Wait(ctx, slices.Collect(each), asyncio.WaitOptions{})
		must(t, err)
		want(t, "done, pending", fmt.Sprint(len(done), len(pending)), "2 0")
	})
	row(t, "tasks.055.wait-does-not-shield", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, sleepsForEver), asyncio.Go(ctx, sleepsForEver)
		waiter := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			_, _, err := asyncio.Wait(ctx, tasks{a, b}, asyncio.WaitOptions{})
			return 0, err
		})
		passes(t, ctx, 2)
		waiter.Cancel()
		_, err := waiter.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "done", fmt.Sprint(a.Done(), b.Done()), "false false")
		finish(t, ctx, a, b)
	})
	row(t, "a context of the user's", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		derived, cancel := context.WithCancel(ctx)
		f := asyncio.NewFuture[int](loop)
		_, err := loop.CallSoon(cancel)
		must(t, err)
		_, _, err = asyncio.Wait(derived, []*asyncio.Future[int]{f}, asyncio.WaitOptions{})
		want(t, "error", err, context.Canceled)
		want(t, "future", f.String(), "<Future pending>")
	})
}

// TestWaitElsewhere: a goroutine that is no loop's waits for what other
// goroutines do, whether the loop runs or not.
func TestWaitElsewhere(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	fs, aws := futures(loop, 3)
	wait := func(opts asyncio.WaitOptions) string {
		done, pending, err := asyncio.Wait(t.Context(), aws, opts)
		must(t, err)
		return fmt.Sprint(len(done), len(pending))
	}
	want(t, "timeout", wait(asyncio.WaitOptions{Timeout: instant}), "0 3")
	go func() { _ = fs[1].SetResult(1) }()
	want(t, "first completed", wait(asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted}), "1 2")
	go func() { _ = fs[0].SetException(errBoom) }()
	want(t, "first exception", wait(asyncio.WaitOptions{ReturnWhen: asyncio.FirstException}), "2 1")
	wantError(t, fs[0].Exception(), errBoom)
	go func() { fs[2].Cancel() }()
	want(t, "all", wait(asyncio.WaitOptions{Timeout: asyncio.NoTimeout}), "3 0")
}
