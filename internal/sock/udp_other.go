//go:build !linux

package sock

import "errors"

// SetUDPSegment is errors.ErrUnsupported: it is of Linux alone.
func SetUDPSegment(uintptr, int) error { return errors.ErrUnsupported }

// SetUDPGRO is errors.ErrUnsupported: it is of Linux alone.
func SetUDPGRO(uintptr, bool) error { return errors.ErrUnsupported }

// SetRecvErr is errors.ErrUnsupported: it is of Linux alone.
func SetRecvErr(uintptr, bool) error { return errors.ErrUnsupported }
