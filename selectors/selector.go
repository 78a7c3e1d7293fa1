package selectors

import (
	"math"
	"time"
)

// EventMask says what a file is watched for, or what it is ready for: a
// bitwise combination of [EventRead] and [EventWrite].
type EventMask uint32

const (
	// EventRead: a read, an accept or the like would not block. asyncio: EVENT_READ.
	EventRead EventMask = 1 << iota
	// EventWrite: a write would not block, or a connect has ended. asyncio: EVENT_WRITE.
	EventWrite
)

// allEvents is every bit that Register and Modify accept.
const allEvents = EventRead | EventWrite

// String returns "read", "write", "read|write", "none", or the number where
// the mask holds other bits.
func (m EventMask) String() string {
	switch m {
	case 0:
		return "none"
	case EventRead:
		return "read"
	case EventWrite:
		return "write"
	case allEvents:
		return "read|write"
	}
	return "EventMask(" + uitoa(uint64(m)) + ")"
}

// Forever as the timeout of [Selector.Select] means that it may wait without
// limit. asyncio: a timeout of None.
const Forever time.Duration = math.MaxInt64

// Ready is one file that Select found ready: its key as registered, and those
// of its events that have come. Events is never zero and never holds a bit
// that is not in Key.Events.
type Ready struct {
	Key    *SelectorKey
	Events EventMask
}

// Selector watches files until they can be read or written without blocking.
// The package comment describes the use; here is what an implementer keeps.
//
// Who calls. One goroutine at a time calls any method. A loop calls Select
// from its own goroutine and makes every change between two calls of Select,
// so a selector needs no lock. To wake a Select that waits, the loop has
// registered a descriptor of its own (an eventfd, a pipe, a socket pair) and
// makes that ready from elsewhere.
//
// What may be spurious. A file may be reported that turns out not to be ready
// (another process has read the data meanwhile). A file that is ready must be
// reported by every Select for as long as it stays ready: level triggered,
// never edge triggered. One Select reports a file once, with all its events.
// The order of files in a result is up to the implementation, but must be
// determined by the history of calls and of the files, never by chance (the
// order of a Go map is chance).
//
// Who owns what. A key never changes once it was returned: Modify makes a new
// one. The slice that Select returns belongs to the selector and is valid
// until the next Select; the keys in it stay valid for ever. An entry of the
// slice whose file was unregistered since is the caller's to skip. The
// selector keeps fileobj and data alive until Unregister, Modify or Close let
// go of them. It never closes a file.
//
// Errors. Each is an *[OpError] around one of this package's sentinels or an
// error of the system. After any error, the selector stays usable and is as
// if the failed call had not been made, with one exception: a Modify that the
// system refuses leaves the file unregistered.
type Selector interface {
	// Register starts to watch a file and returns its key. What can be a
	// fileobj is told in the package comment. events is not empty. data is
	// kept in the key, untouched.
	//
	// Errors: ErrInvalidEvents, ErrInvalidDescriptor, ErrAlreadyRegistered
	// (this file, or another object with the same descriptor),
	// ErrTooManyDescriptors, ErrClosed, or the system's (a descriptor that
	// is not open: syscall.EBADF; a regular file on epoll: syscall.EPERM).
	Register(fileobj any, events EventMask, data any) (*SelectorKey, error)

	// Unregister ends the watch and returns the key that it ended. It
	// succeeds also when the file was closed since: by its number, or by
	// the same object, which is then found by identity.
	//
	// Errors: ErrNotRegistered, ErrClosed.
	Unregister(fileobj any) (*SelectorKey, error)

	// Modify replaces events and data of a registered file and returns the
	// new key, whose FileObj is that of the registration. It makes no
	// system call when events stay what they were.
	//
	// Errors: ErrInvalidEvents and ErrNotRegistered change nothing;
	// ErrClosed. An error of the system, or ErrTooManyDescriptors (Windows
	// counts per event), leaves the file unregistered.
	Modify(fileobj any, events EventMask, data any) (*SelectorKey, error)

	// Select returns the files that are ready. If there are none it waits
	// until there is one or until timeout has passed, and then returns an
	// empty slice and no error. A timeout of zero or less polls without
	// blocking; Forever waits without limit. A signal does not end the wait:
	// it goes on with the time that is left. The wait is never shorter than
	// timeout (an implementation may cut those longer than a day), and
	// longer only by the precision of the system.
	//
	// The slice is valid until the next Select. In steady state (no more
	// ready files than ever before) Select allocates nothing.
	Select(timeout time.Duration) ([]Ready, error)

	// Close lets go of all registrations and of the selector's own system
	// resources. It waits for nothing. Closing again does nothing and
	// returns nil. Every other method then fails with ErrClosed, except
	// GetMap, whose view is empty.
	Close() error

	// GetKey returns the key of a registered file.
	//
	// Errors: ErrNotRegistered, ErrClosed.
	GetKey(fileobj any) (*SelectorKey, error)

	// GetMap returns a live view of the registrations. It is never nil.
	GetMap() Map
}
