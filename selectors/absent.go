//go:build !linux

package selectors

import (
	"errors"
	"time"
)

// absent is a selector of a mechanism that this system lacks. Its
// constructor fails, so only a zero value can be called: its methods fail.
type absent struct{ base }

// FD returns NoFD.
func (*absent) FD() uintptr { return NoFD }

// Select fails with errors.ErrUnsupported.
func (a *absent) Select(time.Duration) ([]Ready, error) {
	return nil, a.fail("select", nil, NoFD, errors.ErrUnsupported)
}
