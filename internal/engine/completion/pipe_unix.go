//go:build unix

package completion

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
)

// pipeRoom is what the pipes of an engine share.
type pipeRoom = system.PipeRoom

// pipe is a pipe over a proactor that is asked when it is ready.
type pipe struct {
	watch
	system.Pipe
	closed bool
}

// Pipe implements engine.Engine.
func (e *Engine) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	p := &pipe{watch: watch{e: e, fd: fd}}
	if err := p.Init(fd, dir, h, p, &e.pipes); err != nil {
		return nil, err
	}
	if err := e.claim(fd, p); err != nil {
		return nil, err
	}
	system.Hold(fd)
	return p, nil
}

// Want implements system.Readiness.
func (p *pipe) Want(mask engine.Mask) error {
	switch {
	case mask == 0:
		p.drop()
		p.mask = 0
		return nil
	case p.mask == mask && p.op != nil && p.op.op.InFlight():
		return nil
	case p.e.closed:
		return engine.ErrClosed
	}
	if err := p.become(mask, p); err != nil {
		p.drop()
		p.mask = 0
		return fmt.Errorf("engine: wait for descriptor %d: %w", p.fd, err)
	}
	return nil
}

// Complete uses readiness.
func (p *pipe) Complete(ev uint64) { p.Ready(engine.Mask(ev)) }

// Close implements engine.Stream.
func (p *pipe) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.End()
	if !p.e.closed {
		p.drop()
		p.e.forget(p.fd)
	}
	return p.e.closeNow(p.fd)
}

// FD implements engine.Stream.
func (p *pipe) FD() uintptr { return p.fd }

func (p *pipe) owner() any { return p.Handler() }

func (p *pipe) interest() engine.Mask { return p.Interest() }

func (p *pipe) abandon() { _ = p.Close() }

// Sendfile implements engine.Stream: files are sent to sockets alone.
func (p *pipe) Sendfile(engine.File, int64, int64) error { return errors.ErrUnsupported }
