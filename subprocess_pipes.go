package asyncio

import (
	"context"
	"os"
	"slices"

	"github.com/go-asyncio/asyncio/internal/child"
)

// subprocessPipe is one of a child's pipes: the protocol of its transport.
type subprocessPipe struct {
	of        *subprocessTransport
	fd        int       // the child's
	transport Transport // nil until it is connected
	lost      bool
}

var _ Protocol = (*subprocessPipe)(nil)

// ConnectionMade implements Protocol.
func (p *subprocessPipe) ConnectionMade(t Transport) { p.transport = t }

// DataReceived implements Protocol.
func (p *subprocessPipe) DataReceived(data []byte) {
	if p.of.met {
		p.received(data)
	} else {
		data = slices.Clone(data)
		p.of.happens(func() { p.received(data) })
	}
}

// received tells the subprocess's protocol. If that fails it is the end of the pipe.
func (p *subprocessPipe) received(data []byte) {
	p.of.tell("PipeDataReceived", func(of SubprocessProtocol) { of.PipeDataReceived(p.fd, data) }, p.fail)
}

// EOFReceived implements Protocol.
func (p *subprocessPipe) EOFReceived() bool { return false }

// ConnectionLost implements Protocol.
func (p *subprocessPipe) ConnectionLost(err error) {
	p.lost = true
	p.of.settle()
	p.of.happens(func() {
		p.of.tell("PipeConnectionLost", func(of SubprocessProtocol) { of.PipeConnectionLost(p.fd, err) }, nil)
	})
}

// writesFlow is a protocol that hears of the write buffer of the pipe to its child.
type writesFlow interface {
	PauseWriting()
	ResumeWriting()
}

// PauseWriting implements Protocol.
func (p *subprocessPipe) PauseWriting() { p.flows("PauseWriting", writesFlow.PauseWriting) }

// ResumeWriting implements Protocol.
func (p *subprocessPipe) ResumeWriting() { p.flows("ResumeWriting", writesFlow.ResumeWriting) }

// flows tells the subprocess's protocol of the write buffer, if it wants to hear of it.
func (p *subprocessPipe) flows(call string, f func(writesFlow)) {
	p.of.happens(func() {
		p.of.tell(call, func(of SubprocessProtocol) {
			if w, ok := of.(writesFlow); ok {
				f(w)
			}
		}, nil)
	})
}

// fail ends the pipe with a reason, where the transport is one of this package's.
func (p *subprocessPipe) fail(reason error) {
	switch t := p.transport.(type) {
	case *streamTransport:
		t.core.Abort(reason)
	case nil:
	default:
		t.Abort()
	}
}

// close ends the pipe. What is on its way to a child that was killed nobody will read.
func (p *subprocessPipe) close(killed bool) {
	switch {
	case p.transport == nil:
		p.lost = true // it is not connected, and will not be
	case killed:
		p.transport.Abort()
	default:
		_ = p.transport.Close() // on its own loop it closes
	}
}

// discard lets go of the pipe when its loop is closed.
func (p *subprocessPipe) discard() {
	if t, ok := p.transport.(*streamTransport); ok && !t.core.Released() {
		t.core.Discard()
	}
}

// connect connects the pipes, in their order.
func (t *subprocessTransport) connect(ctx context.Context, s *subprocessFiles) error {
	for fd, p := range t.pipes {
		if p == nil {
			continue
		}
		if err := p.connect(ctx, s.takeOurs(fd)); err != nil {
			return err
		}
	}
	return nil
}

// connect gives the pipe its transport. The descriptor is the transport's, or is closed. A
// loop of the user's is asked by its own ConnectReadPipe and ConnectWritePipe.
func (p *subprocessPipe) connect(ctx context.Context, end uintptr) error {
	open, ask := newReadPipe, p.of.loop.self.ConnectReadPipe
	if p.fd == 0 {
		open, ask = newWritePipe, p.of.loop.self.ConnectWritePipe
	}
	if p.of.loop.outer {
		_, _, err := ask(ctx, func() Protocol { return p }, os.NewFile(end, standardName(p.fd)))
		return err
	}
	t, err := open(p.of.loop, end, p, nil)
	if err != nil {
		child.CloseFile(end)
		return err
	}
	p.transport = t
	return nil
}
