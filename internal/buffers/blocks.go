package buffers

import (
	"sync"
	"sync/atomic"
)

// Blocks are pieces of memory of one size, of which who receives into them fills some at a time,
// one part after the other, while others keep parts that were filled before.
//
// A block is with its filler until Leave, and with those who keep a part of it until they
// release it. The last one to let go makes it a spare one. What is kept and never released
// is the collector's once no slice of it is left: nobody fills it again.
//
// Any goroutine may call any method, but a block has one filler.
type Blocks struct {
	size  int
	mu    sync.Mutex
	spare []*Block
	limit int // how many stay to be filled again
}

// Block is one of the pieces.
type Block struct {
	Room  []byte
	users atomic.Int32 // the filler, and each Kept
	of    *Blocks
}

// Kept is a part of a block that its receiver keeps. The zero Kept is of nothing.
type Kept struct{ block *Block }

// NewBlocks makes a source of blocks of size bytes.
func NewBlocks(size int) *Blocks { return &Blocks{size: size} }

// Take returns a block to be filled, which nobody else has.
func (s *Blocks) Take() *Block {
	s.mu.Lock()
	var b *Block
	if n := len(s.spare); n > 0 {
		b = s.spare[n-1]
		s.spare[n-1] = nil
		s.spare = s.spare[:n-1]
	}
	s.mu.Unlock()
	if b == nil {
		b = &Block{Room: make([]byte, s.size), of: s}
	}
	b.users.Store(1)
	return b
}

// Limit has no more than n spare blocks stay.
func (s *Blocks) Limit(n int) {
	s.mu.Lock()
	s.limit = n
	if len(s.spare) > n {
		clear(s.spare[n:])
		s.spare = s.spare[:n]
	}
	s.mu.Unlock()
}

// put takes back a block that nobody has.
func (s *Blocks) put(b *Block) {
	s.mu.Lock()
	if len(s.spare) < s.limit {
		s.spare = append(s.spare, b)
	}
	s.mu.Unlock()
}

// Keep has a part that was filled stay as it is until the Kept is released. The filler calls it.
func (b *Block) Keep() Kept {
	b.users.Add(1)
	return Kept{b}
}

// Leave ends the filling. It reports whether b may be filled anew, for nothing of it is kept;
// else it is the filler's no more.
func (b *Block) Leave() bool {
	if b.users.Add(-1) > 0 {
		return false
	}
	b.users.Store(1)
	return true
}

// Held reports whether it is of anything.
func (k Kept) Held() bool { return k.block != nil }

// Release lets the memory be filled again. A second one does nothing; of a copy of k there must be none.
func (k *Kept) Release() {
	b := k.block
	if b == nil {
		return
	}
	k.block = nil
	if b.users.Add(-1) == 0 {
		b.of.put(b)
	}
}
