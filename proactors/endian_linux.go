package proactors

import (
	"encoding/binary"
)

// bigEndian: the halves of a word lie the other way round, as the kernel sees them.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// tailWord is the word in which a ring of buffers has a buffer's number and, after it,
// its tail.
func tailWord(bid, tail uint16) uint32 {
	if bigEndian {
		return uint32(bid)<<16 | uint32(tail)
	}
	return uint32(tail)<<16 | uint32(bid)
}
