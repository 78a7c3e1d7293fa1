//go:build unix

package system

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// PipeRoom is memory that the pipes of one engine use by turns, each for the length of
// one call.
type PipeRoom struct {
	buf []byte
	vec [][]byte
	iov sock.Vec
}

// pipeReadSize is how much one read of a pipe takes at most, as in asyncio.
const pipeReadSize = 256 << 10

// pipeRounds bounds how often one event is used while the system goes on taking all that
// it is given.
const pipeRounds = 8

// Readiness is what a Pipe needs of its engine.
type Readiness interface {
	// Want has the pipe's Ready called whenever the descriptor is ready in one of these
	// ways, again and again; 0 ends that. What it was called for before may still come.
	Want(mask engine.Mask) error
}

// Pipe is a pipe over readiness: it tries each call, and waits only if that would block.
// It is the same over a proactor, which is asked for readiness, too: receiving from what
// is no socket is not what every kernel does without a thread of its own, and a
// terminal is read as well as a pipe. An engine embeds it in its node, and adds the
// descriptor's claim, its registration and its Close.
type Pipe struct {
	fd   uintptr
	dir  engine.Mask
	kind sock.FileKind
	wait Readiness
	h    engine.StreamHandler
	room *PipeRoom

	reading bool // or, of what is written, watching for the end of its reader
	sending bool
	lends   bool // the handler has memory to read into
	deaf    bool // nothing tells of the end of its reader
	over    bool
}

// Init makes a pipe of a descriptor, if it can be one.
func (p *Pipe) Init(fd uintptr, dir engine.Mask, h engine.StreamHandler, wait Readiness, room *PipeRoom) error {
	kind, err := PipeKind(fd, dir)
	if err != nil {
		return err
	}
	*p = Pipe{fd: fd, dir: dir, kind: kind, wait: wait, h: h, room: room}
	p.deaf = dir == engine.Write && kind == sock.CharDevice
	return nil
}

// Ready uses readiness, or notes that nobody wants it.
func (p *Pipe) Ready(got engine.Mask) {
	idle := false
	if got&engine.Read != 0 {
		switch {
		case !p.reading || p.deaf:
			idle = true
		case p.dir == engine.Write:
			p.ended()
		default:
			p.readable()
		}
	}
	if got&engine.Write != 0 {
		if p.sending {
			p.writable()
		} else {
			idle = true
		}
	}
	if idle {
		_ = p.settle()
	}
}

// settle waits for exactly what is wanted now.
func (p *Pipe) settle() error {
	if p.over {
		return nil
	}
	var mask engine.Mask
	if p.reading && !p.deaf {
		mask |= engine.Read
	}
	if p.sending {
		mask |= engine.Write
	}
	return p.wait.Want(mask)
}

// readable reads once.
func (p *Pipe) readable() {
	if p.room.buf == nil {
		p.room.buf = make([]byte, pipeReadSize)
	}
	buf := p.room.buf
	if p.lends {
		var ok bool
		if buf, ok = p.h.ReadBuffer(); !ok || !p.reading {
			return
		}
	}
	n, err := sock.Read(p.fd, buf)
	switch {
	case n > 0:
		p.h.Received(buf[:n])
	case err == nil || sock.HungUp(p.kind, err):
		p.stop()
		p.h.ReadEOF()
	case sock.WouldBlock(err):
	default:
		p.stop()
		p.h.ReadFailed(err)
	}
}

// stop ends reading, and waiting for it: at its end a pipe is ready for ever.
func (p *Pipe) stop() {
	p.reading = false
	_ = p.settle()
}

// ended looks whether the reader of what is written has gone.
func (p *Pipe) ended() {
	switch sock.ReaderOf(p.fd, p.kind) {
	case sock.ReaderGone:
		p.stop()
		p.h.ReadEOF()
	case sock.ReaderUnknown:
		p.deaf = true
		_ = p.settle()
	}
}

// writable sends what the handler has by now.
func (p *Pipe) writable() {
	for range pipeRounds {
		vec := p.h.Outgoing(p.room.vec[:0])
		if !p.sending {
			return
		}
		n, err := sock.Writev(p.fd, vec, &p.room.iov)
		total := 0
		for _, b := range vec {
			total += len(b)
		}
		clear(vec)
		p.room.vec = vec
		if err != nil && sock.WouldBlock(err) {
			return
		}
		p.sending = false
		p.h.Sent(n, err)
		if !p.sending {
			_ = p.settle()
			return
		}
		if n < total {
			return
		}
	}
}

// StartReading implements engine.Stream.
func (p *Pipe) StartReading() error {
	if p.over {
		return engine.ErrClosed
	}
	p.reading = true
	err := p.settle()
	if err != nil {
		p.reading = false
	}
	return err
}

// StopReading implements engine.Stream. What is waited for stays until it proves useless.
func (p *Pipe) StopReading() { p.reading = false }

// UseReadBuffer implements engine.Stream.
func (p *Pipe) UseReadBuffer(on bool) { p.lends = on }

// Write implements engine.Stream.
func (p *Pipe) Write(data []byte) (n, held int, err error) {
	if p.over {
		return 0, 0, engine.ErrClosed
	}
	n, err = sock.Write(p.fd, data)
	if err != nil && sock.WouldBlock(err) {
		return 0, 0, nil
	}
	return n, 0, err
}

// Pending implements engine.Stream: what Write has taken the system has.
func (p *Pipe) Pending() bool { return false }

// Held implements engine.Stream.
func (p *Pipe) Held() int { return 0 }

// WriteVec implements engine.Stream.
func (p *Pipe) WriteVec(bufs [][]byte) (int, error) {
	if p.over {
		return 0, engine.ErrClosed
	}
	n, err := sock.Writev(p.fd, bufs, &p.room.iov)
	if err != nil && sock.WouldBlock(err) {
		return 0, nil
	}
	return n, err
}

// Send implements engine.Stream.
func (p *Pipe) Send() error {
	if p.over {
		return engine.ErrClosed
	}
	p.sending = true
	err := p.settle()
	if err != nil {
		p.sending = false
	}
	return err
}

// StopSending implements engine.Stream. A pipe is writable most of the time, so this wait
// is not left to prove useless.
func (p *Pipe) StopSending() {
	if p.sending {
		p.sending = false
		_ = p.settle()
	}
}

// CloseWrite implements engine.Stream.
func (p *Pipe) CloseWrite() error { return errors.ErrUnsupported }

// FD implements engine.Stream.
func (p *Pipe) FD() uintptr { return p.fd }

// End is the pipe's part of Close: it asks for nothing and tells nothing from now on.
func (p *Pipe) End() {
	p.reading, p.sending, p.over, p.h = false, false, true, nil
}

// Handler implements engine.Telling, for who embeds the pipe.
func (p *Pipe) Handler() any { return p.h }

// Interest is what the pipe waits for.
func (p *Pipe) Interest() (m engine.Mask) {
	if p.reading && !p.deaf {
		m |= engine.Read
	}
	if p.sending {
		m |= engine.Write
	}
	return m
}
