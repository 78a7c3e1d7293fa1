package testkit

// FirstStack is how large the stack is that a goroutine begins with, in bytes.
const FirstStack = 8 << 10
