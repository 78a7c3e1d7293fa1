package streams

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"

	"github.com/go-asyncio/asyncio"
)

// StartTLS upgrades the connection to TLS, as StartTLS of the loop does, and returns when the
// handshake is done: reader and writer go on over TLS. It drains first, so that what was
// written before goes in clear. What the reader holds, because the peer has sent it behind
// the upgrade already, goes to TLS: what is not TLS in it ends the handshake, so that
// nobody can put clear text in.
//
// The connection of a server's handler has the side of the server; on any other one opts say,
// of which there may be one. A client needs a name to check: that of the host, as ServerName of
// config or of opts.
//
// Until StartTLS returns, what others write is refused with asyncio.ErrInvalidState. After an
// error the connection is closed, unless the error is asyncio.ErrInvalidArgument,
// asyncio.ErrInvalidState, asyncio.ErrWrongLoop or what Drain has failed with. It suspends or
// blocks: any goroutine may call it. (start_tls)
func (w *StreamWriter) StartTLS(ctx context.Context, config *tls.Config, opts ...asyncio.StartTLSOptions) error {
	const op = "StartTLS"
	var o asyncio.StartTLSOptions
	switch len(opts) {
	case 0:
	case 1:
		o = opts[0]
	default:
		return invalid(op, "there may be one asyncio.StartTLSOptions, got %d", len(opts))
	}
	if o.Received != nil {
		return invalid(op, "Received must not be set: what the reader holds is what was received")
	}
	switch here, err := w.here(op); {
	case err != nil:
		return err
	case !here:
		return w.inCoroutine(ctx, func(ctx context.Context) error { return w.startTLS(ctx, config, o) })
	}
	return w.startTLS(ctx, config, o)
}

// startTLS is StartTLS in a coroutine of the loop.
func (w *StreamWriter) startTLS(ctx context.Context, config *tls.Config, o asyncio.StartTLSOptions) error {
	if err := w.Drain(ctx); err != nil {
		return err
	}
	old := w.Transport()
	if _, busy := old.(upgrading); busy {
		return errUpgrading("StartTLS")
	}
	if w.reader != nil {
		if err := w.reader.canUpgrade(); err != nil {
			return err
		}
		o.Received = w.reader.handOver
	}
	p := old.GetProtocol()
	over, _ := p.(interface{ isServer() bool })
	o.ServerSide = o.ServerSide || over != nil && over.isServer()

	w.become(upgrading{old})
	next := old
	defer func() { w.become(next) }() // also when the coroutine is unwound
	secure, err := w.flow.loop.StartTLS(ctx, old, p, config, &o)
	if err != nil {
		return err
	}
	next = secure
	if over, ok := p.(interface{ nowOverTLS() }); ok {
		over.nowOverTLS()
	}
	if w.reader != nil {
		w.reader.upgraded(secure)
	}
	return nil
}

// become replaces the transport.
func (l *line) become(t asyncio.Transport) { l.now.Store(&t) }

// upgrading is a transport upon which a handshake is under way: what would be written in
// between is refused.
type upgrading struct{ asyncio.Transport }

// errUpgrading is the error of what is refused.
func errUpgrading(op string) error {
	return opError(op, fmt.Errorf("%w: the TLS handshake of StartTLS is under way; wait until that has returned", asyncio.ErrInvalidState))
}

// Write implements asyncio.Transport.
func (upgrading) Write([]byte) (int, error) { return 0, errUpgrading("Write") }

// WriteLines implements asyncio.Transport.
func (upgrading) WriteLines([][]byte) error { return errUpgrading("WriteLines") }

// WriteEOF implements asyncio.Transport.
func (upgrading) WriteEOF() error { return errUpgrading("WriteEOF") }

// isServer reports whether the protocol serves a client.
func (p *StreamReaderProtocol) isServer() bool { return p.serves }

// nowOverTLS says that the connection is one of TLS from now on.
func (p *StreamReaderProtocol) nowOverTLS() { p.overTLS = true }

// canUpgrade says why the stream cannot go on by TLS, if it cannot.
func (r *reading) canUpgrade() error {
	r.lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil:
		return r.err
	case r.eof:
		return opError("StartTLS", fmt.Errorf("the peer has ended the stream: %w", io.ErrUnexpectedEOF))
	}
	return nil
}

// handOver returns what the reader holds, which is TLS's; and until upgraded there is no
// transport to be paused.
func (r *reading) handOver() []byte {
	r.lock()
	defer r.mu.Unlock()
	r.transport, r.paused = nil, false
	return r.buf.next(r.buf.len())
}

// upgraded gives the reader the transport of TLS, which may have brought much already.
func (r *reading) upgraded(t asyncio.Transport) {
	r.mu.Lock()
	r.transport = &t
	full := r.buf.len() > 2*r.limit
	r.paused = full
	r.mu.Unlock()
	if full {
		r.pause(t)
	}
}
