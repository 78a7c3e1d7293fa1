package asyncio

import (
	"context"
	"errors"
	"time"
)

// WaitFor runs f as a task of its own and waits for its result, d at most: then
// the task is cancelled and waited for, and the error is ErrTimeout, unless the
// task insists on another result. With zero or less f is never called. With
// NoTimeout it is called at once, without a task.
//
// If the caller is cancelled meanwhile, or ctx is done, so is the task, and it is
// waited for. f's context has the values of ctx. In a coroutine WaitFor suspends;
// on a goroutine that is no loop's it calls f there, with a context that is done
// after d of real time; in a plain callback it returns ErrAwaitInCallback.
// (asyncio.wait_for)
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
	}
	inner := CreateTask(t.loop.self, f, WithContext(ctx))
	if inner.futureBase.loop == nil {
		return inner.Result()
	}
	late, err := t.waitAtMost(ctx, d, &inner.futureBase)
	if err == nil {
		return timely(late, inner)
	}
	if !inner.Done() && asCancelled(err) == nil {
		if e := t.cancelAndWait(&t.scope, &inner.futureBase); e != nil {
			err = e
		}
	}
	return zero, err
}

// WaitForOf waits until a is done, d at most: then a is cancelled and waited for,
// and the error is ErrTimeout, unless a insists on another result. Zero and less
// cancel it at once if it is not done; NoTimeout waits for ever.
//
// If the caller is cancelled meanwhile, so is a, and it is waited for; if ctx is
// done, only the wait ends. In a coroutine WaitForOf suspends; on a goroutine that
// is no loop's it blocks. ErrAwaitInCallback, ErrWrongLoop and ErrAwaitSelf as for
// Await. (asyncio.wait_for)
func WaitForOf[T any](ctx context.Context, d time.Duration, a AwaitableOf[T]) (T, error) {
	const op = "WaitFor"
	var zero T
	if a == nil {
		return zero, invalid(op, "the awaitable is nil")
	}
	f := a.awaitable()
	t, inLoop := currentTask(ctx)
	var late bool
	var err error
	switch {
	case d == NoTimeout || f.loop == nil || (inLoop && t == nil):
		return a.Await(ctx)
	case !inLoop:
		late, err = blockAtMost(ctx, d, f)
	case t.loop != f.loop:
		err = opError(op, ErrWrongLoop)
	case t.f == f:
		err = opError(op, ErrAwaitSelf)
	default:
		late, err = t.waitAtMost(ctx, d, f)
	}
	if err != nil {
		return zero, err
	}
	return timely(late, a)
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

// release ends the wait of a task for the future: it, or the time, has come.
type release Future[struct{}]

func (r *release) Complete(uint64) { _ = (*Future[struct{}])(r).SetResult(struct{}{}) } // the second to come is none

func (r *release) callbackName() string { return "WaitFor" }

// waitAtMost waits until f is done, d at most. If it is late, it was cancelled
// and waited for. An error is the wait's.
func (t *taskBase) waitAtMost(ctx context.Context, d time.Duration, f *futureBase) (late bool, err error) {
	if d <= 0 {
		if f.Done() {
			return false, nil
		}
		return true, t.cancelAndWait(ctx, f)
	}
	l := t.loop
	waiter := NewFuture[struct{}](l.self)
	l.seen = l.now()
	timer := l.scheduleAt(addTime(l.seen, d), (*release)(waiter), 0)
	defer timer.Cancel()
	token := f.addCallback((*release)(waiter))
	_, err = waiter.Await(ctx)
	if f.Done() {
		if c := asCancelled(err); c != nil && error(c) != contextError(ctx) {
			// The result came with a request to cancel. Neither is to be lost: the
			// request is delivered at the next wait.
			t.mustCancel, t.cancelMsg = true, c.Message
		}
		return false, nil
	}
	f.removeCallback(token)
	if err == nil {
		return true, t.cancelAndWait(ctx, f)
	}
	if asCancelled(err) != nil {
		if e := t.cancelAndWait(ctx, f); e != nil {
			err = e
		}
	}
	return false, err
}

// cancelAndWait cancels f and waits until it is done. An error is the wait's.
func (t *taskBase) cancelAndWait(ctx context.Context, f *futureBase) error {
	waiter := NewFuture[struct{}](t.loop.self)
	token := f.addCallback((*release)(waiter))
	defer f.removeCallback(token)
	f.cancelWith(nil)
	if contextError(ctx) != nil {
		ctx = &t.scope // what ended the wait before must not end this one
	}
	_, err := waiter.Await(ctx)
	return err
}

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
	if ctx.Err() == nil && limited.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		err = &TimeoutError{Cause: err}
	}
	return v, err
}

// blockAtMost is waitAtMost on a goroutine that is no loop's.
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
