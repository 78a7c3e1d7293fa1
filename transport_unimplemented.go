package asyncio

import "net"

// UnimplementedTransport has every method of Transport; those that can say so
// return ErrNotImplemented, the others what an absent transport would. Embed it
// in a transport of your own, so that it stays one when methods are added.
type UnimplementedTransport struct{}

var _ Transport = UnimplementedTransport{}

// notImplementedIn is the error of a transport's method.
func notImplementedIn(method string) error { return opError("transport "+method, ErrNotImplemented) }

// Close returns ErrNotImplemented.
func (UnimplementedTransport) Close() error { return notImplementedIn("Close") }

// IsClosing returns false.
func (UnimplementedTransport) IsClosing() bool { return false }

// GetExtraInfo returns nil: nothing is known.
func (UnimplementedTransport) GetExtraInfo(string) any { return nil }

// LocalAddr returns nil.
func (UnimplementedTransport) LocalAddr() net.Addr { return nil }

// RemoteAddr returns nil.
func (UnimplementedTransport) RemoteAddr() net.Addr { return nil }

// GetWriteBufferSize returns 0.
func (UnimplementedTransport) GetWriteBufferSize() int { return 0 }

// SetWriteBufferLimits returns ErrNotImplemented.
func (UnimplementedTransport) SetWriteBufferLimits(high, low int) error {
	return notImplementedIn("SetWriteBufferLimits")
}

// GetWriteBufferLimits returns zeros.
func (UnimplementedTransport) GetWriteBufferLimits() (low, high int) { return 0, 0 }

// Write returns ErrNotImplemented.
func (UnimplementedTransport) Write([]byte) (int, error) { return 0, notImplementedIn("Write") }

// WriteLines returns ErrNotImplemented.
func (UnimplementedTransport) WriteLines([][]byte) error { return notImplementedIn("WriteLines") }

// WriteEOF returns ErrNotImplemented.
func (UnimplementedTransport) WriteEOF() error { return notImplementedIn("WriteEOF") }

// CanWriteEOF returns false.
func (UnimplementedTransport) CanWriteEOF() bool { return false }

// Abort does nothing.
func (UnimplementedTransport) Abort() {}

// PauseReading returns ErrNotImplemented.
func (UnimplementedTransport) PauseReading() error { return notImplementedIn("PauseReading") }

// ResumeReading returns ErrNotImplemented.
func (UnimplementedTransport) ResumeReading() error { return notImplementedIn("ResumeReading") }

// IsReading returns false.
func (UnimplementedTransport) IsReading() bool { return false }

// SetProtocol returns ErrNotImplemented.
func (UnimplementedTransport) SetProtocol(Protocol) error { return notImplementedIn("SetProtocol") }

// GetProtocol returns nil.
func (UnimplementedTransport) GetProtocol() Protocol { return nil }
