//go:build !linux

package proactors

// NewIOUringProactor makes a proactor over Linux's io_uring; elsewhere
// errors.ErrUnsupported.
func NewIOUringProactor() (Proactor, error) { return unsupported("io_uring proactor") }

// NewPinnedIOUringProactor makes a proactor over Linux's io_uring for a goroutine
// that is locked to its thread; elsewhere errors.ErrUnsupported.
func NewPinnedIOUringProactor() (Proactor, error) { return unsupported("io_uring proactor") }
