package selectortest

import (
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
)

// End is one end of a connected pair of sockets. It is a file object: it
// has a descriptor while it is open.
type End struct {
	socket
	open bool
}

// Fd returns the descriptor, selectors.NoFD once closed.
func (e *End) Fd() uintptr {
	if !e.open {
		return selectors.NoFD
	}
	return e.fd()
}

// Close closes this end. Closing again does nothing.
func (e *End) Close() {
	if e.open {
		e.open = false
		e.close()
	}
}

// Pair returns the two ends of a connection, which do not block and are
// closed when the test ends.
func Pair(t testing.TB) (a, b *End) {
	t.Helper()
	x, y, err := newSockets()
	if err != nil {
		t.Fatalf("cannot make a pair of sockets: %v", err)
	}
	a, b = &End{x, true}, &End{y, true}
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	return a, b
}

// Send writes a short message, which must not block.
func (e *End) Send(t testing.TB, message string) {
	t.Helper()
	if n, err := e.write([]byte(message)); n != len(message) || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
}

// Receive reads what is there, at most 4 KiB of it. There must be something.
func (e *End) Receive(t testing.TB) string {
	t.Helper()
	var buf [4096]byte
	n, err := e.read(buf[:])
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(buf[:n])
}

// drain reads until nothing is left, or nothing comes for a while.
func (e *End) drain() {
	var buf [64 << 10]byte
	for {
		if n, err := e.read(buf[:]); n <= 0 || err != nil {
			return
		}
	}
}
