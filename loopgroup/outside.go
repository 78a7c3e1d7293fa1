package loopgroup

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// outside runs f, which blocks, and waits for it: on the caller's goroutine, or, for a
// coroutine, which suspends meanwhile, on one of its own. A coroutine that leaves earlier ends
// the context of f, and what f makes all the same is discarded.
func outside[T any](ctx context.Context, op string, f func(context.Context) (T, error), discard func(T)) (T, error) {
	var zero T
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return f(ctx)
	}
	if asyncio.CurrentTask() == nil {
		return zero, opError(op, asyncio.ErrAwaitInCallback)
	}
	type outcome struct {
		v   T
		err error
	}
	drop := func(o outcome) {
		if o.err == nil && discard != nil {
			discard(o.v)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	fut := asyncio.NewFuture[outcome](loop)
	taken := false
	defer func() { // also of a task that is cancelled or unwound
		cancel()
		if taken || fut.Cancel() {
			return
		}
		if o, err := fut.Result(); err == nil {
			drop(o)
		}
	}()
	go func() {
		v, err := f(ctx)
		if o := (outcome{v, err}); fut.SetResult(o) != nil && fut.Cancelled() {
			drop(o)
		}
	}()
	o, err := fut.Await(ctx)
	if err != nil {
		return zero, err
	}
	taken = true
	return o.v, o.err
}

// until returns a context that is done with either of two.
func until(ctx, other context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return both, func() {
		stop()
		cancel(nil)
	}
}

// guard calls a function of the user's that must not take a goroutine of the group's down, and
// returns the error of one that panics or leaves by Goexit.
func guard(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := asyncio.ErrGoexit
		defer func() {
			if r := recover(); r != nil {
				err = &asyncio.PanicError{Value: r}
			}
			ended <- err
		}()
		err = f()
	}()
	return <-ended
}
