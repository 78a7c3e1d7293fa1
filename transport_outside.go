package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// What transports of all kinds have of their loop.

// noteLateWrite warns of a write to a transport that came too late, or counts it.
func (l *baseLoop) noteLateWrite(late int, released bool, what string, t fmt.Stringer) {
	switch {
	case late == lateWrites:
		l.logger().Warn(what, "transport", t.String())
	case late > lateWrites && released:
		l.transports.late++
	}
}

// control runs f as the loop's owner, for methods that change a transport.
func (l *baseLoop) control(op string, f func()) error {
	hold, err := l.acquireClosed(op)
	if err != nil {
		return err
	}
	defer hold.Leave()
	f()
	return nil
}

// ownerOrLater runs f as the loop's owner, now or, from another goroutine, when the loop
// gets to it.
func (l *baseLoop) ownerOrLater(f func()) {
	if !l.ifOwner(f) {
		l.post(callback(f), 0)
	}
}

// setLimits has set replace the marks of a transport's flow control.
func (l *baseLoop) setLimits(high, low int, set func(high, low int) bool) error {
	const op = "SetWriteBufferLimits"
	done := false
	if err := l.control(op, func() { done = set(high, low) }); err != nil {
		return err
	}
	if !done {
		high, low = transport.Limits(high, low)
		return invalid(op, "high (%d) must not be below low (%d)", high, low)
	}
	return nil
}
