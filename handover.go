package asyncio

import (
	"context"
	"sync/atomic"
)

// inLoop runs f in a coroutine of the loop: the caller's own if it is one, else
// a new one that the calling goroutine blocks for. If the caller's ctx is done
// first the coroutine is cancelled and not waited for; a result that comes all
// the same goes to discard, if that is not nil. What f makes and does not return
// is f's to release, however it ends.
func inLoop[T any](ctx context.Context, l *baseLoop, op string, f func(context.Context) (T, error), discard func(T)) (T, error) {
	var zero T
	if s := currentStrand(); s != nil {
		switch {
		case s.loop() != l:
			return zero, opError(op, ErrWrongLoop)
		case s.task() == nil:
			return zero, opError(op, ErrAwaitInCallback)
		}
		return f(ctx)
	}
	h := &handover[T]{}
	done := RunCoroutineThreadsafe(l.self, func(ctx context.Context) (struct{}, error) {
		v, err := f(ctx)
		switch {
		case err != nil:
			if h.state.Load() == left {
				err = opError(op, ErrCancelled) // why it failed concerns nobody any more
			}
		case !h.give(v):
			if discard != nil {
				discard(v)
			}
			err = opError(op, ErrCancelled)
		}
		return struct{}{}, err
	})
	_, err := done.Await(ctx)
	switch {
	case err == nil:
		return h.value, nil
	case h.leave():
		done.Cancel()
		return zero, err
	case l.IsClosed():
		return zero, err // and the loop's close has released the value
	}
	return h.value, nil // it came while the wait ended otherwise
}

// handover is the one place at which a value goes from a coroutine to a goroutine
// that waits for it, and may give up waiting at any moment. Whoever comes first
// decides: so the value is the goroutine's or stays the coroutine's, and never
// nobody's.
type handover[T any] struct {
	state atomic.Uint32
	value T
}

const (
	awaited uint32 = iota
	handed         // the value is the goroutine's
	left           // the goroutine has gone
)

// give hands the value over, or reports false if nobody wants it.
func (h *handover[T]) give(v T) bool {
	h.value = v
	return h.state.CompareAndSwap(awaited, handed)
}

// leave ends the wait, or reports false if there is a value to take.
func (h *handover[T]) leave() bool { return h.state.CompareAndSwap(awaited, left) }
