//go:build !linux && !windows

package proactors

// NewDefaultProactor makes the best proactor that the machine has: io_uring on
// Linux, IOCP on Windows, elsewhere errors.ErrUnsupported.
func NewDefaultProactor() (Proactor, error) { return unsupported("default proactor") }
