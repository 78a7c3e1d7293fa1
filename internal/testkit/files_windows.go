package testkit

import "github.com/go-asyncio/asyncio/internal/sock"

// OpenFiles counts the sockets of this process: of other handles the runtime has a number
// that changes.
func OpenFiles() (n int) {
	const most = 1 << 16 // handles are given out from below, in steps of four
	for h := uintptr(4); h < most; h += 4 {
		if _, err := sock.TypeOf(h); err == nil {
			n++
		}
	}
	return n
}

// SocketsOnly tells whether OpenFiles counts nothing but sockets.
const SocketsOnly = true
