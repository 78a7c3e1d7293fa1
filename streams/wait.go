package streams

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// wait is q.Wait for who unlocks mu by hand: it is not held any more when a coroutine is
// unwound in its wait and does not come back.
func wait(ctx context.Context, q *asyncio.Waiters, loop asyncio.EventLoop, mu *sync.Mutex) (handOn bool, err error) {
	back := false
	defer func() {
		if !back {
			mu.Unlock()
		}
	}()
	handOn, err = q.Wait(ctx, loop, mu)
	back = true
	return handOn, err
}

// own returns the loop as it shows itself in its own callbacks; the one given
// may be a loop inside it.
func own(loop asyncio.EventLoop) asyncio.EventLoop {
	return asyncio.NewFuture[struct{}](loop).Loop()
}
