//go:build !windows

package testkit

// UnderWine tells whether this Windows is Wine.
func UnderWine() bool { return false }
