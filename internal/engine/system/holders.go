package system

import (
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// holders is the record, of the whole process and so of all its loops, of which
// descriptors streams and listeners own and which are watched. It is what lets a
// call that is given a descriptor tell its own from somebody else's.
//
// A descriptor has one word of 32 bits:
//
//	 31                                0
//	┌──────┬────────────────────────────┐
//	│ held │ how many engines watch it  │
//	└──────┴────────────────────────────┘
//
// A number is given back before the descriptor is closed, since the system may
// give it to somebody else at once. It is written when something is opened and
// closed, never for a message.
var holders holderTable

const (
	heldBit   = 1 << 31
	chunkBits = 8
)

// holderTable has the words in chunks, so that one that is in use never moves.
type holderTable struct {
	mu     sync.RWMutex
	chunks map[uintptr]*chunk
}

// chunk is the words of neighbours.
type chunk [1 << chunkBits]atomic.Uint32

// word is that of a descriptor, made if there is none.
func (t *holderTable) word(fd uintptr) *atomic.Uint32 {
	c := t.chunk(fd)
	if c == nil {
		c = t.grow(fd >> chunkBits)
	}
	return &c[fd&(1<<chunkBits-1)]
}

// chunk is the one that has a descriptor's word, or nil.
func (t *holderTable) chunk(fd uintptr) *chunk {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.chunks[fd>>chunkBits]
}

// grow makes a chunk, unless another goroutine has done so meanwhile.
func (t *holderTable) grow(number uintptr) *chunk {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chunks[number]
	if c == nil {
		if t.chunks == nil {
			t.chunks = make(map[uintptr]*chunk)
		}
		c = new(chunk)
		t.chunks[number] = c
	}
	return c
}

// Hold notes that a stream or a listener has a descriptor; it may be noted already.
// Sockets.Close ends it. Any goroutine may call it, as all of the record's.
func Hold(fd uintptr) { holders.word(fd).Or(heldBit) }

// Watch notes that one engine more watches a descriptor.
func Watch(fd uintptr) { holders.word(fd).Add(1) }

// Unwatch ends a Watch.
func Unwatch(fd uintptr) { holders.word(fd).Add(^uint32(0)) }

// drop notes that a descriptor has no owner any more.
func (t *holderTable) drop(fd uintptr) {
	if c := t.chunk(fd); c != nil {
		c[fd&(1<<chunkBits-1)].And(^uint32(heldBit))
	}
}

// take is Hold for a descriptor that nobody may have yet.
func (t *holderTable) take(fd uintptr) error {
	w := t.word(fd)
	for {
		old := w.Load()
		if old != 0 {
			return used(fd, old)
		}
		if w.CompareAndSwap(0, heldBit) {
			return nil
		}
	}
}

// free reports an error for a descriptor that somebody has.
func (t *holderTable) free(fd uintptr) error {
	if c := t.chunk(fd); c != nil {
		return used(fd, c[fd&(1<<chunkBits-1)].Load())
	}
	return nil
}

// used says who has a descriptor, by its word; nil if nobody has.
func used(fd uintptr, word uint32) error {
	switch {
	case word == 0:
		return nil
	case word&heldBit != 0:
		return &engine.UsedError{FD: fd, By: engine.HeldElsewhere}
	}
	return &engine.UsedError{FD: fd, By: engine.WatchedElsewhere}
}
