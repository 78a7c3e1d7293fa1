package streams

// suspendedStack is how much stack a coroutine has at most that waits in a read: the first
// piece, and a bit of what the runtime keeps besides.
const suspendedStack = 2048 + 256
