// Package proactors is for completion: mechanisms of the system that are given
// an operation and tell when it is done, where those of package selectors tell
// when one may be tried. They will be IOCP on Windows and io_uring on Linux.
//
// This version has none of them. The names are here so that programs that ask
// for a proactor compile and get a clear answer: every constructor returns
// errors.ErrUnsupported, and names what to use instead.
package proactors

import (
	"errors"
	"fmt"
)

// Proactor is a completion mechanism. What a loop asks of one is fixed with the
// first that is built; until then nobody can implement it outside this module.
type Proactor interface {
	// Close releases what the proactor has of the system.
	Close() error

	proactor()
}

// NewDefaultProactor makes the best proactor that the machine has. In this
// version there is none: errors.ErrUnsupported.
func NewDefaultProactor() (Proactor, error) { return unsupported("default proactor") }

// NewIOUringProactor makes a proactor over Linux's io_uring. In this version
// there is none: errors.ErrUnsupported.
func NewIOUringProactor() (Proactor, error) { return unsupported("io_uring proactor") }

// NewIOCPProactor makes a proactor over the completion ports of Windows. In this
// version there is none: errors.ErrUnsupported.
func NewIOCPProactor() (Proactor, error) { return unsupported("IOCP proactor") }

func unsupported(what string) (Proactor, error) {
	return nil, fmt.Errorf("proactors: %s: %w: this version has no proactors; use a selector", what, errors.ErrUnsupported)
}
