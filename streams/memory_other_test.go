//go:build !amd64

package streams

// suspendedStack is how much stack a coroutine has at most that waits in a read: the frames
// of other processors are larger, and the first piece may not do.
const suspendedStack = 4096 + 512
