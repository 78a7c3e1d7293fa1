package serve

import (
	"sync"
	"time"
)

// probe looks at one worker from outside.
type probe struct {
	worker *worker
	begun  time.Time

	mu     sync.Mutex
	posted time.Time // zero: none is under way
	latest sample
}

// sample is what a probe saw on the loop.
type sample struct {
	counters
	clients int
	age     time.Duration // since the beginning, and of that
	awake   time.Duration // not asleep
	lag     time.Duration // the longest since it was last taken
}

// post sends a probe, unless the last one has not come back.
func (p *probe) post() {
	p.mu.Lock()
	under := !p.posted.IsZero()
	if !under {
		p.posted = time.Now()
	}
	p.mu.Unlock()
	if !under {
		_, _ = p.worker.loop.CallSoonThreadsafe(p.arrive) // a loop that has ended shows its last sample
	}
}

// arrive runs on the loop.
func (p *probe) arrive() {
	now := time.Now()
	w, age := p.worker, now.Sub(p.begun)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latest = sample{
		counters: w.counters,
		clients:  w.clients.n,
		age:      age,
		awake:    age - w.sleep.slept,
		lag:      max(p.latest.lag, now.Sub(p.posted)),
	}
	p.posted = time.Time{}
}

// take returns the latest sample. A probe that has not come back yet has waited
// already.
func (p *probe) take(now time.Time) sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.latest
	if !p.posted.IsZero() {
		s.lag = max(s.lag, now.Sub(p.posted))
	}
	p.latest.lag = 0
	return s
}

// busySince is the share of the time since an earlier sample in which the loop was
// awake. A loop that no probe has come back from is busy.
func (s sample) busySince(last sample) float64 {
	if s.age == last.age {
		return 1
	}
	return min(max(float64(s.awake-last.awake)/float64(s.age-last.age), 0), 1)
}
