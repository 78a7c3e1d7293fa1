//go:build !windows

package asyncio_test

// filesOfListener is how many descriptors a net.Listener has that accepts.
const filesOfListener = 1
