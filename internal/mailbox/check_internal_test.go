package mailbox

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
)

// TestInvariants: where invariants are checked, a broken one ends the program.
func TestInvariants(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"the mailbox says that it is filled if it is": func() {
			b := New[int](func() {})
			b.items = append(b.items, 1)
			b.Awake()
		},
		"nobody sleeps before a mailbox that is filled": func() {
			b := New[int](func() {})
			b.Put(1)
			b.asleep = true
			b.check()
		},
		"a mailbox that is closed is empty": func() {
			b := New[int](func() {})
			b.Put(1)
			b.closed = true
			b.Awake()
		},
	})
}
