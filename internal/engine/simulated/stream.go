package simulated

import (
	"errors"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// stream is a connection of an engine's.
type stream struct {
	source
	reading bool
	sending bool
	lends   bool        // the handler has memory to read into
	file    engine.File // what is to be sent, if that is a file
	h       engine.StreamHandler
}

// Stream implements engine.Engine.
func (e *Engine) Stream(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
	if err := e.lock(); err != nil {
		return nil, err
	}
	defer e.unlock()
	s := &stream{h: h}
	if err := e.claim(fd, s, &s.source); err != nil {
		return nil, err
	}
	s.s.held = true
	return s, nil
}

// Complete uses readiness.
func (s *stream) Complete(ev uint64) {
	if ev&uint64(engine.Read) != 0 && s.reading {
		s.readable()
	}
	if ev&uint64(engine.Write) != 0 && s.sending {
		s.writable()
	}
}

func (s *stream) readable() {
	var buf []byte
	if s.lends {
		var ok bool
		if buf, ok = s.h.ReadBuffer(); !ok || !s.reading {
			return
		}
	}
	if s.lock() != nil {
		return
	}
	if !s.lends {
		buf = s.e.memory(s.s.waiting())
	}
	n, err := s.s.read(buf)
	if n == 0 && err != errAgain {
		s.reading = false
		s.want &^= engine.Read
	}
	s.e.unlock()
	switch {
	case n > 0:
		s.h.Received(buf[:n])
	case err == nil:
		s.h.ReadEOF()
	case err != errAgain:
		s.h.ReadFailed(err)
	}
}

func (s *stream) writable() {
	if s.file != nil {
		s.refuseFile()
		return
	}
	vec := s.h.Outgoing(s.e.vec[:0])
	if !s.sending || s.lock() != nil {
		return
	}
	n, err := s.s.write(nil, vec)
	clear(vec)
	s.e.vec = vec
	if err == errAgain {
		s.e.unlock()
		return
	}
	s.sending = false
	s.want &^= engine.Write
	s.e.unlock()
	s.h.Sent(n, err)
}

// settle has what is wanted of the socket be what is wanted now.
func (s *stream) settle() error {
	if err := s.lock(); err != nil {
		s.reading, s.sending = false, false
		return err
	}
	defer s.e.unlock()
	var m engine.Mask
	if s.reading {
		m |= engine.Read
	}
	if s.sending {
		m |= engine.Write
	}
	s.wants(m)
	return nil
}

// StartReading implements engine.Stream.
func (s *stream) StartReading() error {
	s.reading = true
	return s.settle()
}

// StopReading implements engine.Stream.
func (s *stream) StopReading() {
	s.reading = false
	_ = s.settle()
}

// UseReadBuffer implements engine.Stream.
func (s *stream) UseReadBuffer(on bool) { s.lends = on }

// Write implements engine.Stream.
func (s *stream) Write(p []byte) (n, held int, err error) {
	n, err = s.send(p, nil)
	return n, 0, err
}

// WriteVec implements engine.Stream.
func (s *stream) WriteVec(bufs [][]byte) (int, error) { return s.send(nil, bufs) }

// send sends what goes at once.
func (s *stream) send(p []byte, more [][]byte) (int, error) {
	if err := s.lock(); err != nil {
		return 0, err
	}
	defer s.e.unlock()
	n, err := s.s.write(p, more)
	if err == errAgain {
		return 0, nil
	}
	return n, err
}

// Pending implements engine.Stream: what Write has taken the system has.
func (s *stream) Pending() bool { return false }

// Held implements engine.Stream.
func (s *stream) Held() int { return 0 }

// Send implements engine.Stream.
func (s *stream) Send() error {
	s.sending = true
	return s.settle()
}

// StopSending implements engine.Stream.
func (s *stream) StopSending() {
	s.file, s.sending = nil, false
	_ = s.settle()
}

// Sendfile implements engine.Stream: the system's file and the simulated socket have no
// system in common, and so the file must be read and written.
func (s *stream) Sendfile(f engine.File, offset, n int64) error {
	if err := s.Send(); err != nil {
		return err
	}
	s.file = f
	return nil
}

// refuseFile answers Sendfile.
func (s *stream) refuseFile() {
	err := errors.ErrUnsupported
	if s.file.Control(func(uintptr) {}) != nil {
		err = os.ErrClosed
	}
	s.file, s.sending = nil, false
	_ = s.settle()
	s.h.Sent(0, err)
}

// CloseWrite implements engine.Stream.
func (s *stream) CloseWrite() error {
	if err := s.lock(); err != nil {
		return err
	}
	defer s.e.unlock()
	return s.s.shutdown()
}

// Close implements engine.Stream.
func (s *stream) Close() error {
	s.reading, s.sending, s.h, s.file = false, false, nil, nil
	return s.close()
}

// Handler implements engine.Telling.
func (s *stream) Handler() any { return s.h }

func (s *stream) owner() any        { return s.h }
func (s *stream) found(engine.Mask) {}

func (s *stream) abandon(k *socket) {
	s.reading, s.sending, s.h, s.file = false, false, nil, nil
	k.close()
}
