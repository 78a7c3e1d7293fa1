//go:build !linux

package proactors

// NewIOUringProactor makes a proactor over Linux's io_uring; elsewhere
// errors.ErrUnsupported.
func NewIOUringProactor() (Proactor, error) { return unsupported("io_uring proactor") }
