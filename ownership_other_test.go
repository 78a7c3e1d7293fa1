//go:build !windows

package asyncio_test

// filesOfListener is how many descriptors a net.Listener has that accepts.
const filesOfListener = 1

// makersByFiles are those for which a loop that extends ours is given pipes as files.
var makersByFiles = map[string]maker{"child-with-pipes": starting(piped)}
