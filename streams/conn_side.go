package streams

import (
	"context"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// side is one direction of a Conn: whose turn it is, who waits for a turn, and
// until when. It is guarded by mu, which belongs to the reader or to the flow
// control.
//
// Who has the turn and sleeps is stirred when the deadline changes or passes and
// when the Conn is closed, and looks for itself what that means for it.
type side struct {
	loop   asyncio.EventLoop
	mu     *sync.Mutex
	closed bool
	busy   bool      // somebody has the turn
	queue  sleepers  // those who wait for it
	sleeps *slot     // where the one who has it sleeps, nil if nowhere
	ring   func()    // stir, for timers
	clock  loopClock // until when
}

// loopClock is a deadline in the time of a loop, that a simulated loop's
// deadlines pass in simulated time.
type loopClock struct {
	limited bool
	at      time.Duration
}

func (s *side) init(loop asyncio.EventLoop, mu *sync.Mutex, sleeps *slot) {
	s.loop, s.mu, s.sleeps, s.ring = loop, mu, sleeps, s.stir
}

// begin waits for the turn. mu is held when it is called, and when it returns
// unless it returns an error; see slot.sleep. Nobody who waits for a turn looks
// at the deadline: who has it does, and gives it up.
func (s *side) begin(ctx context.Context) error {
	if !s.busy {
		s.busy = true
		return nil
	}
	me := s.queue.add()
	var err error
	for err == nil && !me.done {
		err = me.sleep(ctx, s.loop, s.mu)
	}
	var next wakeup
	if err != nil && me.done { // cancelled just when the turn came
		next = s.end()
	}
	s.queue.drop(me)
	if err != nil {
		s.mu.Unlock()
		next.do()
	}
	return err
}

// end gives the turn to the next one.
func (s *side) end() wakeup {
	if s.queue.first == nil {
		s.busy = false
		return wakeup{}
	}
	return s.queue.finishFirst(nil)
}

// check says why nothing can be done any more, if that is so.
func (s *side) check() error {
	switch {
	case s.closed:
		return net.ErrClosed
	case s.clock.limited && s.loop.Time() >= s.clock.at:
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (s *side) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stir()
}

func (s *side) setDeadline(t time.Time) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.clock = loopClock{}
	if !t.IsZero() {
		now, d := s.loop.Time(), time.Until(t)
		if d < math.MaxInt64-now { // else it never passes
			s.clock = loopClock{true, now + d}
		}
	}
	s.mu.Unlock()
	s.stir()
	return nil
}

// stir makes who has the turn look again.
func (s *side) stir() {
	var w wakeup
	s.mu.Lock()
	if s.sleeps != nil {
		w = s.sleeps.wake()
	}
	s.mu.Unlock()
	w.do()
}

// alarm stirs a side when its deadline passes. It is set for one sleep: by
// whoever is going to sleep, with a timer of the loop in a coroutine and of the
// runtime elsewhere.
type alarm struct {
	clock  loopClock
	onLoop asyncio.TimerHandle
	timer  *time.Timer
}

// isFor reports whether the alarm is set as the side needs it.
func (a *alarm) isFor(s *side) bool { return a.clock == s.clock }

// set sets the alarm. It gives up the side's mutex meanwhile: look again before
// you sleep.
func (a *alarm) set(s *side) {
	clock := s.clock
	s.mu.Unlock()
	a.stop()
	if clock.limited {
		left := clock.at - s.loop.Time()
		if _, err := asyncio.GetRunningLoop(); err != nil {
			a.timer = time.AfterFunc(left, s.ring)
		} else {
			// It is refused to a coroutine of another loop, which will not sleep.
			a.onLoop, _ = s.loop.CallLater(left, s.ring)
		}
	}
	a.clock = clock
	s.mu.Lock()
}

// stop takes the alarm back.
func (a *alarm) stop() {
	if !a.clock.limited {
		return
	}
	a.onLoop.Cancel()
	if a.timer != nil {
		a.timer.Stop()
	}
	*a = alarm{}
}
