package asyncio

import "net"

// BaseTransport is what transports of all kinds have in common.
// (asyncio.BaseTransport)
type BaseTransport interface {
	// Close ends the transport: it receives no more, sends what is buffered,
	// then tells the protocol by ConnectionLost(nil). Closing again is
	// harmless. Loop only. (close)
	Close() error
	// IsClosing reports whether the transport is closing or closed. Loop only.
	// (is_closing)
	IsClosing() bool
	// GetExtraInfo returns what is known under a name, nil for a name that is
	// not known: "socket" (the descriptor, a uintptr, for information),
	// "sockname" and "peername" (net.Addr) of sockets, "peercred" (PeerCredentials)
	// of unix sockets. Over TLS, until the end: "ssl_object" (a tls.ConnectionState),
	// "peercert" (the peer's *x509.Certificate), "cipher" (TLSCipher), "sslcontext" (the
	// *tls.Config). Any goroutine.
	// (get_extra_info)
	GetExtraInfo(name string) any
	// LocalAddr is the transport's own address, nil if it has none. It stays
	// after the end. Any goroutine. (get_extra_info("sockname"))
	LocalAddr() net.Addr
	// RemoteAddr is the peer's address, nil if there is none. Of a connection that a
	// server has accepted it is what the system said then, also if the peer has gone
	// since. It stays after the end. Any goroutine. (get_extra_info("peername"))
	RemoteAddr() net.Addr
}

// WriteLimits is what transports have in common that buffer what they send.
type WriteLimits interface {
	// GetWriteBufferSize returns how many bytes wait to be sent: over a proactor also
	// those that go to the system at the end of the pass. Loop only.
	// (get_write_buffer_size)
	GetWriteBufferSize() int
	// SetWriteBufferLimits sets the marks, in bytes, above which the protocol
	// is told to pause (64 KiB at first, 512 KiB over TLS) and at which to resume (a quarter). A
	// negative low is a quarter of high; a negative high is four times low,
	// and if both are negative the default is back. high below low:
	// ErrInvalidArgument. Loop only. (set_write_buffer_limits)
	SetWriteBufferLimits(high, low int) error
	// GetWriteBufferLimits returns the marks. Loop only.
	// (get_write_buffer_limits)
	GetWriteBufferLimits() (low, high int)
}

// Transport is a connection of bytes, as its protocol sees it.
// (asyncio.Transport)
type Transport interface {
	BaseTransport
	WriteLimits

	// Write sends p, at once as far as the system takes it; the rest is
	// buffered, so it never blocks. p is the caller's again when it returns.
	// It returns len(p) unless there is an error: net.ErrClosed once the
	// connection is lost, ErrInvalidState after WriteEOF, or what the system
	// said, which ends the connection. Loop only. (write)
	Write(p []byte) (int, error)
	// WriteLines sends the pieces as one write. Loop only. (writelines)
	WriteLines(pieces [][]byte) error
	// WriteEOF ends the sending side once all that is buffered is sent; the
	// peer reads its end, and can go on sending. TLS has that since 1.3; before, and of a pipe
	// of both directions, it is errors.ErrUnsupported. Loop only. (write_eof)
	WriteEOF() error
	// CanWriteEOF reports whether WriteEOF is possible. Any goroutine.
	// (can_write_eof)
	CanWriteEOF() bool
	// Abort ends the transport at once, dropping what is buffered. From another
	// goroutine it takes effect when the loop gets to it. (abort)
	Abort()
	// PauseReading keeps data from the protocol until ResumeReading. Loop only.
	// (pause_reading)
	PauseReading() error
	// ResumeReading goes on to receive. Loop only. (resume_reading)
	ResumeReading() error
	// IsReading reports whether the transport receives. Loop only. (is_reading)
	IsReading() bool
	// SetProtocol hands the connection to another protocol, for which
	// ConnectionMade is not called. nil: ErrInvalidArgument. Loop only.
	// (set_protocol)
	SetProtocol(p Protocol) error
	// GetProtocol returns the protocol, nil after the end. Loop only.
	// (get_protocol)
	GetProtocol() Protocol
}
