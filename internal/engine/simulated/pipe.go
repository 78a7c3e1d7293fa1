package simulated

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// pipe is a connection of which one direction is used, or both.
type pipe struct {
	stream
	dir engine.Mask
}

// Pipe implements engine.Engine: of the host's own sockets.
func (e *Engine) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	if err := e.lock(); err != nil {
		return nil, err
	}
	defer e.unlock()
	s, err := e.host.socket(fd)
	switch {
	case err != nil:
		return nil, err
	case s.typ != sock.Stream || s.end == nil || s.end.state != open:
		return nil, &engine.KindError{FD: fd, Why: fmt.Sprintf("is a %v socket that is not connected", s.typ)}
	}
	p := &pipe{stream: stream{h: h}, dir: dir}
	if err := e.claim(fd, p, &p.source); err != nil {
		return nil, err
	}
	p.s.held = true
	return p, nil
}

// Complete uses readiness. Of a pipe that is only written the reader's end is its own.
func (p *pipe) Complete(ev uint64) {
	if p.dir&engine.Read != 0 || ev&uint64(engine.Read) == 0 || !p.reading {
		p.stream.Complete(ev)
		return
	}
	if p.lock() != nil {
		return
	}
	gone := p.s.end.unread == 0 && (p.s.end.eof || p.s.end.dead)
	if gone {
		p.reading = false
		p.want &^= engine.Read
	}
	p.e.unlock()
	if gone {
		p.h.ReadEOF()
		return
	}
	if ev &^= uint64(engine.Read); ev != 0 {
		p.stream.Complete(ev)
	}
}

// CloseWrite implements engine.Stream: the end of a pipe is its Close.
func (*pipe) CloseWrite() error { return errors.ErrUnsupported }

// Sendfile implements engine.Stream: files are sent to sockets alone.
func (*pipe) Sendfile(engine.File, int64, int64) error { return errors.ErrUnsupported }
