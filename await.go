package asyncio

import (
	"context"
	"runtime"
)

// wait waits until the future is done, the task that waits is cancelled, or ctx
// is. The error is that of the wait, not of the future.
func (f *futureBase) wait(ctx context.Context) error {
	if f.Done() {
		return nil
	}
	t, end, err := f.begin(ctx)
	if t == nil {
		return err
	}
	return f.waited(ctx, t, end, t.co.Leave())
}

// begin begins a wait for a future that was not done a moment ago, and returns the task that
// is to leave, and then to call waited. There is none if the wait is over, with the error, or
// with none.
//
// It does what beginWait does without calling it in the usual case: nothing is waited for
// more often than a future.
func (f *futureBase) begin(ctx context.Context) (t *taskBase, end func() bool, err error) {
	t = taskOf(ctx)
	if t == nil || t.loop != f.loop || t.f == f {
		if t, err = f.waiter(ctx); t == nil {
			return nil, nil, err
		}
	}
	if t.ownContext(ctx) {
		t.seq++
	} else if end, err = t.beginWith(ctx); err != nil {
		return nil, nil, err
	}
	t.node.ev = t.event(wakeUp)
	if !f.addNode(&t.node) {
		if end != nil {
			end()
		}
		return nil, nil, nil
	}
	if t.mustCancel && !t.shielded() && f.cancelWith(t.cancelMsg()) {
		t.mustCancel = false
	}
	t.waitingOn, t.suspended = f, true
	return t, end, nil
}

// waited ends what begin has begun.
func (f *futureBase) waited(ctx context.Context, t *taskBase, end func() bool, unwound bool) (err error) {
	if unwound {
		runtime.Goexit()
	}
	t.waitingOn = nil
	if end != nil || t.mustCancel || t.interrupt {
		err = f.cancelledFirst(t.resumed(ctx, end))
	}
	if !f.Done() {
		f.removeNode(&t.node)
	}
	return err
}

// cancelledFirst returns err, which says why a wait for the future ended. If both were
// cancelled it returns the future's error: the future was cancelled before the request
// that err tells of, and its message is the one that comes out.
func (f *futureBase) cancelledFirst(err error) error {
	if _, ok := err.(*CancelledError); ok && f.Done() && asCancelled(f.err) != nil {
		return f.outcome()
	}
	return err
}

// waiter returns the task that is to be suspended for the caller. There is none,
// and the wait is over with the error, if the caller is no task of the future's
// loop.
func (f *futureBase) waiter(ctx context.Context) (*taskBase, error) {
	t, inLoop := currentTask(ctx)
	switch {
	case f.loop == nil:
		return nil, opError("Await", ErrInvalidState)
	case !inLoop:
		return nil, f.waitOutside(ctx)
	case t == nil && f.loop.onLoop():
		return nil, opError("Await", ErrAwaitInCallback)
	case t == nil, t.loop != f.loop:
		return nil, opError("Await", ErrWrongLoop)
	case t.f == f:
		return nil, opError("Await", ErrAwaitSelf)
	}
	return t, nil
}

// waitOutside blocks a goroutine that is no loop's until the future is done, the
// loop is closed, or its run has failed.
func (f *futureBase) waitOutside(ctx context.Context) error {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	back, err := f.loop.sim.block("Await")
	switch {
	case err != nil:
		return err
	case back != nil:
		defer back()
	}
	signal := make(chan struct{})
	n := &waitNode{to: callback(func() { close(signal) }), direct: true}
	if !f.addNode(n) {
		return nil
	}
	fate := f.loop.fate.Load()
	select {
	case <-signal:
		return nil
	case <-done:
		f.removeNode(n)
		return contextError(ctx)
	case <-fate.failed:
		if f.removeNode(n) {
			return fate.waited("Await")
		}
		return nil
	case <-f.loop.closedCh:
		if f.removeNode(n) {
			return opError("Await", ErrLoopClosed)
		}
		return nil
	}
}

// beginWait looks at the context of a wait. A user's context that is done ends
// the wait before it begins; one that may yet be done is listened to until end
// is called.
func (t *taskBase) beginWait(ctx context.Context) (end func() bool, err error) {
	if t.ownContext(ctx) {
		t.seq++ // what comes late for the wait before is not for this one
		return nil, nil
	}
	return t.beginWith(ctx)
}

// ownContext reports whether a wait is with the task's own context, and nothing is
// left from the wait before.
func (t *taskBase) ownContext(ctx context.Context) bool {
	s, ok := ctx.(*scope)
	return ok && s == &t.scope && !t.otherContext
}

func (t *taskBase) beginWith(ctx context.Context) (end func() bool, err error) {
	t.seq++
	if t.co.Unwinding() || t.loop.IsClosed() {
		return nil, opError("Await", ErrLoopClosed)
	}
	t.otherContext, t.uncancellable, t.interrupt = false, false, false
	t.setNearest(nil)
	if ctx == nil || ctx == context.Context(&t.scope) {
		return nil, nil
	}
	nearest, own := scopeOf(ctx)
	t.otherContext = true
	t.setNearest(nearest)
	ev := t.event(interrupted)
	switch {
	case own && !nearest.underUser():
		// A scope's own end reaches the task as a cancellation.
		return nil, nil
	case own:
		if e := nearest.failed.Load(); e != nil {
			if e.users {
				return nil, contextError(nearest)
			}
			return nil, nil
		}
		return nearest.AfterFunc(func() {
			if nearest.failed.Load().users {
				t.loop.post(t, ev)
			}
		}), nil
	case ctx.Done() == nil:
		t.uncancellable = true
		return nil, nil
	case ctx.Err() != nil:
		return nil, contextError(ctx)
	}
	return t.loop.sim.afterDone(ctx, func() { t.loop.post(t, ev) }), nil
}

// suspend gives control back to the loop and returns when the task is woken.
func (t *taskBase) suspend(ctx context.Context, end func() bool) error {
	t.suspended = true
	return t.ended(ctx, end, t.co.Leave())
}

// ended ends a wait of a task that has left and is back.
func (t *taskBase) ended(ctx context.Context, end func() bool, unwound bool) error {
	if unwound {
		runtime.Goexit()
	}
	if end == nil && !t.mustCancel && !t.interrupt {
		return nil
	}
	return t.resumed(ctx, end)
}

// resumed ends a wait that may have ended by more than a wake-up.
func (t *taskBase) resumed(ctx context.Context, end func() bool) error {
	if end != nil {
		end()
	}
	if t.mustCancel && (t.cutShort || !t.shielded()) {
		t.mustCancel, t.cutShort = false, false
		return &CancelledError{t.cancelMsg()}
	}
	if t.interrupt {
		return contextError(ctx)
	}
	return nil
}

// yieldOnce lets the loop run what is ready, once. (a bare yield)
func (t *taskBase) yieldOnce(ctx context.Context) error {
	end, err := t.beginYield(ctx)
	if err != nil {
		return err
	}
	return t.ended(ctx, end, t.co.Leave())
}

// beginYield begins yieldOnce: the task is to leave, and then to call ended.
func (t *taskBase) beginYield(ctx context.Context) (end func() bool, err error) {
	if t.ownContext(ctx) {
		t.seq++
	} else if end, err = t.beginWith(ctx); err != nil {
		return nil, err
	}
	t.over = uint32(t.seq)
	t.suspended = true
	t.loop.schedule(t, t.event(wakeUp))
	return end, nil
}
