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
	t := taskOf(ctx)
	if t == nil {
		var inLoop bool
		if t, inLoop = currentTask(ctx); !inLoop {
			runtime.Gosched()
			return contextError(ctx)
		} else if t == nil {
			return opError("Yield", ErrAwaitInCallback)
		}
	}
	// This is yieldOnce, as in Sleep.
	end, err := t.beginYield(ctx)
	if err != nil {
		return err
	}
	return t.ended(ctx, end, t.co.Leave())
}
