package asyncio

import (
	"context"
	"fmt"
	"sync"
)

// Waiter is a reusable suspension point for one: one side waits, the other wakes it.
// Where several wait, use Waiters. The zero Waiter is ready. Any goroutine may use it.
// It knows no loop: to close one wakes no goroutine that waits here.
//
// A Wake that finds nobody waiting is kept for the next Wait; several such count
// as one.
type Waiter struct {
	mu     sync.Mutex
	awake  bool          // a Wake that nobody has had yet
	task   *taskBase     // the task that waits,
	ev     uint64        // and in which of its waits
	signal chan struct{} // or the goroutine that waits
}

// Wait waits for a Wake. A coroutine is suspended; a plain callback gets
// ErrAwaitInCallback; any other goroutine blocks. If the wait ends by
// cancellation or by ctx, a Wake that came with it is kept for the next Wait.
// ErrInvalidState if somebody waits already.
func (w *Waiter) Wait(ctx context.Context) error {
	t, inLoop := currentTask(ctx)
	if !inLoop {
		return w.waitOutside(ctx)
	}
	if t == nil {
		return opError("Wait", ErrAwaitInCallback)
	}
	end, err := t.beginWait(ctx)
	if err != nil {
		return err
	}
	if listed, err := w.enlist(t, nil); !listed {
		if end != nil {
			end()
		}
		return err
	}
	if t.mustCancel && !t.shielded() {
		t.cutShort = true
		t.loop.schedule(t, t.event(wakeUp))
	}
	err = t.suspend(ctx, end)
	if err != nil || t.mustCancel {
		w.delist(t, nil, err != nil)
	}
	return err
}

func (w *Waiter) waitOutside(ctx context.Context) error {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	signal := make(chan struct{}, 1)
	if listed, err := w.enlist(nil, signal); !listed {
		return err
	}
	select {
	case <-signal:
		return nil
	case <-done:
		w.delist(nil, signal, true)
		return contextError(ctx)
	}
}

// enlist notes who waits, unless a Wake was kept or another one waits already.
func (w *Waiter) enlist(t *taskBase, signal chan struct{}) (listed bool, err error) {
	w.mu.Lock()
	switch {
	case w.task != nil || w.signal != nil:
		err = opError("Wait", fmt.Errorf("%w: another one waits already", ErrInvalidState))
	case w.awake:
		w.awake = false
	default:
		listed = true
		w.task, w.signal = t, signal
		if t != nil {
			w.ev = t.event(wakeUp)
		}
	}
	w.mu.Unlock()
	return listed, err
}

// delist ends a wait that may have ended otherwise than by a Wake. One that
// failed gives back the Wake that it may have got.
func (w *Waiter) delist(t *taskBase, signal chan struct{}, failed bool) {
	w.mu.Lock()
	switch {
	case w.task == t && w.signal == signal:
		w.task, w.signal = nil, nil
	case failed:
		w.awake = true
	}
	w.mu.Unlock()
}

// Wake ends the Wait that is under way, or the next one.
func (w *Waiter) Wake() {
	w.mu.Lock()
	t, ev, signal := w.task, w.ev, w.signal
	w.task, w.signal = nil, nil
	if t == nil && signal == nil {
		w.awake = true
	}
	w.mu.Unlock()
	switch {
	case signal != nil:
		signal <- struct{}{}
	case t == nil:
	case t.loop.onLoop():
		t.loop.schedule(t, ev)
	default:
		t.loop.post(t, ev)
	}
}
