//go:build !windows

package testkit

// FirstStack is how large the stack is that a goroutine begins with, in bytes.
const FirstStack = 2 << 10
