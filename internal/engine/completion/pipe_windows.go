package completion

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// pipeRoom is what the pipes of an engine share: nothing.
type pipeRoom = struct{}

// pipe is an overlapped pipe. It receives and sends as a stream does, but that nothing can
// be written at once: a write waits until the pipe has room for all of it, so that all
// goes by Send.
type pipe struct {
	stream
	dir      engine.Mask
	gone     proactors.Operation // of what is only written: the wait for the end of its reader
	watching bool
}

// Pipe implements engine.Engine.
func (e *Engine) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	if _, err := system.PipeKind(fd, dir); err != nil {
		return nil, err
	}
	p := &pipe{stream: stream{e: e, fd: fd, h: h}, dir: dir}
	if err := e.claim(fd, p); err != nil {
		return nil, err
	}
	system.Hold(fd)
	p.recv.To, p.sent.To, p.gone.To = (*receipt)(&p.stream), (*sending)(&p.stream), (*farewell)(p)
	return p, nil
}

// AcceptPipe implements engine.PipeAccepter.
func (e *Engine) AcceptPipe(fd uintptr, done func(error)) (func(), error) {
	c := &connecting{e: e, fd: fd, done: done}
	c.op.To = c
	if err := e.claim(fd, c); err != nil {
		return nil, err
	}
	if err := e.submit(&c.op, proactors.Request{Kind: proactors.Accept, FD: fd}); err != nil {
		c.abandon()
		return nil, err
	}
	return c.abandon, nil
}

// farewell is the pipe as what hears of its reader.
type farewell pipe

// Complete looks whether the reader has gone. Of a pipe that is not open for reading
// nobody can know.
func (f *farewell) Complete(ev uint64) {
	p, c := (*pipe)(f), proactors.FromEv(ev)
	if !p.watching || p.closed || c.N < 0 {
		return
	}
	switch sock.ReaderOf(p.fd, sock.Pipe) {
	case sock.ReaderGone:
		p.watching = false
		p.h.ReadEOF()
	case sock.ReaderThere:
		_ = p.watch()
	}
}

// watch waits for the end of the reader.
func (p *pipe) watch() error {
	return p.e.submit(&p.gone, proactors.Request{Kind: proactors.Poll, FD: p.fd, Mask: proactors.Readable})
}

// StartReading implements engine.Stream.
func (p *pipe) StartReading() error {
	if p.dir != engine.Write {
		return p.stream.StartReading()
	}
	if p.closed || p.e.closed {
		return engine.ErrClosed
	}
	p.watching = true
	if p.gone.InFlight() {
		return nil
	}
	return p.watch()
}

// StopReading implements engine.Stream. The wait goes on until something comes.
func (p *pipe) StopReading() {
	p.watching = false
	p.stream.StopReading()
}

// Write implements engine.Stream.
func (p *pipe) Write([]byte) (n, held int, err error) {
	if p.closed || p.e.closed {
		return 0, 0, engine.ErrClosed
	}
	return 0, 0, nil
}

// WriteVec implements engine.Stream.
func (p *pipe) WriteVec([][]byte) (n int, err error) {
	n, _, err = p.Write(nil)
	return n, err
}

// CloseWrite implements engine.Stream.
func (p *pipe) CloseWrite() error { return errors.ErrUnsupported }

// Close implements engine.Stream.
func (p *pipe) Close() error {
	if !p.closed && !p.e.closed {
		p.e.p.Cancel(&p.gone)
	}
	p.watching = false
	return p.stream.Close()
}

func (p *pipe) abandon() { _ = p.Close() }
