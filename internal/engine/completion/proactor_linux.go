package completion

import "github.com/go-asyncio/asyncio/proactors"

// quick is the proactor whose methods are known when the engine is compiled, so that what a
// message needs of it is inlined. There is none if another is underneath, which a test may
// have put around it; then messages take the way of everything else.
type quick struct{ ring *proactors.IOUring }

// quickOf returns p if it is that proactor.
func quickOf(p proactors.Proactor) quick {
	ring, _ := p.(*proactors.IOUring)
	return quick{ring}
}

// there reports whether there is one.
func (q quick) there() bool { return q.ring != nil }

// memory is what a receive has brought.
func (q quick) memory(_ *Engine, c proactors.Completion) []byte { return q.ring.Received(c) }

// release gives it back, while the engine is open.
func (q quick) release(_ *Engine, c proactors.Completion) { q.ring.ReleaseReceived(c.Flags) }
