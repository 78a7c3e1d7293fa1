package asyncio

import "net"

// UnimplementedDatagramTransport has every method of DatagramTransport; those that can
// say so return ErrNotImplemented, the others what an absent transport would. Embed it in a
// transport of your own, so that it stays one when methods are added.
type UnimplementedDatagramTransport struct{}

var _ DatagramTransport = UnimplementedDatagramTransport{}

// Close returns ErrNotImplemented.
func (UnimplementedDatagramTransport) Close() error { return notImplementedIn("Close") }

// IsClosing returns false.
func (UnimplementedDatagramTransport) IsClosing() bool { return false }

// GetExtraInfo returns nil: nothing is known.
func (UnimplementedDatagramTransport) GetExtraInfo(string) any { return nil }

// LocalAddr returns nil.
func (UnimplementedDatagramTransport) LocalAddr() net.Addr { return nil }

// RemoteAddr returns nil.
func (UnimplementedDatagramTransport) RemoteAddr() net.Addr { return nil }

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

// JoinGroup returns ErrNotImplemented.
func (UnimplementedDatagramTransport) JoinGroup(MulticastGroup) error {
	return notImplementedIn("JoinGroup")
}

// LeaveGroup returns ErrNotImplemented.
func (UnimplementedDatagramTransport) LeaveGroup(MulticastGroup) error {
	return notImplementedIn("LeaveGroup")
}

// SetProtocol returns ErrNotImplemented.
func (UnimplementedDatagramTransport) SetProtocol(DatagramProtocol) error {
	return notImplementedIn("SetProtocol")
}

// GetProtocol returns nil.
func (UnimplementedDatagramTransport) GetProtocol() DatagramProtocol { return nil }
