package asyncio

// Cancel asks the task to end: ErrCancelled comes out of its current or next
// wait, once, and what it waits for is cancelled with it. Of several requests in one
// wait the first, which ended it, gives the message; before the first wait, and where
// there is nothing to cut short, as in Yield, the last does. The task's context is
// done from then on. It reports false if the task is done; from another goroutine
// the request is posted and true means accepted. (Task.cancel)
func (t *Task[T]) Cancel(msg ...any) bool { return t.futureBase.Cancel(msg...) }

// toCancel notes that the task is to be cancelled in its next wait, with a message or nil.
func (t *taskBase) toCancel(msg any) {
	t.mustCancel = true
	if msg != nil || t.more.Load() != nil {
		t.rest().cancelMsg = msg
	}
}

// cancelMsg is the message of the request to cancel that waits to be delivered, nil if it has
// none: few have one.
func (t *taskBase) cancelMsg() any {
	if m := t.more.Load(); m != nil {
		return m.cancelMsg
	}
	return nil
}

// cancelFuture is Cancel as a future's kind does it.
func (t *Task[T]) cancelFuture(msg any) bool { return t.base.cancelFuture(msg) }

func (t *taskBase) cancelFuture(msg any) bool {
	if t.f.Done() {
		t.f.markRetrieved()
		return false
	}
	ok := false
	if t.loop.ifOwner(func() { ok = t.requestCancel(msg, &t.scope) }) {
		return ok
	}
	return t.loop.post(callback(func() { t.requestCancel(msg, &t.scope) }), 0)
}

// requestCancel delivers a request to cancel, or notes it for the next wait. The scope
// that it is made for is done from now on.
func (t *taskBase) requestCancel(msg any, s *scope) bool {
	if t.f.Done() {
		return false
	}
	t.requests.Add(1)
	s.end(&scopeEnd{err: &CancelledError{msg}})
	t.deliverCancel(msg)
	return true
}

// deliverCancel cancels what the task waits for, or notes that it is to be cancelled.
func (t *taskBase) deliverCancel(msg any) {
	if t.suspended && !t.shielded() {
		switch {
		case t.cutShort:
			return // the wait ends with the request that was first
		case t.waitingOn == nil, t.delivering:
			// Tasks that wait for each other in a circle: the one that the request
			// comes back to is woken, and so ends the circle.
			t.loop.schedule(t, t.event(wakeUp))
			// A wait that is cut short cannot be mended; one that is over anyway can.
			t.cutShort = t.over != uint32(t.seq)
		default:
			t.delivering = true
			cancelled := t.waitingOn.cancelWith(msg)
			t.delivering = false
			if cancelled {
				return
			}
		}
	}
	t.toCancel(msg)
}

// shielded reports whether the task waits with a context that cannot be done,
// inside a scope that is: it cleans up, and is left alone.
func (t *taskBase) shielded() bool {
	m := t.more.Load()
	return m != nil && m.nearest != nil && m.nearest.shields(t.uncancellable)
}

// setNearest sets the nearest scope to the wait's context, nil if that is the task's own.
func (t *taskBase) setNearest(s *scope) {
	if s != nil || t.more.Load() != nil {
		t.rest().nearest = s
	}
}

// Cancelling counts the requests to cancel that were not taken back with
// Uncancel. Any goroutine may call it. (Task.cancelling)
func (t *Task[T]) Cancelling() int { return t.base.Cancelling() }

// Uncancel takes one request back and returns how many are left. If none is, a
// cancellation that the task has not got yet does not come: it goes on, or starts,
// as if nobody had asked; but a wait that was cut short for it still ends with
// ErrCancelled, and the task's context stays done. Loop only; elsewhere it changes
// nothing. (Task.uncancel)
func (t *Task[T]) Uncancel() int { return t.base.Uncancel() }

// Cancelling counts the requests that were not taken back.
func (t *taskBase) Cancelling() int { return int(t.requests.Load()) }

// Uncancel takes a request back.
func (t *taskBase) Uncancel() int {
	if t.loop != nil {
		t.loop.ifOwner(t.uncancel)
	}
	return t.Cancelling()
}

func (t *taskBase) uncancel() {
	if t.requests.Load() > 0 && t.requests.Add(-1) == 0 && !t.cutShort {
		t.mustCancel = false
	}
}

// redeliver makes the task's next wait end with a cancellation once more, if
// somebody still wants the task cancelled: what stood in its way, another error,
// must not swallow it.
func (t *taskBase) redeliver() {
	if t.Cancelling() > 0 {
		t.toCancel(nil)
	}
}
