package asyncio

import (
	"log/slog"
	"os"

	"github.com/go-asyncio/asyncio/internal/list"
)

// subprocesses is what a loop has of children.
type subprocesses struct {
	open list.List[openSubprocess] // those that are not over, in the order in which they were started

	here bool // they are started on the loop's own thread

	// What tests set: how a child's end is noticed, and what a signal does.
	plain bool
	kill  func(os.Signal) error
}

// openSubprocess is a child that is not over, as its loop knows it.
type openSubprocess struct {
	place list.Node[openSubprocess]
	child interface {
		// end kills it, if it runs.
		end()
		// discard waits for that and lets go of all. It says what there is to tell, if there
		// is something.
		discard() (what string, attrs []any)
	}
}

// close ends what is left of children when the loop is closed: no callback of theirs can
// run any more. All are killed before the first is waited for. A logger that leaves by
// Goexit has it called again, and it goes on where it was.
func (k *subprocesses) close(logger func() *slog.Logger) {
	for s := range k.open.All() {
		s.child.end()
	}
	for s := k.open.First(); s != nil; s = k.open.First() {
		if what, attrs := s.child.discard(); what != "" {
			logger().Warn(what, attrs...)
		}
	}
}
