//go:build !amd64 || slowidentity

package streams

import "github.com/go-asyncio/asyncio/internal/testkit"

// suspendedStack is how much stack a coroutine has at most that waits in a read: the frames
// of other processors are larger, and of goroutines told apart by text, and the first piece may not do.
const suspendedStack = testkit.FirstStack*2 + 512
