package asyncio

import "fmt"

// NewFuture makes a pending future of the loop; a nil loop means the running
// one, else the current one, and if there is none the future has failed already
// with ErrNoCurrentLoop. Any goroutine may call it. (loop.create_future)
func NewFuture[T any](loop EventLoop) *Future[T] {
	l, err := resolveLoop("NewFuture", loop)
	if err != nil {
		return failedFuture[T](err)
	}
	return newFuture[T](l)
}

// resolveLoop finds the loop that does the work for a function that was given
// this one, or nil.
func resolveLoop(op string, loop EventLoop) (*baseLoop, error) {
	if loop == nil {
		var err error
		if loop, err = GetEventLoop(); err != nil {
			return nil, opError(op, err)
		}
	}
	l := loop.base()
	if l == nil {
		return nil, opError(op, fmt.Errorf("%w: a loop of type %T embeds none of this package's", ErrNotImplemented, loop))
	}
	return l, nil
}
