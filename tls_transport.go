package asyncio

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/tlsconn"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// tlsTransport is TLS upon another transport of the loop's, as its users and its loop have
// it: what it does is the layer's, and here are the loop's words, timers and checks of who
// calls. To what is below it is a protocol (tlsProtocol), and it can be below another one.
type tlsTransport struct {
	layer    tlsconn.Conn
	loop     *baseLoop
	below    underTLS
	start    *tlsStart // the handshake, while it is under way
	timer    TimerHandle
	failure  error // what the layer has failed with
	late     int   // writes that came too late
	made     bool  // the protocol has met a transport
	full     bool  // what is below has too much to send
	behind   bool  // and the protocol believes the opposite
	released atomic.Bool
	setup    *tlsSetup
	file     *tlsWay // what has the transport for itself
}

// underTLS is a transport as what TLS stands on.
type underTLS interface {
	tlsconn.Below
	transportState
	Abort(reason error)
	SetProtocol(p Protocol)
	SetLimits(high, low int) bool
	Limits() (low, high int)
	Info(name string) any
	taken() bool // its protocol is a layer of TLS
	fmt.Stringer
}

// The marks of what TLS has below it, in bytes, as asyncio's are. (sslproto's
// FLOW_CONTROL_HIGH_WATER_SSL_WRITE)
const (
	tlsHighWater = 512 << 10
	tlsLowWater  = tlsHighWater / 4
)

// lateTLSWrite is what a write is called that comes after the end has begun.
const lateTLSWrite = "SSL connection is closed"

// newTLS makes a transport that is to stand upon another one, and delivers to p. met, if it is
// not nil, hears how the handshake has ended.
func newTLS(l *baseLoop, p Protocol, setup *tlsSetup, met func(error)) *tlsTransport {
	return &tlsTransport{
		loop: l, setup: setup,
		start: &tlsStart{protocol: p, met: met},
	}
}

// streamUnder is a connection as what TLS stands on.
type streamUnder streamTransport

// under is a connection as what TLS stands on.
func (t *streamTransport) under() *streamUnder { return (*streamUnder)(t) }

func (u *streamUnder) Write(p []byte) (int, error)  { return u.core.Write(p) }
func (u *streamUnder) Close()                       { u.core.Close() }
func (u *streamUnder) Abort(reason error)           { u.core.Abort(reason) }
func (u *streamUnder) PauseReading()                { u.core.PauseReading() }
func (u *streamUnder) ResumeReading()               { u.core.ResumeReading() }
func (u *streamUnder) SetProtocol(p Protocol)       { u.core.SetProtocol(p) }
func (u *streamUnder) SetLimits(high, low int) bool { return u.core.SetLimits(high, low) }
func (u *streamUnder) Limits() (low, high int)      { return u.core.Limits() }
func (u *streamUnder) Released() bool               { return u.core.Released() }
func (u *streamUnder) Closing() bool                { return u.core.Closing() }
func (u *streamUnder) FD() uintptr                  { return u.core.FD() }
func (u *streamUnder) Sending() bool                { return u.core.Sending() }
func (u *streamUnder) Size() int                    { return u.core.Size() }
func (u *streamUnder) LocalAddr() net.Addr          { return u.of().LocalAddr() }
func (u *streamUnder) RemoteAddr() net.Addr         { return u.of().RemoteAddr() }
func (u *streamUnder) Info(name string) any         { return u.of().GetExtraInfo(name) }
func (u *streamUnder) String() string               { return u.of().String() }
func (u *streamUnder) taken() bool                  { _, is := u.core.Protocol().(layer); return is }
func (u *streamUnder) of() *streamTransport         { return (*streamTransport)(u) }

// tlsUnder is a TLS transport as what another one stands on.
type tlsUnder tlsTransport

func (u *tlsUnder) Write(p []byte) (int, error)  { return u.of().write(p) }
func (u *tlsUnder) Close()                       { u.of().close() }
func (u *tlsUnder) Abort(reason error)           { u.of().abort(reason) }
func (u *tlsUnder) PauseReading()                { u.layer.Pause() }
func (u *tlsUnder) ResumeReading()               { u.layer.Resume() }
func (u *tlsUnder) SetProtocol(p Protocol)       { u.layer.SetProtocol(p) }
func (u *tlsUnder) SetLimits(high, low int) bool { return u.below.SetLimits(high, low) }
func (u *tlsUnder) Limits() (low, high int)      { return u.below.Limits() }
func (u *tlsUnder) Released() bool               { return u.released.Load() }
func (u *tlsUnder) Closing() bool                { return u.of().IsClosing() }
func (u *tlsUnder) FD() uintptr                  { return u.below.FD() }
func (u *tlsUnder) Sending() bool                { return u.below.Sending() }
func (u *tlsUnder) Size() int                    { return u.below.Size() }
func (u *tlsUnder) LocalAddr() net.Addr          { return u.below.LocalAddr() }
func (u *tlsUnder) RemoteAddr() net.Addr         { return u.below.RemoteAddr() }
func (u *tlsUnder) Info(name string) any         { return u.of().GetExtraInfo(name) }
func (u *tlsUnder) String() string               { return u.of().String() }
func (u *tlsUnder) taken() bool                  { _, is := u.layer.Protocol().(layer); return is }
func (u *tlsUnder) of() *tlsTransport            { return (*tlsTransport)(u) }

// protocol is the protocol, nil after the end.
func (t *tlsTransport) protocol() Protocol {
	if s := t.start; s != nil {
		return s.protocol
	}
	p, _ := t.layer.Protocol().(Protocol)
	return p
}

// String describes the transport by its state.
func (t *tlsTransport) String() string {
	return describeTransport("TLSTransport", (*tlsUnder)(t), t.IsReading(), t.loop.IsClosed())
}

// control runs f as the loop's owner, for methods that change the transport.
func (t *tlsTransport) control(op string, f func()) error { return t.loop.control(op, f) }

// Write implements Transport.
func (t *tlsTransport) Write(p []byte) (n int, err error) {
	if core := &t.loop.core; core.QuicklyInBody() || core.Here() {
		n, err = t.write(p)
		return n, t.writeError("Write", err)
	}
	failed := t.control("Write", func() {
		n, err = t.write(p)
		err = t.writeError("Write", err)
	})
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// write encrypts and sends p, unless a file has the transport for itself.
func (t *tlsTransport) write(p []byte) (int, error) {
	if t.file != nil && len(p) > 0 {
		return 0, transport.ErrSendingFile
	}
	return t.layer.Write(p)
}

// WriteLines implements Transport.
func (t *tlsTransport) WriteLines(pieces [][]byte) (err error) {
	if failed := t.control("WriteLines", func() { err = t.writeError("Write", t.writeVec(pieces)) }); failed != nil {
		return failed
	}
	return err
}

// writeVec is write for several pieces.
func (t *tlsTransport) writeVec(pieces [][]byte) error {
	if t.file != nil && slices.ContainsFunc(pieces, func(p []byte) bool { return len(p) > 0 }) {
		return transport.ErrSendingFile
	}
	return t.layer.WriteVec(pieces)
}

// writeError puts the loop's words to what became of a write.
func (t *tlsTransport) writeError(op string, err error) error {
	switch err {
	case nil:
		return nil
	case tlsconn.ErrAfterEOF:
		err = fmt.Errorf("%w: cannot call write() after write_eof()", ErrInvalidState)
	case transport.ErrSendingFile:
		err = fmt.Errorf("unable to write; %w", ErrSendfileInProgress)
	case tlsconn.ErrNoHalfClose:
		err = fmt.Errorf("%w: %v can only be closed: %w", errors.ErrUnsupported, t, err)
	case tlsconn.ErrClosed, transport.ErrLost:
		t.late++
		t.loop.noteLateWrite(t.late, t.released.Load(), lateTLSWrite, t)
		err = net.ErrClosed
	}
	return opError(op, err)
}

// WriteEOF implements Transport.
func (t *tlsTransport) WriteEOF() (err error) {
	if failed := t.control("WriteEOF", func() { err = t.closeWrite() }); failed != nil {
		return failed
	}
	return t.writeError("WriteEOF", err)
}

// closeWrite ends the sending side alone, when a file that is being sent has gone.
func (t *tlsTransport) closeWrite() error {
	if t.file != nil && t.layer.HalfCloses() {
		t.file.eof = true
		return nil
	}
	return t.layer.CloseWrite()
}

// CanWriteEOF implements Transport: since TLS 1.3.
func (t *tlsTransport) CanWriteEOF() bool { return t.layer.HalfCloses() }

// Close implements Transport.
func (t *tlsTransport) Close() error { return t.control("Transport.Close", t.close) }

// close ends the transport once all is sent, a file included, and the peer has said its end,
// too.
func (t *tlsTransport) close() {
	switch {
	case t.start != nil:
		t.abort(nil)
	case t.file != nil:
		t.file.closes = true
	default:
		t.layer.Close()
	}
}

// Abort implements Transport.
func (t *tlsTransport) Abort() { t.loop.ownerOrLater(func() { t.abort(nil) }) }

// abort ends the transport at once, without a word to the peer.
func (t *tlsTransport) abort(reason error) {
	t.layer.Abort()
	t.below.Abort(reason)
}

// IsClosing implements Transport.
func (t *tlsTransport) IsClosing() bool {
	return t.start == nil && !t.layer.IsOpen() || t.file != nil && t.file.closes || t.below.Closing()
}

// PauseReading implements Transport.
func (t *tlsTransport) PauseReading() error {
	return t.control("PauseReading", func() {
		if t.pause() {
			t.debugf("pauses reading")
		}
	})
}

// ResumeReading implements Transport.
func (t *tlsTransport) ResumeReading() error {
	return t.control("ResumeReading", func() {
		if t.resume() {
			t.debugf("resumes reading")
		}
	})
}

// pause keeps what comes from the protocol. It reports whether that is new.
func (t *tlsTransport) pause() (is bool) {
	if f := t.file; f != nil {
		is, f.reads = f.reads, false
		return is
	}
	return t.layer.Pause()
}

// resume is the opposite; behind a file it takes effect after it.
func (t *tlsTransport) resume() (is bool) {
	if f := t.file; f != nil {
		is, f.reads = !f.reads, true
		return is
	}
	return t.layer.Resume()
}

// IsReading implements Transport.
func (t *tlsTransport) IsReading() bool { return t.layer.Reading() && !t.below.Closing() }

// SetProtocol implements Transport.
func (t *tlsTransport) SetProtocol(p Protocol) error {
	if p == nil {
		return invalid("SetProtocol", "the protocol is nil")
	}
	return t.control("SetProtocol", func() {
		switch {
		case t.start != nil:
			t.start.protocol = p
		case !t.released.Load():
			t.layer.SetProtocol(p)
		}
	})
}

// GetProtocol implements Transport.
func (t *tlsTransport) GetProtocol() Protocol { return t.protocol() }

// GetWriteBufferSize implements Transport: of what is encrypted.
func (t *tlsTransport) GetWriteBufferSize() int { return t.below.Size() }

// GetWriteBufferLimits implements Transport.
func (t *tlsTransport) GetWriteBufferLimits() (low, high int) { return t.below.Limits() }

// SetWriteBufferLimits implements Transport.
func (t *tlsTransport) SetWriteBufferLimits(high, low int) error {
	if high < 0 && low < 0 {
		high = tlsHighWater
	}
	return t.loop.setLimits(high, low, t.below.SetLimits)
}

// LocalAddr implements Transport.
func (t *tlsTransport) LocalAddr() net.Addr { return t.below.LocalAddr() }

// RemoteAddr implements Transport.
func (t *tlsTransport) RemoteAddr() net.Addr { return t.below.RemoteAddr() }

// debugf tells those who debug what has happened.
func (t *tlsTransport) debugf(format string, args ...any) { t.loop.debugf(t, format, args...) }
