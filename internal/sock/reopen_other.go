//go:build unix && !linux

package sock

import "errors"

// Reopen is for Linux: what other systems have under /dev/fd is a duplicate.
func Reopen(uintptr, FileKind, bool) (uintptr, error) { return Invalid, errors.ErrUnsupported }
