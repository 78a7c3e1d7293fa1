package tlsconn

import (
	"io"
	"net"
	"time"
)

// wire is a Conn as crypto/tls sees it: the connection in memory.
type wire Conn

// starved is what a Read gets when nothing has come. crypto/tls goes on after an error that
// is temporary.
type starved struct{}

func (starved) Error() string   { return "nothing has come" }
func (starved) Timeout() bool   { return true }
func (starved) Temporary() bool { return true }

// nothingHasCome is the one of its kind, so that telling it allocates nothing.
var nothingHasCome net.Error = starved{}

// Read gives what has come of the record that is due; in the handshake it waits for that.
func (w *wire) Read(p []byte) (int, error) {
	for len(w.in) == 0 {
		switch {
		case w.reason != nil:
			return 0, w.reason
		case w.ended:
			w.endRead = true
			return 0, io.EOF
		case w.phase != handshaking:
			return 0, nothingHasCome
		}
		if err := w.outside.Wait(); err != nil {
			return 0, err
		}
	}
	n := w.record.pass(w.in[:min(len(p), len(w.in))])
	copy(p, w.in[:n])
	w.in = w.in[n:]
	return n, nil
}

// Write takes records, which flush hands down; in the handshake, when the protocol can do
// nothing that crypto/tls is locked for, they go at once.
func (w *wire) Write(p []byte) (int, error) {
	if w.phase == handshaking {
		return w.below.Write(p)
	}
	w.out = append(w.out, p...)
	return len(p), nil
}

// Close does nothing: what is below is closed by its owner.
func (*wire) Close() error { return nil }

// LocalAddr is that of what is below.
func (w *wire) LocalAddr() net.Addr { return w.below.LocalAddr() }

// RemoteAddr is that of what is below.
func (w *wire) RemoteAddr() net.Addr { return w.below.RemoteAddr() }

// SetDeadline does nothing: a Read that is not in the handshake never waits, nor does a Write.
func (*wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (*wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (*wire) SetWriteDeadline(time.Time) error { return nil }
