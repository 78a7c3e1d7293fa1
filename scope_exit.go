package asyncio

// errScopeLeft is why a scope is done whose function has returned in time.
var errScopeLeft = &CancelledError{Message: "the function of this context has returned"}

// leave ends a scope whose function has returned: what was derived from it lets
// go.
func (s *scope) leave() {
	s.close()
	s.end(&scopeEnd{err: errScopeLeft})
}

// cancelCounts is how it stands with requests to cancel a task before a scope makes
// one of its own.
type cancelCounts struct {
	requests int
	pending  bool // one is held back, and is to be after the scope
}

// beforeRequest brings up to date what was taken when the scope was entered:
// requests that have come since do not reach a scope that cleans up, and count as
// if they had come before it.
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
