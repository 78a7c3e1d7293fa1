//go:build !slowidentity

package streams

import "github.com/go-asyncio/asyncio/internal/testkit"

// suspendedStack is how much stack a coroutine has at most that waits in a read: the first
// piece, and for a few a larger one, if the runtime had to look for memory there.
const suspendedStack = testkit.FirstStack * 3 / 2
