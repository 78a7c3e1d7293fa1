package mailbox

import "github.com/go-asyncio/asyncio/internal/invariants"

// check is called when mu is about to be given up.
func (b *Box[T]) check() {
	if !invariants.Enabled {
		return
	}
	invariants.Check(b.filled.Load() == (len(b.items) > 0), "the mailbox says that it is filled if it is")
	invariants.Check(!b.asleep || len(b.items) == 0, "nobody sleeps before a mailbox that is filled")
	invariants.Check(!b.closed || len(b.items) == 0, "a mailbox that is closed is empty")
}
