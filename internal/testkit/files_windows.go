package testkit

import "github.com/go-asyncio/asyncio/internal/sock"

// OpenFiles counts the sockets of this process: of other handles the runtime has a number
// that changes. Handles are given out from below, in steps of four, so that behind many in
// a row that are no sockets there are none.
func OpenFiles() (n int) {
	const many = 1024
	for h, last := uintptr(4), uintptr(0); h < last+4*many; h += 4 {
		if _, err := sock.TypeOf(h); err == nil {
			n++
			last = h
		}
	}
	return n
}

// SocketsOnly tells whether OpenFiles counts nothing but sockets.
const SocketsOnly = true
