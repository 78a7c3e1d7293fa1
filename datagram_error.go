package asyncio

import (
	"fmt"
	"net"
)

// DatagramError is what the system says of a datagram: that it could not be sent, or, later,
// that nobody listens where it was sent to, or of receiving.
type DatagramError struct {
	// Addr is the peer concerned, nil if the system does not say whom it means.
	Addr net.Addr
	// Err is what the system says.
	Err error
}

// Error describes the error.
func (e *DatagramError) Error() string {
	if e.Addr == nil {
		return fmt.Sprintf("asyncio: datagram: %v", e.Err)
	}
	return fmt.Sprintf("asyncio: datagram to %v: %v", e.Addr, e.Err)
}

// Unwrap returns what the system says.
func (e *DatagramError) Unwrap() error { return e.Err }

// DatagramTooLongError says that a datagram has come that was longer than the endpoint has
// room for. Nothing of it is handed over.
type DatagramTooLongError struct {
	// Addr is who sent it, nil if that has no address.
	Addr net.Addr
	// Size is how many bytes it had, 0 if the system does not say it.
	Size int
	// Limit is how many bytes the endpoint has room for: DatagramOptions.MaxSize.
	Limit int
}

// Error describes the error.
func (e *DatagramTooLongError) Error() string {
	what := "a datagram"
	if e.Size > 0 {
		what = fmt.Sprintf("a datagram of %d bytes", e.Size)
	}
	if e.Addr != nil {
		what += fmt.Sprintf(" from %v", e.Addr)
	}
	return fmt.Sprintf("asyncio: %s is lost: the endpoint takes no more than %d bytes; set DatagramOptions.MaxSize", what, e.Limit)
}
