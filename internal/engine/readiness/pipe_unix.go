//go:build unix

package readiness

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
)

// pipeRoom is what the pipes of an engine share.
type pipeRoom = system.PipeRoom

// pipe is a pipe over a selector.
type pipe struct {
	source
	system.Pipe
}

// Pipe implements engine.Engine.
func (e *Engine) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	p := &pipe{source: source{e: e, fd: fd}}
	if err := p.Init(fd, dir, h, p, &e.pipes); err != nil {
		return nil, err
	}
	if err := e.claim(fd, p); err != nil {
		return nil, err
	}
	// Whether the selector can wait for it is found out now, while there is somebody to tell.
	err := p.want(dir, p)
	if err == nil {
		err = p.want(0, p)
	}
	if err != nil {
		p.release()
		return nil, fmt.Errorf("engine: %s cannot wait for descriptor %d: %w", e.Name(), fd, err)
	}
	system.Hold(fd)
	return p, nil
}

// Want implements system.Readiness.
func (p *pipe) Want(mask engine.Mask) error { return p.want(mask, p) }

// Complete uses readiness.
func (p *pipe) Complete(ev uint64) { p.Ready(engine.Mask(ev)) }

// Close implements engine.Stream.
func (p *pipe) Close() error {
	if p.closed {
		return nil
	}
	p.End()
	p.release()
	return system.Sockets{}.Close(p.fd)
}

// FD implements engine.Stream.
func (p *pipe) FD() uintptr { return p.fd }

func (p *pipe) owner() any { return p.Handler() }

func (p *pipe) abandon() { _ = p.Close() }

// Sendfile implements engine.Stream: files are sent to sockets alone.
func (p *pipe) Sendfile(engine.File, int64, int64) error { return errors.ErrUnsupported }
