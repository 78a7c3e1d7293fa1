package asyncio

// errScopeLeft is the error of a scope whose function has returned in time.
var errScopeLeft = &CancelledError{Message: "the function of this context has returned"}

// leave ends a scope whose function has returned: what was derived from it lets
// go.
func (s *scope) leave() {
	s.close()
	s.end(&scopeEnd{err: errScopeLeft})
}

// cancelCounts has the requests to cancel a task that came before a scope makes one of
// its own.
type cancelCounts struct {
	requests int
	pending  bool // one is held back, and is to be after the scope
}

// beforeRequest returns the counts of when the scope was entered, or those of now if the
// scope cleans up: requests that have come since do not reach it then, and count as if
// they had come before it.
func (t *taskBase) beforeRequest(s *scope, entered cancelCounts) cancelCounts {
	if s.shields(false) {
		return cancelCounts{t.Cancelling(), t.mustCancel}
	}
	return entered
}

// withdraw takes back the request to cancel that a scope has made of its task,
// and reports whether no other one came. If so, and it was not delivered, it
// never will be. (the uncancel of asyncio.timeout and asyncio.TaskGroup)
func (t *taskBase) withdraw(before cancelCounts) bool {
	if t.requests.Load() > 0 {
		t.requests.Add(-1)
	}
	if t.Cancelling() > before.requests {
		return false
	}
	t.mustCancel = before.pending
	return true
}
