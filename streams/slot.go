package streams

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// slot is a place where one coroutine or goroutine sleeps until it is woken. It
// is guarded by a mutex of its owner's, which is given up for the sleep.
type slot struct {
	taken   bool   // somebody sleeps here and was not woken
	turn    uint64 // counts the sleeps
	waiter  asyncio.Waiter
	outside *asyncio.Future[struct{}] // the goroutine that sleeps is no loop's
}

// sleep waits for wake. mu is held when it is called and when it returns, and
// not held meanwhile; a coroutine that is unwound in its sleep does not come
// back, so the caller must not have deferred the unlocking. The slot must not be
// taken. The error is nil if and only if it was woken.
func (s *slot) sleep(ctx context.Context, loop asyncio.EventLoop, mu *sync.Mutex) error {
	s.taken = true
	s.turn++
	turn := s.turn
	running, err := asyncio.GetRunningLoop()
	switch {
	case err != nil:
		err = s.sleepOutside(ctx, loop, mu)
	case running == loop || running == own(loop):
		// What an earlier sleep did not take of its waking ends this one too
		// early.
		for err = nil; err == nil && s.taken && s.turn == turn; {
			mu.Unlock()
			err = s.waiter.Wait(ctx)
			mu.Lock()
		}
	default:
		err = asyncio.ErrWrongLoop
	}
	if err != nil && s.turn == turn {
		s.taken = false
	}
	return err
}

// own returns the loop as it shows itself in its own callbacks; the one given
// may be a loop inside it.
func own(loop asyncio.EventLoop) asyncio.EventLoop {
	return asyncio.NewFuture[struct{}](loop).Loop()
}

// sleepOutside is sleep for a goroutine that is no loop's. It waits for a future
// because that ends with the loop.
func (s *slot) sleepOutside(ctx context.Context, loop asyncio.EventLoop, mu *sync.Mutex) error {
	f := asyncio.NewFuture[struct{}](loop)
	s.outside = f
	mu.Unlock()
	_, err := f.Await(ctx)
	mu.Lock()
	if s.outside == f {
		s.outside = nil
	}
	return err
}

// wakeup is a waking that is still to be done, once the mutex is given up.
type wakeup struct {
	waiter  *asyncio.Waiter
	outside *asyncio.Future[struct{}]
}

// wake decides that who sleeps is woken. The mutex is held.
func (s *slot) wake() wakeup {
	if !s.taken {
		return wakeup{}
	}
	s.taken = false
	if f := s.outside; f != nil {
		s.outside = nil
		return wakeup{outside: f}
	}
	return wakeup{waiter: &s.waiter}
}

// do does it. The mutex is not held.
func (w wakeup) do() {
	switch {
	case w.waiter != nil:
		w.waiter.Wake()
	case w.outside != nil:
		_ = w.outside.SetResult(struct{}{}) // nobody else completes it; that the loop was closed is known to who sleeps
	}
}
