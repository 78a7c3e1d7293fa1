package simulation

import (
	"container/heap"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// seat is one goroutine, or a loop with all of its own, that goes on when the driver lets it:
// a host's loop, or a function in its executor.
type seat struct {
	driver    *driver
	host      *Host
	engine    *simulated.Engine // nil of a function in an executor
	number    int
	goroutine int64         // once it has begun
	what      string        // what its turns are called in a trace
	resume    chan struct{} // filled once each time it is let go
	killed    atomic.Bool   // its host has crashed
	ready     bool          // among those that can go on; the driver's
	heldUp    bool          // it could go on, and will when its time comes
	at        int           // in the driver's times, from 1; 0: not there

	// With the driver's lock held.
	state   seatState
	until   time.Duration // the network's time until which it waits
	called  bool          // it need not wait
	noticed bool          // the driver is to look at it
}

type seatState uint8

const (
	waiting seatState = iota // until it is let go
	going
	blocked   // it was let go and has not come back, and does nothing
	rejoining // it was blocked, and has done nothing since
	over
)

// errKilled is what a Pass is left with that is not to go on.
var errKilled = errors.New("simulation: the host has crashed")

// newSeat makes a seat that waits until a time to be let go. The caller starts its goroutine,
// which begins with begin.
func (d *driver) newSeat(h *Host, e *simulated.Engine, what string, until time.Duration) *seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seats++
	s := &seat{driver: d, host: h, engine: e, number: d.seats, what: what, until: until, resume: make(chan struct{}, 1)}
	if e != nil {
		e.Seat = s
		d.loops++
	}
	s.noticed = true
	d.noticed = append(d.noticed, s)
	d.news.Store(true)
	d.rouse()
	return s
}

// begin waits until the goroutine may begin, and notes that it is the simulation's.
func (s *seat) begin() {
	<-s.resume
	s.driver.mu.Lock()
	s.goroutine = goroutine.ID()
	s.driver.known[s.goroutine] = true
	s.driver.mu.Unlock()
}

// wait waits until a time, or until there is something, and then until the driver lets it go.
func (s *seat) wait(until time.Duration) {
	s.back(waiting, until)
	<-s.resume
}

// end says that the goroutine is at its end.
func (s *seat) end() {
	d := s.driver
	d.mu.Lock()
	delete(d.known, goroutine.ID())
	if s.engine != nil {
		d.loops--
	}
	d.mu.Unlock()
	s.back(over, simulated.Never)
}

// back gives the turn back.
func (s *seat) back(state seatState, until time.Duration) {
	d := s.driver
	d.mu.Lock()
	was := s.state
	s.state, s.until = state, until
	if was == blocked {
		d.awoke(s)
		d.rouse()
	}
	d.mu.Unlock()
	if !d.bubble {
		d.handed <- struct{}{}
	}
}

// isBlocked reports whether it was let go and does nothing.
func (s *seat) isBlocked() bool {
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	return s.state == blocked
}

// rejoin waits for a turn after a wait that the driver knows of.
func (s *seat) rejoin() {
	s.driver.mu.Lock()
	if s.state == blocked {
		s.state = rejoining
	}
	s.driver.mu.Unlock()
	s.wait(0)
}

// held reports whether the seat may not go on although it could.
func (s *seat) held() bool { return s.host.paused && !s.killed.Load() }

// pending reports whether there is something for a loop that waits.
func (s *seat) pending() bool { return s.engine != nil && s.engine.Pending() }

// bySeatNumber orders seats by number.
func bySeatNumber(a, b *seat) int { return a.number - b.number }

// seatTimes are the seats that wait for a time, by that and then by number.
type seatTimes struct{ seats []*seat }

// next is the first time; Never if there is none.
func (t *seatTimes) next() time.Duration {
	if len(t.seats) == 0 {
		return simulated.Never
	}
	return t.seats[0].until
}

func (t *seatTimes) pop() *seat { return heap.Pop(t).(*seat) }

// set puts a seat where its time is.
func (t *seatTimes) set(s *seat) {
	if s.at > 0 {
		heap.Fix(t, s.at-1)
	} else {
		heap.Push(t, s)
	}
}

// remove takes a seat out; one that is not in it is no error.
func (t *seatTimes) remove(s *seat) {
	if s.at > 0 {
		heap.Remove(t, s.at-1)
	}
}

// Len implements heap.Interface.
func (t *seatTimes) Len() int { return len(t.seats) }

// Less implements heap.Interface.
func (t *seatTimes) Less(i, j int) bool {
	a, b := t.seats[i], t.seats[j]
	return a.until < b.until || a.until == b.until && a.number < b.number
}

// Swap implements heap.Interface.
func (t *seatTimes) Swap(i, j int) {
	t.seats[i], t.seats[j] = t.seats[j], t.seats[i]
	t.seats[i].at, t.seats[j].at = i+1, j+1
}

// Push implements heap.Interface.
func (t *seatTimes) Push(s any) {
	t.seats = append(t.seats, s.(*seat))
	s.(*seat).at = len(t.seats)
}

// Pop implements heap.Interface.
func (t *seatTimes) Pop() any {
	last := len(t.seats) - 1
	s := t.seats[last]
	t.seats[last] = nil
	t.seats = t.seats[:last]
	s.at = 0
	return s
}
