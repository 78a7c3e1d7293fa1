package selectors

import "iter"

// SelectorKey is one registration: a file and what it is watched for. A key
// never changes; Modify makes a new one. asyncio: selectors.SelectorKey.
type SelectorKey struct {
	// FileObj is the file as it was given to Register.
	FileObj any
	// FD is its descriptor; on Windows, its socket handle.
	FD uintptr
	// Events is what the file is watched for.
	Events EventMask
	// Data is what was given to Register or to the last Modify.
	Data any
}

// NoFD stands for a descriptor that is not known or not open. No file has it.
const NoFD = ^uintptr(0)

// Map is a read-only, live view of a selector's registrations: it always
// shows what is registered now, and nothing once the selector is closed. It
// has the selector's rule for goroutines: one at a time. asyncio: what
// get_map returns.
type Map interface {
	// Get returns the key of a registered file, or an error that is
	// ErrNotRegistered, also after the selector was closed.
	Get(fileobj any) (*SelectorKey, error)
	// Len returns how many files are registered.
	Len() int
	// All yields each descriptor with its key, by rising descriptor. The
	// selector may be changed meanwhile; what is not yet reached is seen as
	// it is then.
	All() iter.Seq2[uintptr, *SelectorKey]
}
