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
// Who has the turn and waits is stirred when the deadline changes or passes and
// when the Conn is closed, and looks for itself what that means for it.
type side struct {
	loop   asyncio.EventLoop
	mu     *sync.Mutex
	closed bool
	busy   bool             // somebody has the turn
	queue  asyncio.Waiters  // those who wait for it
	waits  *asyncio.Waiters // where the one who has it waits, nil if nowhere
	ring   func()           // stir, for timers
	clock  loopClock        // until when
}

// loopClock is a deadline in the time of a loop, that a simulated loop's
// deadlines pass in simulated time.
type loopClock struct {
	limited bool
	at      time.Duration
}

func (s *side) init(loop asyncio.EventLoop, mu *sync.Mutex, waits *asyncio.Waiters) {
	s.loop, s.mu, s.waits, s.ring = loop, mu, waits, s.stir
}

// begin waits for the turn. mu is held when it is called, and when it returns
// unless it returns an error; see wait. Nobody who waits for a turn looks
// at the deadline: who has it does, and gives it up.
func (s *side) begin(ctx context.Context) error {
	if !s.busy {
		s.busy = true
		return nil
	}
	handOn, err := wait(ctx, &s.queue, s.loop, s.mu)
	if err != nil {
		var next asyncio.Wakeup
		if handOn { // cancelled just when the turn came
			next = s.end()
		}
		s.mu.Unlock()
		next.Do()
	}
	return err
}

// end gives the turn to the next one.
func (s *side) end() asyncio.Wakeup {
	s.busy = s.queue.Len() > 0
	return s.queue.WakeOne(nil)
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
	var w asyncio.Wakeup
	s.mu.Lock()
	if s.waits != nil {
		w = s.waits.WakeAll(nil)
	}
	s.mu.Unlock()
	w.Do()
}

// alarm stirs a side when its deadline passes. It is set for one wait: by
// whoever is going to wait, with a timer of the loop in a coroutine and of the
// runtime elsewhere.
type alarm struct {
	clock  loopClock
	onLoop asyncio.TimerHandle
	timer  *time.Timer
}

// isFor reports whether the alarm is set as the side needs it.
func (a *alarm) isFor(s *side) bool { return a.clock == s.clock }

// set sets the alarm. It gives up the side's mutex meanwhile: look again before
// you wait.
func (a *alarm) set(s *side) {
	clock := s.clock
	s.mu.Unlock()
	a.stop()
	if clock.limited {
		left := clock.at - s.loop.Time()
		if _, err := asyncio.GetRunningLoop(); err != nil {
			a.timer = time.AfterFunc(left, s.ring)
		} else {
			// It is refused to a coroutine of another loop, which will not wait.
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
