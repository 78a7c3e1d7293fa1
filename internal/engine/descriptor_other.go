//go:build !unix

package engine

// checkDescriptor leaves it to the proactor, which gets every descriptor to
// attach it.
func checkDescriptor(uintptr) error { return nil }

// writesDirectly: a write of its own does not block, for sockets are non-blocking
// as well as overlapped.
const writesDirectly = true
