package simulation

import (
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/trace"
)

// recorder hears of all that happens and of all that is drawn, in order: whoever runs has the
// turn, so that it needs no lock.
type recorder struct {
	now func() time.Duration // for draws
	to  trace.Recorder
}

// told notes something that has happened.
func (r *recorder) told(h simulated.Happening) {
	r.to.Happened(h)
}

// drew notes a draw.
func (r *recorder) drew(kind simulated.Kind, n, drawn int64) {
	r.to.Drew(r.now(), kind, n, drawn)
}

// sum is what all of it comes to.
func (r *recorder) sum() uint64 {
	return r.to.Sum()
}
