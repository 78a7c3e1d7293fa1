//go:build unix

package sock

import "errors"

// ServePipe is for Windows, where pipes have names of their own; here FIFOs have paths.
func ServePipe(string, bool) (uintptr, error) { return Invalid, errors.ErrUnsupported }

// DialPipe is for Windows, as ServePipe is.
func DialPipe(string) (uintptr, error) { return Invalid, errors.ErrUnsupported }

// PipeBusy reports false: nothing is dialled.
func PipeBusy(error) bool { return false }
