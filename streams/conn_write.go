package streams

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// writeChunk is how much of a Write a transport gets at a time: it may exceed its
// high mark by so much.
const writeChunk = 64 << 10

// handover is how a goroutine that is not the loop's has a transport write: the
// loop takes the bytes from where they are, so the goroutine waits for that.
// Guarded as writing is.
type handover struct {
	transmit func() // what the loop calls
	handed   []byte
	taken    bool // the loop has them, and this came of it
	n        int
	err      error
	waiters  asyncio.Waiters // the goroutine
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.write(p)
	return n, c.opError("write", err)
}

func (c *conn) write(p []byte) (n int, err error) {
	if err := asyncio.ConsumeBudget(c.ctx); err != nil {
		return 0, err
	}
	s, f := &c.out, c.w.flow
	var a alarm
	s.mu.Lock()
	if err = s.begin(c.ctx); err != nil {
		return 0, err
	}
	for first := true; err == nil && (first || n < len(p)); {
		if err = s.check(); err != nil {
			break
		}
		switch {
		case f.lost:
			if err = f.reason(); err == nil {
				err = ErrConnectionLost
			}
		case !f.paused:
			first = false
			var k int
			k, err = c.send(p[n:min(n+writeChunk, len(p))], &a)
			n += k
		case !a.isFor(s):
			a.set(s)
		default:
			err = c.waitForRoom()
			a.stop()
		}
	}
	next := s.end()
	s.mu.Unlock()
	next.Do()
	a.stop()
	return n, err
}

// waitForRoom waits until writing is resumed, or something else is to be looked
// at. The mutex is held when it is called and when it returns.
func (c *conn) waitForRoom() error {
	s := &c.out
	s.waits = &c.w.flow.rest().writers
	_, err := wait(c.ctx, s.waits, c.loop, s.mu)
	s.waits = nil
	return err
}

// send gives the transport a piece. The mutex is held when it is called and when
// it returns.
func (c *conn) send(p []byte, a *alarm) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	switch running, err := asyncio.GetRunningLoop(); {
	case err != nil:
		return c.handOver(p, a)
	case running != c.loop && running != own(c.loop):
		return 0, asyncio.ErrWrongLoop
	}
	c.out.mu.Unlock()
	n, err := c.w.Transport().Write(p)
	c.out.mu.Lock()
	return n, err
}

// handOver has the loop give the transport a piece.
func (c *conn) handOver(p []byte, a *alarm) (int, error) {
	s := &c.out
	c.handed, c.taken = p, false
	handle, err := c.loop.CallSoonThreadsafe(c.transmit)
	if err != nil {
		return 0, err
	}
	ctx, revocable := c.ctx, true
	for !c.taken {
		err = nil
		if revocable {
			err = s.check()
		}
		switch {
		case err != nil:
		case revocable && !a.isFor(s):
			a.set(s)
		default:
			s.waits = &c.waiters
			_, err = wait(ctx, s.waits, c.loop, s.mu)
			s.waits = nil
			a.stop()
		}
		if err == nil {
			continue
		}
		if handle.Cancel() || !revocable {
			c.handed = nil
			return 0, err
		}
		// The loop is at it, and p must not be let go of before it is done. Only
		// the end of the loop, or of its run, ends this wait otherwise.
		ctx, revocable = context.Background(), false
	}
	return c.n, c.err
}

// transmitHanded is the loop's part.
func (c *conn) transmitHanded() {
	s := &c.out
	s.mu.Lock()
	p := c.handed
	s.mu.Unlock()
	n, err := c.w.Transport().Write(p)
	s.mu.Lock()
	c.n, c.err, c.taken, c.handed = n, err, true, nil
	w := c.waiters.WakeOne(nil)
	s.mu.Unlock()
	w.Do()
}
