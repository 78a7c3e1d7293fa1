package simulated

import (
	"time"

	"github.com/go-asyncio/asyncio/internal/timers"
)

// appointment is something that happens by itself. The zero appointment is in no agenda.
type appointment struct {
	when time.Duration
	do   func()
	id   timers.ID // 0: not in it
}

// agenda is what happens by itself, by time, and by when it was added if that is the same.
type agenda struct{ queue timers.Queue[*appointment] }

// next is when the first is; Never if there is none.
func (a *agenda) next() time.Duration {
	if when, ok := a.queue.Min(); ok {
		return when
	}
	return Never
}

// put adds one that somebody has the memory of, and that is not in it.
func (a *agenda) put(p *appointment, when time.Duration) {
	if p.id != 0 {
		panic("simulated: an appointment is made twice")
	}
	p.when, p.id = when, a.queue.Add(when, p)
}

// pop takes the first, if its time has come.
func (a *agenda) pop(now time.Duration) (p *appointment, ok bool) {
	if p, ok = a.queue.PopDue(now); ok {
		p.id = 0
	}
	return p, ok
}

// remove takes one out; one that is not in it is no error.
func (a *agenda) remove(p *appointment) {
	if p.id != 0 {
		a.queue.Remove(p.id)
		p.id = 0
	}
}
