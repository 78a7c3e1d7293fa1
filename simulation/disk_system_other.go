//go:build !windows

package simulation

// syncDirectory makes the entries of an open directory safe.
func syncDirectory(dir File) error { return dir.Sync() }
