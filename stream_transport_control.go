package asyncio

import (
	"errors"
	"fmt"
	"net"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// Write implements Transport.
func (t *streamTransport) Write(p []byte) (int, error) {
	if core := &t.loop.core; !goroutine.Quick || !core.IsHere(goroutine.QuickID()) {
		return t.writeElsewhere(p)
	}
	n, err := t.core.Write(p)
	if err != nil {
		err = t.writeError("Write", err)
	}
	return n, err
}

// writeElsewhere is Write in a coroutine that another one has switched to or where it takes
// longer to know, while the loop does not run, or where it is refused.
func (t *streamTransport) writeElsewhere(p []byte) (n int, err error) {
	if t.loop.core.Here() {
		n, err = t.core.Write(p)
		return n, t.writeError("Write", err)
	}
	failed := t.control("Write", func() {
		n, err = t.core.Write(p)
		err = t.writeError("Write", err)
	})
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// WriteLines implements Transport.
func (t *streamTransport) WriteLines(pieces [][]byte) error {
	if core := &t.loop.core; !core.QuicklyHere() && !core.Here() { // as with Write
		return t.writeLinesElsewhere(pieces)
	}
	if err := t.core.WriteVec(pieces); err != nil {
		return t.writeError("Write", err)
	}
	return nil
}

// writeLinesElsewhere is WriteLines while the loop does not run, or where it is refused.
func (t *streamTransport) writeLinesElsewhere(pieces [][]byte) (err error) {
	failed := t.control("WriteLines", func() { err = t.writeError("Write", t.core.WriteVec(pieces)) })
	if failed != nil {
		return failed
	}
	return err
}

// WriteEOF implements Transport.
func (t *streamTransport) WriteEOF() (err error) {
	if failed := t.control("WriteEOF", func() { err = t.core.WriteEOF() }); failed != nil {
		return failed
	}
	return t.writeError("WriteEOF", err)
}

// CanWriteEOF implements Transport.
func (t *streamTransport) CanWriteEOF() bool { return !t.core.IsReadPipe() && !t.core.IsDuplexPipe() }

// writeError puts the loop's words to what became of a write.
func (t *streamTransport) writeError(op string, err error) error {
	switch err {
	case nil:
		return nil
	case transport.ErrAfterEOF:
		err = fmt.Errorf("%w: cannot call write() after write_eof()", ErrInvalidState)
	case transport.ErrSendingFile:
		err = fmt.Errorf("unable to write; %w", ErrSendfileInProgress)
	case transport.ErrLost:
		t.loop.noteLateWrite(t.core.LateWrites(), t.core.Released(), t.lateWrite(), t)
		err = net.ErrClosed
	case transport.ErrNoEOF:
		err = fmt.Errorf("%w: %v can only be closed", errors.ErrUnsupported, t)
	case transport.ErrReadSide:
		err = fmt.Errorf("%w: %v is the side of a pipe that is read", errors.ErrUnsupported, t)
	}
	return opError(op, err)
}

// control runs f as the loop's owner, for methods that change the transport.
func (t *streamTransport) control(op string, f func()) error { return t.loop.control(op, f) }

// Close implements Transport.
func (t *streamTransport) Close() error { return t.control("Transport.Close", t.core.Close) }

// Abort implements Transport. It has no error to return, so that from another
// goroutine it goes to the loop instead of being refused.
func (t *streamTransport) Abort() { t.loop.ownerOrLater(func() { t.core.Abort(nil) }) }

// IsClosing implements Transport.
func (t *streamTransport) IsClosing() bool { return t.core.Closing() }

// PauseReading implements Transport.
func (t *streamTransport) PauseReading() error {
	return t.controlReading("PauseReading", func() {
		if t.core.PauseReading() {
			t.debugf("pauses reading")
		}
	})
}

// ResumeReading implements Transport.
func (t *streamTransport) ResumeReading() error {
	return t.controlReading("ResumeReading", func() {
		if t.core.ResumeReading() {
			t.debugf("resumes reading")
		}
	})
}

// controlReading is control for what only a transport can do that reads.
func (t *streamTransport) controlReading(op string, f func()) error {
	if t.core.IsWritePipe() {
		return opError(op, fmt.Errorf("%w: %v is the side of a pipe that is written", errors.ErrUnsupported, t))
	}
	return t.control(op, f)
}

// IsReading implements Transport.
func (t *streamTransport) IsReading() bool { return t.core.Reading() }

// SetProtocol implements Transport.
func (t *streamTransport) SetProtocol(p Protocol) error {
	if p == nil {
		return invalid("SetProtocol", "the protocol is nil")
	}
	return t.control("SetProtocol", func() { t.core.SetProtocol(p) })
}

// GetProtocol implements Transport.
func (t *streamTransport) GetProtocol() Protocol { return t.protocol() }

// GetWriteBufferSize implements Transport.
func (t *streamTransport) GetWriteBufferSize() int { return t.core.Size() }

// GetWriteBufferLimits implements Transport.
func (t *streamTransport) GetWriteBufferLimits() (low, high int) { return t.core.Limits() }

// SetWriteBufferLimits implements Transport.
func (t *streamTransport) SetWriteBufferLimits(high, low int) error {
	return t.loop.setLimits(high, low, t.core.SetLimits)
}
