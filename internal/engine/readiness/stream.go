package readiness

import (
	"syscall"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// sendRounds and sendMost bound how often one writable event is used while the system
// goes on taking all that it is given, so that one fast peer does not hold up
// the others: after so many gathered writes, or the one that makes it so many bytes, the
// others come first.
const (
	sendRounds = 8
	sendMost   = 1 << 20
)

// stream is a connection over readiness.
type stream struct {
	source
	reading bool
	sending bool
	lends   bool // the handler is asked for memory to read into
	file    bool // what is being sent is of a file, and in e.files
	h       engine.StreamHandler
}

// Stream implements engine.Engine.
func (e *Engine) Stream(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
	s := &stream{source: source{e: e, fd: fd}, h: h}
	if err := e.claim(fd, s); err != nil {
		return nil, err
	}
	system.Hold(fd)
	return s, nil
}

// Complete uses readiness, or notes that nobody wants it.
func (s *stream) Complete(ev uint64) {
	if ev == uint64(engine.Read) && s.reading { // nearly always
		if s.lends {
			s.readable()
			return
		}
		buf := s.e.buf
		if n, e := sock.TryRecv(s.fd, buf); n > 0 {
			s.h.Received(buf[:n])
		} else {
			s.tried(buf, e)
		}
		return
	}
	s.completeOther(ev)
}

// completeOther is Complete in all cases.
func (s *stream) completeOther(ev uint64) {
	idle := false
	if ev&uint64(engine.Read) != 0 {
		if s.reading {
			s.readable()
		} else {
			idle = true
		}
	}
	if ev&uint64(engine.Write) != 0 {
		switch {
		case !s.sending:
			idle = true
		case s.file:
			s.fileWritable()
		default:
			s.writable()
		}
	}
	if idle {
		_ = s.settle()
	}
}

// settle registers the stream for exactly what is wanted now.
func (s *stream) settle() error {
	var mask engine.Mask
	if s.reading {
		mask |= engine.Read
	}
	if s.sending {
		mask |= engine.Write
	}
	return s.want(mask, s)
}

func (s *stream) readable() {
	var buf []byte
	if s.lends {
		var ok bool
		if buf, ok = s.h.ReadBuffer(); !ok || !s.reading {
			return
		}
	}
	if len(buf) == 0 {
		buf = s.e.buf
	}
	if n, e := sock.TryRecv(s.fd, buf); n > 0 {
		s.h.Received(buf[:n])
	} else {
		s.tried(buf, e)
	}
}

// tried uses a try to receive that has brought nothing.
func (s *stream) tried(buf []byte, e syscall.Errno) {
	n, err := sock.Tried(s.fd, buf, e)
	switch {
	case n > 0:
		s.h.Received(buf[:n])
	case err == nil:
		s.reading = false
		s.h.ReadEOF()
	case sock.WouldBlock(err):
	default:
		s.reading = false
		s.h.ReadFailed(err)
	}
}

func (s *stream) writable() {
	sent := 0
	for range sendRounds {
		vec := s.h.Outgoing(s.e.vec[:0])
		if !s.sending {
			return
		}
		n, err := sock.Writev(s.fd, vec, &s.e.iov)
		total := 0
		for _, b := range vec {
			total += len(b)
		}
		clear(vec)
		s.e.vec = vec
		if err != nil && sock.WouldBlock(err) {
			return
		}
		s.sending = false
		s.h.Sent(n, err)
		if !s.sending {
			_ = s.settle()
			return
		}
		if sent += n; n < total || sent >= sendMost {
			return
		}
	}
}

// StartReading implements engine.Stream.
func (s *stream) StartReading() error {
	if s.closed {
		return engine.ErrClosed
	}
	if s.e.buf == nil {
		s.e.buf = make([]byte, readSize)
	}
	s.reading = true
	if s.reg&engine.Read != 0 {
		return nil
	}
	err := s.settle()
	if err != nil {
		s.reading = false
	}
	return err
}

// StopReading implements engine.Stream. The registration stays until it proves useless.
func (s *stream) StopReading() { s.reading = false }

// UseReadBuffer implements engine.Stream.
func (s *stream) UseReadBuffer(on bool) { s.lends = on }

// UseMemory implements engine.Direct.
func (s *stream) UseMemory(on bool) { s.lends = on }

// Write implements engine.Stream.
func (s *stream) Write(p []byte) (n, held int, err error) {
	if s.closed {
		return 0, 0, engine.ErrClosed
	}
	n, e := sock.TryWrite(s.fd, p)
	if e != 0 {
		return s.notWritten(p, e)
	}
	return n, 0, nil
}

// notWritten is Write after a try that has failed.
func (s *stream) notWritten(p []byte, e syscall.Errno) (n, held int, err error) {
	n, err = sock.TriedWrite(s.fd, p, e)
	if err != nil && sock.WouldBlock(err) {
		return 0, 0, nil
	}
	return n, 0, err
}

// Pending implements engine.Stream: what Write has taken the system has.
func (s *stream) Pending() bool { return false }

// Held implements engine.Stream.
func (s *stream) Held() int { return 0 }

// WriteVec implements engine.Stream.
func (s *stream) WriteVec(bufs [][]byte) (int, error) {
	if s.closed {
		return 0, engine.ErrClosed
	}
	n, err := sock.Writev(s.fd, bufs, &s.e.iov)
	if err != nil && sock.WouldBlock(err) {
		return 0, nil
	}
	return n, err
}

// Send implements engine.Stream.
func (s *stream) Send() error {
	if s.closed {
		return engine.ErrClosed
	}
	s.sending = true
	if s.reg&engine.Write != 0 {
		return nil
	}
	err := s.settle()
	if err != nil {
		s.sending = false
	}
	return err
}

// StopSending implements engine.Stream. A socket is writable most of the time, so this
// registration is not left to prove useless.
func (s *stream) StopSending() {
	s.sending = false
	s.forgetFile()
	if s.reg&engine.Write != 0 {
		_ = s.settle()
	}
}

// CloseWrite implements engine.Stream.
func (s *stream) CloseWrite() error {
	if s.closed {
		return engine.ErrClosed
	}
	return sock.ShutdownWrite(s.fd)
}

// Close implements engine.Stream.
func (s *stream) Close() error {
	if s.closed {
		return nil
	}
	s.reading, s.sending = false, false
	s.forgetFile()
	s.release()
	s.h = nil
	return system.Sockets{}.Close(s.fd)
}

// Handler implements engine.Telling.
func (s *stream) Handler() any { return s.h }

func (s *stream) owner() any { return s.h }

func (s *stream) abandon() { _ = s.Close() }
