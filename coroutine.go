package asyncio

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Awaiter is anything that can be awaited for a T: a future, a task, a
// Coroutine, or a type of one's own. (an object with __await__)
type Awaiter[T any] interface {
	// Await waits for the result.
	Await(ctx context.Context) (T, error)
}

// Coroutine is a function that runs once, where it is first awaited: in the
// coroutine or on the goroutine that awaits it. EnsureFuture makes a task of it.
// Where a function will do, use the function. (a coroutine object)
type Coroutine[T any] struct {
	f       func(context.Context) (T, error)
	started atomic.Bool
}

// NewCoroutine makes a Coroutine of f. Any goroutine may call it.
func NewCoroutine[T any](f func(context.Context) (T, error)) *Coroutine[T] {
	return &Coroutine[T]{f: f}
}

// Await runs the function and returns its result. Any goroutine may call it;
// whoever calls it again, or meanwhile, gets ErrInvalidState.
// (await coroutine; RuntimeError "cannot reuse already awaited coroutine")
func (c *Coroutine[T]) Await(ctx context.Context) (T, error) {
	var zero T
	if c == nil || c.f == nil {
		return zero, invalid("Await", "the coroutine has no function")
	}
	if !c.started.CompareAndSwap(false, true) {
		return zero, opError("Await", fmt.Errorf("%w: the coroutine was awaited already", ErrInvalidState))
	}
	return c.f(ctx)
}
