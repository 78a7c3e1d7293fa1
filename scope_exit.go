package asyncio

// errScopeLeft is why a scope is done whose function has returned in time.
var errScopeLeft = &CancelledError{Message: "the function of this context has returned"}

// leave ends a scope whose function has returned: what was derived from it lets
// go.
func (s *scope) leave() {
	s.close()
	s.end(&scopeEnd{err: errScopeLeft})
}

// takeBack takes back the request to cancel that a scope has made of its task,
// and reports whether no other one came since the scope was entered, when there
// were that many. If so, and it was not delivered, it never will be. (the
// uncancel of asyncio.timeout and asyncio.TaskGroup)
func (t *taskBase) takeBack(before int) bool {
	if t.requests.Load() > 0 {
		t.requests.Add(-1)
	}
	if t.Cancelling() > before {
		return false
	}
	t.mustCancel = false
	return true
}
