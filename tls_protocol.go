package asyncio

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/tlsconn"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// tlsProtocol is a TLS transport as the protocol of what is below it.
type tlsProtocol tlsTransport

var (
	_ Protocol         = (*tlsProtocol)(nil)
	_ engine.Completer = (*tlsOutside)(nil)
)

// ConnectionMade implements Protocol: there is a connection, and so the handshake begins.
func (p *tlsProtocol) ConnectionMade(below Transport) {
	(*tlsTransport)(p).begin(below.(*streamTransport).under())
}

// close implements layer.
func (p *tlsProtocol) close() bool {
	switch above, ok := p.layer.Protocol().(layer); {
	case p.below == nil:
		return false
	case ok && above.close():
	default:
		(*tlsTransport)(p).close()
	}
	return true
}

// DataReceived implements Protocol.
func (p *tlsProtocol) DataReceived(data []byte) { p.layer.Feed(data) }

// EOFReceived implements Protocol: what is below stays open for what is to be sent still.
func (p *tlsProtocol) EOFReceived() bool {
	p.layer.FeedEOF()
	return true
}

// PauseWriting implements Protocol.
func (p *tlsProtocol) PauseWriting() { p.layer.PauseWriting() }

// ResumeWriting implements Protocol.
func (p *tlsProtocol) ResumeWriting() { p.layer.ResumeWriting() }

// ConnectionLost implements Protocol. What the layer has failed with is why it was lost.
func (p *tlsProtocol) ConnectionLost(reason error) {
	t := (*tlsTransport)(p)
	t.timer.Cancel()
	if t.failure != nil {
		reason = t.failure
	}
	app := t.protocol()
	t.released.Store(true)
	defer t.layer.SetProtocol(nil)
	if t.start != nil {
		t.lostInHandshake(reason)
	} else {
		t.layer.Lost(reason)
	}
	defer func() { t.loop.tellLateWrites(t.late-lateWrites, lateTLSWrite, t.String()) }()
	if t.made {
		app.ConnectionLost(reason)
	}
}

// tlsOutside is a TLS transport as its layer sees it, and as work of the loop's.
type tlsOutside tlsTransport

// Wait implements tlsconn.Outside.
func (o *tlsOutside) Wait() error { return o.start.waiter.Wait(o.start.ctx) }

// Wake implements tlsconn.Outside.
func (o *tlsOutside) Wake() {
	if s := o.start; s != nil {
		s.waiter.Wake()
	}
}

// Take implements tlsconn.Outside.
func (o *tlsOutside) Take() []byte { return o.loop.transports.records.take() }

// Give implements tlsconn.Outside.
func (o *tlsOutside) Give(buf []byte) { o.loop.transports.records.give(buf) }

// Later implements tlsconn.Outside.
func (o *tlsOutside) Later() { o.loop.schedule(o, 0) }

// Complete implements engine.Completer.
func (o *tlsOutside) Complete(uint64) {
	(*tlsTransport)(o).guarded("DataReceived", o.layer.Step)
}

// callbackName names the transport in reports.
func (o *tlsOutside) callbackName() string { return (*tlsTransport)(o).String() }

// Closing implements tlsconn.Outside.
func (o *tlsOutside) Closing() {
	t := (*tlsTransport)(o)
	t.after(t.setup.shutdown, shutdownTimeout())
}

// Failed implements tlsconn.Outside. What a peer does wrong is nobody's mistake here, and is
// told to the protocol alone, except in debug mode.
func (o *tlsOutside) Failed(err error) {
	t := (*tlsTransport)(o)
	if err == tlsconn.ErrEmptyBuffer {
		t.below.Abort(err)
		t.loop.report(ExceptionContext{
			Message: "Fatal error: protocol.GetBuffer() call failed.", Err: err, Transport: t, Protocol: t.protocol(),
		})
		return
	}
	t.failure = err
	t.below.Close()
	o.Closing()
	t.debugf("TLS failed: %v", err)
}

// NoHalfClose implements tlsconn.Outside. A layer above has begun its own end by itself.
func (o *tlsOutside) NoHalfClose() {
	if _, ok := o.layer.Protocol().(layer); ok {
		return
	}
	o.loop.logger().Warn("returning true from eof_received() has no effect when using ssl before TLS 1.3", "transport", (*tlsTransport)(o).String())
}

// PauseWriting implements tlsconn.Outside.
func (o *tlsOutside) PauseWriting() {
	o.full = true
	(*tlsTransport)(o).tell("pause_writing", Protocol.PauseWriting)
}

// ResumeWriting implements tlsconn.Outside.
func (o *tlsOutside) ResumeWriting() {
	o.full = false
	(*tlsTransport)(o).tell("resume_writing", Protocol.ResumeWriting)
}

// tell calls the protocol, if it has met the transport. A panic or a Goexit is reported, and
// the transport goes on.
func (t *tlsTransport) tell(what string, call func(Protocol)) {
	p := t.protocol()
	if !t.made || p == nil {
		return
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if exit := t.loop.exitOf(recover()); !exit.Stops && !exit.Told {
			t.loop.reportExit(exit.Reason, ExceptionContext{
				Message: "protocol." + what + "() failed", Transport: t, Protocol: p,
			})
		}
	}()
	call(p)
	returned = true
}

// guarded calls what calls the protocol: should that not return, it is the end of the
// transport, not of the loop.
func (t *tlsTransport) guarded(call string, f func()) {
	returned := false
	defer func() {
		if !returned {
			t.exited(call, t.loop.exitOf(recover()))
		}
	}()
	f()
	returned = true
}

// exited ends the transport because a call of the protocol's has not returned.
func (t *tlsTransport) exited(call string, exit transport.Exit) {
	if exit.Stops {
		return
	}
	p := t.protocol()
	t.abort(exit.Reason)
	if !exit.Told {
		t.loop.reportExit(exit.Reason, ExceptionContext{
			Message: "Fatal error: protocol." + call + "() call failed.", Transport: t, Protocol: p,
		})
	}
}
