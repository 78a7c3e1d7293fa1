package asyncio

import (
	"slices"
	"sync"
)

// policyLinks is the loop's side of the policies: which of them hold it, so that none
// does once it is closed.
type policyLinks struct {
	mu     sync.Mutex
	held   []policyLink
	closed bool
}

// policyLink is one place where a loop is held.
type policyLink struct {
	policy any
	id     int64  // of the goroutine whose loop it is there
	drop   func() // has the policy forget it
}

// link notes that a policy holds the loop, and how it forgets it, and reports false once
// forget was called.
func (k *policyLinks) link(policy any, id int64, drop func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.held = append(k.held, policyLink{policy, id, drop})
	return true
}

// unlink takes a link back.
func (k *policyLinks) unlink(policy any, id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = slices.DeleteFunc(k.held, func(h policyLink) bool { return h.policy == policy && h.id == id })
}

// forget has every policy that holds the loop, which is closed, forget it.
func (k *policyLinks) forget() {
	k.mu.Lock()
	held := k.held
	k.held, k.closed = nil, true
	k.mu.Unlock()
	for _, h := range held {
		h.drop()
	}
}
