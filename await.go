package asyncio

import (
	"context"
)

// wait waits until the future is done. The error is that of the wait, not of the
// future.
func (f *futureBase) wait(ctx context.Context) error {
	if f.Done() {
		return nil
	}
	if f.loop == nil {
		return opError("await", ErrInvalidState)
	}
	t, inLoop := currentTask(ctx)
	switch {
	case !inLoop:
		return f.waitOutside(ctx)
	case t == nil:
		if !f.loop.onLoop() {
			return opError("await", ErrWrongLoop)
		}
		return opError("await", ErrAwaitInCallback)
	case t.loop != f.loop:
		return opError("await", ErrWrongLoop)
	case f == t.f:
		return opError("await", ErrAwaitSelf)
	}
	return t.waitFor(ctx, f)
}

// waitOutside blocks a goroutine that is no loop's until the future is done.
func (f *futureBase) waitOutside(ctx context.Context) error {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	signal := make(chan struct{})
	n := &waitNode{to: callback(func() { close(signal) }), direct: true}
	if !f.addNode(n) {
		return nil
	}
	select {
	case <-signal:
		return nil
	case <-done:
		f.removeNode(n)
		return ctx.Err()
	case <-f.loop.closedCh:
		if f.removeNode(n) {
			return opError("await", ErrLoopClosed)
		}
		return nil
	}
}

// waitFor suspends the task until the future is done, the task is cancelled, or
// ctx is.
func (t *taskBase) waitFor(ctx context.Context, f *futureBase) error {
	end, err := t.beginWait(ctx)
	if err != nil {
		return err
	}
	t.node.ev = t.event(wakeUp)
	if !f.addNode(&t.node) {
		if end != nil {
			end()
		}
		return nil
	}
	if t.mustCancel && !t.shielded() && f.cancelWith(t.cancelMsg) {
		t.mustCancel = false
	}
	t.waitingOn = f
	err = t.suspend(ctx, end)
	t.waitingOn = nil
	if !f.Done() {
		f.removeNode(&t.node)
	}
	return err
}

// beginWait looks at the context of a wait. A user's context that is done ends
// the wait before it begins; one that may yet be done is listened to until end
// is called.
func (t *taskBase) beginWait(ctx context.Context) (end func() bool, err error) {
	if t.co.Unwinding() || t.loop.closed.Load() {
		return nil, opError("await", ErrLoopClosed)
	}
	t.seq++ // what comes late for the wait before is not for this one
	if t.peculiar {
		t.peculiar, t.noDone, t.near, t.interrupt = false, false, nil, false
	}
	if ctx == nil || ctx == context.Context(&t.scope) {
		return nil, nil // the usual case: the task's own context
	}
	near, own := scopeOf(ctx)
	t.peculiar, t.near = true, near
	ev := t.event(interrupted)
	switch {
	case own && !near.underUser:
		// A scope's own end reaches the task as a cancellation.
		return nil, nil
	case own:
		if e := near.failed.Load(); e != nil {
			if e.users {
				return nil, e.err
			}
			return nil, nil
		}
		return near.AfterFunc(func() {
			if near.failed.Load().users {
				t.loop.post(t, ev)
			}
		}), nil
	case ctx.Done() == nil:
		t.noDone = true
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return context.AfterFunc(ctx, func() { t.loop.post(t, ev) }), nil
}

// suspend gives control back to the loop and returns when the task is woken.
func (t *taskBase) suspend(ctx context.Context, end func() bool) error {
	t.suspended = true
	t.co.Suspend()
	if end != nil {
		end()
	}
	if t.mustCancel && !t.shielded() {
		t.mustCancel = false
		return &CancelledError{t.cancelMsg}
	}
	if t.interrupt {
		return ctx.Err()
	}
	return nil
}

// giveWay lets the loop run what is ready, once. (a bare yield)
func (t *taskBase) giveWay(ctx context.Context) error {
	end, err := t.beginWait(ctx)
	if err != nil {
		return err
	}
	t.loop.schedule(t, t.event(wakeUp))
	return t.suspend(ctx, end)
}
