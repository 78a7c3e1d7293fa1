//go:build !linux

package proactors

// AvailablePlain is for io_uring alone.
func AvailablePlain() []Info { return nil }
