package streams

import (
	"sync"

	"github.com/go-asyncio/asyncio"
)

// buffer holds the bytes that have come and were not read yet, in one piece:
//
//	mem.room  [ .... | bytes ........ | free ... ]
//	                 off              end
//
// Memory is taken when the first byte comes and given back with the last one, so
// that an idle stream keeps none.
type buffer struct {
	mem      *memory
	off, end int
	dropped  uint64 // counts the bytes that were read
}

// memory is a piece that is used again if it is of one of the sizes below, or one of the
// transport's that is kept.
type memory struct {
	room []byte
	kept asyncio.KeptData
}

// The sizes of pieces grow by a factor of four: a buffer that grows copies a
// third of its bytes once more on average. The largest holds what a reader of
// the default limit can have buffered; beyond it pieces are made to measure.
const (
	smallestPiece = 512
	pieceSizes    = 6 // up to 512 KiB
)

// pieces are those that are not in use, by their sizes.
var pieces [pieceSizes]rack

// husks are memories of no room, for what is kept.
var husks rack

// keptMemory makes a piece of data that are kept.
func keptMemory(data []byte, kept asyncio.KeptData) *memory {
	m := husks.take()
	if m == nil {
		m = new(memory)
	}
	m.room, m.kept = data, kept
	return m
}

// rack is where pieces of one size are put that will soon be used again. A few stay at hand,
// last in, first out, for that costs less than a pool does; the collector forgets the rest.
type rack struct {
	mu   sync.Mutex
	n    int
	hand [atHand]*memory
	rest sync.Pool
}

// At hand are so many pieces of a size, and no more than so many bytes.
const (
	atHand      = 128
	atHandBytes = 128 << 10
)

// take returns a piece, nil if there is none.
func (k *rack) take() *memory {
	if k.mu.TryLock() {
		if k.n > 0 {
			k.n--
			m := k.hand[k.n]
			k.hand[k.n] = nil
			k.mu.Unlock()
			return m
		}
		k.mu.Unlock()
	}
	m, _ := k.rest.Get().(*memory)
	return m
}

// put takes a piece.
func (k *rack) put(m *memory) {
	if k.mu.TryLock() {
		if k.n < atHand && (k.n+1)*len(m.room) <= atHandBytes {
			k.hand[k.n] = m
			k.n++
			k.mu.Unlock()
			return
		}
		k.mu.Unlock()
	}
	k.rest.Put(m)
}

// takeMemory returns a piece of at least n bytes.
func takeMemory(n int) *memory {
	size := smallestPiece
	for i := range pieces {
		if n <= size {
			if m := pieces[i].take(); m != nil {
				return m
			}
			return &memory{room: make([]byte, size)}
		}
		size *= 4
	}
	return &memory{room: make([]byte, n)}
}

// giveBack lets a piece be used again.
func (m *memory) giveBack() {
	if m.kept.Held() {
		m.kept.Release()
		m.room = nil
		husks.put(m)
		return
	}
	size := smallestPiece
	for i := range pieces {
		if len(m.room) == size {
			pieces[i].put(m)
			return
		}
		size *= 4
	}
}

func (b *buffer) len() int { return b.end - b.off }

// bytes returns what is there. It is the buffer's, until the next change.
func (b *buffer) bytes() []byte {
	if b.mem == nil {
		return nil
	}
	return b.mem.room[b.off:b.end]
}

// write adds a copy of p, which is not empty.
func (b *buffer) write(p []byte) {
	switch {
	case b.mem == nil:
		b.mem = takeMemory(len(p))
	case len(p) > len(b.mem.room)-b.end:
		b.makeRoom(len(p))
	}
	b.end += copy(b.mem.room[b.end:], p)
}

// makeRoom makes n bytes of room at the end. Bytes move to the front only if at
// least as many have been read since the last time, so that each moves a bounded
// number of times.
func (b *buffer) makeRoom(n int) {
	have := b.len()
	if b.off >= have && have+n <= len(b.mem.room) {
		copy(b.mem.room, b.bytes())
	} else {
		next := takeMemory(max(have+n, 2*have))
		copy(next.room, b.bytes())
		b.mem.giveBack()
		b.mem = next
	}
	b.off, b.end = 0, have
}

// unread puts p, which is not empty, before what is there.
func (b *buffer) unread(p []byte) {
	switch have := b.len(); {
	case b.mem == nil:
		b.write(p)
	case len(p) <= b.off:
		b.off -= copy(b.mem.room[b.off-len(p):], p)
	default:
		next := takeMemory(len(p) + have)
		copy(next.room[copy(next.room, p):], b.bytes())
		b.mem.giveBack()
		b.mem, b.off, b.end = next, 0, len(p)+have
	}
}

// discard drops the first n bytes.
func (b *buffer) discard(n int) {
	b.off += n
	b.dropped += uint64(n)
	if b.off == b.end && b.mem != nil {
		b.mem.giveBack()
		b.mem, b.off, b.end = nil, 0, 0
	}
}

// next returns a copy of the first n bytes and drops them.
func (b *buffer) next(n int) []byte {
	p := make([]byte, n)
	copy(p, b.bytes())
	b.discard(n)
	return p
}
