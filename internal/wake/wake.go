// Package wake interrupts a goroutine that blocks in a selector: a Waker has a
// descriptor that becomes readable when any goroutine calls Wake, and stays so until the
// goroutine that was woken calls Drain.
//
// Wake-ups are not counted: any number of them before one Drain are one. Nothing
// here blocks. What the descriptor is depends on the system: an eventfd on Linux, a pipe on
// other unixes, a UDP socket on Windows, where select takes nothing but sockets.
// It is not inherited by child processes.
package wake

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// ErrClosed is what calls on a closed Waker return. It is an os.ErrClosed.
var ErrClosed = fmt.Errorf("wake: the waker is closed: %w", os.ErrClosed)

// Waker makes a descriptor readable from any goroutine. Make one with New.
type Waker struct {
	// mu keeps Close from freeing the descriptor's number while a Wake writes to it.
	// Drain stays clear of it: a consumer that was just woken would run into the
	// goroutine that is about to leave Wake.
	mu     sync.Mutex
	closed atomic.Bool
	pair   pair
}

// New returns a Waker whose descriptor is not readable yet.
func New() (*Waker, error) {
	w := new(Waker)
	if err := w.pair.open(); err != nil {
		return nil, fmt.Errorf("wake: %w", err)
	}
	return w, nil
}

// FD returns the descriptor to select for reading (on Windows a SOCKET). It is
// valid until Close.
func (w *Waker) FD() uintptr { return w.pair.reader() }

// Descriptors returns all descriptors that the Waker holds, none once it is closed.
// It is for tests that count them, and for the consumer only.
func (w *Waker) Descriptors() []uintptr {
	if w.closed.Load() {
		return nil
	}
	return w.pair.all()
}

// Wake makes the descriptor readable. Any goroutine may call it, also while
// another closes the Waker: after Close it returns ErrClosed and touches no descriptor.
func (w *Waker) Wake() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Load() {
		return ErrClosed
	}
	if err := w.pair.signal(); err != nil {
		return fmt.Errorf("wake: signal: %w", err)
	}
	return nil
}

// Drain makes the descriptor unreadable until the next Wake. Only the consumer may
// call it, and not at the same time as Close. To call it when nothing is to be drained is no error.
func (w *Waker) Drain() error {
	if w.closed.Load() {
		return ErrClosed
	}
	if err := w.pair.drain(); err != nil {
		return fmt.Errorf("wake: drain: %w", err)
	}
	return nil
}

// Close frees the descriptors. It waits for a Wake that is under way, which never
// blocks. Further calls do nothing. The consumer calls it, when it no longer selects FD.
func (w *Waker) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Swap(true) {
		return nil
	}
	if err := w.pair.close(); err != nil {
		return fmt.Errorf("wake: close: %w", err)
	}
	return nil
}
