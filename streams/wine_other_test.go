//go:build !windows

package streams

func underWine() bool { return false }
