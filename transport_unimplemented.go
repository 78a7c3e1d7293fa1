package asyncio

import (
	"net"
	"os"
)

// UnimplementedTransport has every method of Transport; those that can say so
// return ErrNotImplemented, the others what an absent transport would. Embed it
// in a transport of your own, so that it stays one when methods are added.
type UnimplementedTransport struct{ unimplementedBase }

// UnimplementedDatagramTransport is the same for DatagramTransport.
type UnimplementedDatagramTransport struct{ unimplementedBase }

// UnimplementedSubprocessTransport is the same for SubprocessTransport.
type UnimplementedSubprocessTransport struct{ unimplementedBase }

var (
	_ Transport           = UnimplementedTransport{}
	_ DatagramTransport   = UnimplementedDatagramTransport{}
	_ SubprocessTransport = UnimplementedSubprocessTransport{}
)

// unimplementedBase is what the three have in common.
type unimplementedBase struct{}

func notImplementedIn(method string) error { return opError("transport "+method, ErrNotImplemented) }

// Close returns ErrNotImplemented.
func (unimplementedBase) Close() error { return notImplementedIn("Close") }

// IsClosing returns false.
func (unimplementedBase) IsClosing() bool { return false }

// GetExtraInfo returns nil: nothing is known.
func (unimplementedBase) GetExtraInfo(string) any { return nil }

// LocalAddr returns nil.
func (unimplementedBase) LocalAddr() net.Addr { return nil }

// RemoteAddr returns nil.
func (unimplementedBase) RemoteAddr() net.Addr { return nil }

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

// GetWriteBufferSize returns 0.
func (UnimplementedDatagramTransport) GetWriteBufferSize() int { return 0 }

// SetWriteBufferLimits returns ErrNotImplemented.
func (UnimplementedDatagramTransport) SetWriteBufferLimits(high, low int) error {
	return notImplementedIn("SetWriteBufferLimits")
}

// GetWriteBufferLimits returns zeros.
func (UnimplementedDatagramTransport) GetWriteBufferLimits() (low, high int) { return 0, 0 }

// SendTo returns ErrNotImplemented.
func (UnimplementedDatagramTransport) SendTo([]byte, net.Addr) error {
	return notImplementedIn("SendTo")
}

// Abort does nothing.
func (UnimplementedDatagramTransport) Abort() {}

// SetProtocol returns ErrNotImplemented.
func (UnimplementedDatagramTransport) SetProtocol(DatagramProtocol) error {
	return notImplementedIn("SetProtocol")
}

// GetProtocol returns nil.
func (UnimplementedDatagramTransport) GetProtocol() DatagramProtocol { return nil }

// GetPid returns 0.
func (UnimplementedSubprocessTransport) GetPid() int { return 0 }

// GetReturncode returns false.
func (UnimplementedSubprocessTransport) GetReturncode() (code int, exited bool) { return 0, false }

// GetPipeTransport returns nil.
func (UnimplementedSubprocessTransport) GetPipeTransport(int) Transport { return nil }

// SendSignal returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) SendSignal(os.Signal) error {
	return notImplementedIn("SendSignal")
}

// Terminate returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) Terminate() error { return notImplementedIn("Terminate") }

// Kill returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) Kill() error { return notImplementedIn("Kill") }
