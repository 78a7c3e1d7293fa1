package asyncio

import (
	"context"
	"errors"
	"time"
)

// WaitFor calls f in the caller's own task and returns its result. If f takes
// longer than d, the task is cancelled, as by Timeout, and f waited for: the error
// is ErrTimeout then, unless f insists on another result. A cancellation that
// somebody else asks for, once or again, goes to f as well. With zero or less f is
// never called, and the error is ErrTimeout; with NoTimeout f has all the time.
//
// f's context has the values of ctx, and is done when ctx is or the time is up. In
// a coroutine f may suspend; on a goroutine that is no loop's it is called there,
// with a context that is done after d of real time; in a plain callback WaitFor
// returns ErrAwaitInCallback. (asyncio.wait_for of a coroutine)
func WaitFor[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (T, error) {
	const op = "WaitFor"
	var zero T
	if f == nil {
		return zero, invalid(op, "the function is nil")
	}
	t, inLoop := currentTask(ctx)
	switch {
	case inLoop && t == nil:
		return zero, opError(op, ErrAwaitInCallback)
	case d == NoTimeout:
		return f(ctx)
	case !inLoop:
		return callAtMost(ctx, d, f)
	case d <= 0:
		// As in asyncio, by a task that is cancelled before it begins.
		return waitForNone(ctx, t, CreateTask(t.loop.self, f, WithContext(ctx)))
	}
	return within(ctx, d, f)
}

// WaitForOf waits until a is done and returns its result. After d, a is cancelled
// and waited for: the error is ErrTimeout then, unless a insists on another result.
// If the caller is cancelled meanwhile, be it before or after d, once or again, so
// is a, and it is waited for; a result that comes with such a cancellation stays
// with a. If ctx is done, only the wait ends. NoTimeout waits for ever.
//
// Zero and less cancel a at once if it is not done; the wait for its end can then
// be cancelled by itself.
//
// In a coroutine WaitForOf suspends; on a goroutine that is no loop's it blocks.
// ErrAwaitInCallback, ErrWrongLoop and ErrAwaitSelf as for Await.
// (asyncio.wait_for of a future)
func WaitForOf[T any](ctx context.Context, d time.Duration, a AwaitableOf[T]) (T, error) {
	const op = "WaitFor"
	var zero T
	f := futureOf(a)
	if f == nil {
		return zero, invalid(op, "the awaitable is nil")
	}
	t, inLoop := currentTask(ctx)
	switch {
	case d == NoTimeout || f.loop == nil || (inLoop && t == nil):
		return a.Await(ctx)
	case !inLoop:
		late, err := blockAtMost(ctx, d, f)
		if err != nil {
			return zero, err
		}
		return timely(late, a)
	case t.loop != f.loop:
		return zero, opError(op, ErrWrongLoop)
	case t.f == f:
		return zero, opError(op, ErrAwaitSelf)
	case d <= 0:
		return waitForNone(ctx, t, a)
	}
	return within(ctx, d, a.Await)
}

// within calls f in a Timeout.
func within[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (v T, err error) {
	err = Timeout(ctx, d, func(ctx context.Context, _ *TimeoutScope) (err error) {
		v, err = f(ctx)
		return err
	})
	return v, err
}

// waitForNone is a wait whose time is up before it begins.
func waitForNone[T any](ctx context.Context, t *taskBase, a AwaitableOf[T]) (T, error) {
	f := a.awaitable()
	if f.Done() {
		return a.Result()
	}
	if err := t.cancelAndWait(ctx, f); err != nil {
		var zero T
		return zero, err
	}
	return timely(true, a)
}

// timely returns the result of what is done: a timeout if it was cancelled for
// being late.
func timely[T any](late bool, a AwaitableOf[T]) (T, error) {
	v, err := a.Result()
	if late && a.Cancelled() {
		err = &TimeoutError{Cause: err}
	}
	return v, err
}

// cancelAndWait cancels f and waits until it is done. An error is the wait's.
func (t *taskBase) cancelAndWait(ctx context.Context, f *futureBase) error {
	waiter := newFuture[struct{}](t.loop)
	token := f.addCallback((*release)(waiter))
	defer f.removeCallback(token)
	f.cancelWith(nil)
	_, err := waiter.Await(ctx)
	return err
}

// release ends the wait for what is cancelled.
type release Future[struct{}]

func (r *release) Complete(uint64) { _ = (*Future[struct{}])(r).SetResult(struct{}{}) } // fails if the wait was cancelled

func (r *release) callbackName() string { return "WaitFor" }

// callAtMost is WaitFor on a goroutine that is no loop's.
func callAtMost[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (T, error) {
	var zero T
	if ctx == nil {
		ctx = context.Background()
	}
	if d <= 0 {
		return zero, &TimeoutError{}
	}
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	v, err := f(limited)
	if limited.Err() == context.DeadlineExceeded && errors.Is(err, context.DeadlineExceeded) {
		err = &TimeoutError{Cause: err}
	}
	return v, err
}

// blockAtMost waits for f, d at most, on a goroutine that is no loop's. If it is
// late, it was cancelled and waited for. An error is the wait's.
func blockAtMost(ctx context.Context, d time.Duration, f *futureBase) (late bool, err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if d > 0 {
		limited, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		err = f.wait(limited)
		if f.Done() || err == nil {
			return false, nil
		}
		if limited.Err() == nil || ctx.Err() != nil {
			return false, err
		}
	} else if f.Done() {
		return false, nil
	}
	f.cancelWith(nil)
	return true, f.wait(ctx)
}
