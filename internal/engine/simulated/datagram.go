package simulated

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// mostReceived is how many datagrams of one socket are told of in a pass.
const mostReceived = 64

// datagram is a socket for datagrams of an engine's.
type datagram struct {
	source
	h       engine.DatagramHandler
	longest int
}

// Datagram implements engine.Engine.
func (e *Engine) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	if err := e.lock(); err != nil {
		return nil, err
	}
	defer e.unlock()
	s, err := e.host.socket(fd)
	if err != nil {
		return nil, err
	}
	if s.grams == nil {
		return nil, errOperation
	}
	d := &datagram{h: h, longest: max(o.MaxSize, 1)}
	if err := e.claim(fd, d, &d.source); err != nil {
		return nil, err
	}
	d.s.held = true
	d.wants(failure)
	return d, nil
}

// Complete tells of errors, of what has come, and that there is room.
func (d *datagram) Complete(ev uint64) {
	if ev&uint64(failure) != 0 && !d.tellFailures() {
		return
	}
	for range mostReceived {
		if d.lock() != nil {
			return
		}
		if d.want&engine.Read == 0 {
			d.e.unlock()
			break
		}
		m := d.s.grams.take()
		if m == nil {
			d.e.unlock()
			break
		}
		// The handler may not come back, and then nothing else must be to be done.
		p, from := append(d.e.letter[:0], m.p...), m.source(d.s)
		d.e.letter = p
		m.network.drop(m)
		d.e.unlock()
		if len(p) > d.longest {
			d.h.Truncated(len(p), from)
		} else {
			d.h.Received(p, from)
		}
	}
	if ev&uint64(engine.Write) != 0 {
		d.tellWritable()
	}
}

// tellFailures tells of errors of what was sent earlier. It reports false if the socket is
// closed.
func (d *datagram) tellFailures() bool {
	for {
		if d.lock() != nil {
			return false
		}
		r, ok := d.s.grams.failing()
		d.e.unlock()
		if !ok {
			return true
		}
		d.h.Failed(r.err, r.to)
	}
}

// tellWritable answers AwaitWritable.
func (d *datagram) tellWritable() {
	if d.lock() != nil {
		return
	}
	tell := d.want&engine.Write != 0 && d.s.readiness()&engine.Write != 0
	if tell {
		d.want &^= engine.Write
	}
	d.e.unlock()
	if tell {
		d.h.Writable()
	}
}

// StartReading implements engine.Datagram.
func (d *datagram) StartReading() error { return d.wantMore(engine.Read) }

// AwaitWritable implements engine.Datagram.
func (d *datagram) AwaitWritable() error { return d.wantMore(engine.Write) }

func (d *datagram) wantMore(m engine.Mask) error {
	if err := d.lock(); err != nil {
		return err
	}
	d.wants(d.want | m)
	d.e.unlock()
	return nil
}

// StopReading implements engine.Datagram.
func (d *datagram) StopReading() {
	if d.lock() == nil {
		d.want &^= engine.Read
		d.e.unlock()
	}
}

// Send implements engine.Datagram.
func (d *datagram) Send(p []byte, to sock.Addr) (taken bool, err error) {
	if err := d.lock(); err != nil {
		return false, err
	}
	defer d.e.unlock()
	switch err := d.s.sendGram(p, to); err {
	case nil:
		return true, nil
	case errAgain:
		return false, nil
	default:
		return false, err
	}
}

// Close implements engine.Datagram.
func (d *datagram) Close() error {
	d.h = nil
	return d.close()
}

func (d *datagram) owner() any        { return d.h }
func (d *datagram) found(engine.Mask) {}

func (d *datagram) abandon(s *socket) {
	d.h = nil
	s.close()
}
