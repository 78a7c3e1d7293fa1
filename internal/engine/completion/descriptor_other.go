//go:build !unix

package completion

// checkDescriptor leaves it to the proactor, which gets every descriptor to
// attach it.
func checkDescriptor(uintptr) error { return nil }
