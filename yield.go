package asyncio

import (
	"context"
	"runtime"
)

// Yield gives way once: what is ready runs before the coroutine goes on. On a goroutine
// that is no loop's it gives way to other goroutines. ErrAwaitInCallback in a plain
// callback; ErrCancelled if the task is cancelled; ctx's error if ctx is done.
// (asyncio.sleep(0))
func Yield(ctx context.Context) error {
	t, inLoop := currentTask(ctx)
	switch {
	case !inLoop:
		runtime.Gosched()
		return contextError(ctx)
	case t == nil:
		return opError("Yield", ErrAwaitInCallback)
	}
	return t.yieldOnce(ctx)
}
