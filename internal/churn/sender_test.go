package churn_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// sender sends so much of the pattern, as fast as the other end reads it.
type sender struct {
	loop   asyncio.EventLoop
	t      asyncio.Transport
	rng    *rand.Rand
	flow   *flow
	total  *atomic.Int64 // of all senders
	left   int
	paused bool
	queued bool // a step is
	over   bool
	done   func()
	bad    func(string, ...any)
}

// run goes on. It gives way now and then, so that others have their turn.
func (s *sender) run() {
	s.queued = false
	for range 4 {
		if s.paused || s.over {
			return
		}
		if s.left == 0 {
			s.over = true
			s.done()
			return
		}
		p := s.flow.next(min(s.left, 1+s.rng.IntN(48<<10)))
		n, err := s.t.Write(p)
		s.flow.add(p[:n])
		s.total.Add(int64(n))
		s.left -= n
		if err != nil {
			s.over = true // its end will be told; over TLS the first records may have gone
			return
		}
	}
	s.soon()
}

func (s *sender) soon() {
	if s.queued || s.over {
		return
	}
	s.queued = true
	if _, err := s.loop.CallSoon(s.run); err != nil {
		s.bad("CallSoon: %v", err)
	}
}

func (s *sender) pause() { s.paused = true }

func (s *sender) resume() {
	s.paused = false
	s.soon()
}

// writeEOF ends the sending side. Over TLS that is a write, which may meet the end of a
// connection that is cut.
func writeEOF(t asyncio.Transport, p plan) error {
	err := t.WriteEOF()
	if p.speaks.version != 0 && !p.orderly() && (errors.Is(err, net.ErrClosed) || sock.Disconnected(err)) {
		return nil
	}
	return err
}

// resetNow ends a connection by a reset, a simulated one if there is something that was not
// read. It must not be lost: its descriptor is another's then.
func resetNow(l asyncio.EventLoop, t asyncio.Transport) {
	if !asyncio.IsSimulated(l) {
		fd := t.GetExtraInfo("socket").(uintptr)
		_ = sock.SetLinger(fd, 0) // it may be reset already
	}
	t.Abort()
}
