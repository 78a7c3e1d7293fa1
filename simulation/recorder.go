package simulation

import (
	"sync"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/trace"
)

// recorder hears of all that happens and of all that is drawn, in order.
type recorder struct {
	now func() time.Duration // for draws

	mu sync.Mutex
	to trace.Recorder
}

// told notes something that has happened.
func (r *recorder) told(h simulated.Happening) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to.Happened(h)
}

// drew notes a draw.
func (r *recorder) drew(kind simulated.Kind, n, drawn int64) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to.Drew(now, kind, n, drawn)
}

// sum is what all of it comes to.
func (r *recorder) sum() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to.Sum()
}
