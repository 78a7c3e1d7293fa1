// Package buffers keeps what could not be written at once: a Queue holds bytes
// in chunks out of a Pool, gives them out gathered, for one vectored write, and
// forgets them as they are sent.
//
// A Pool and its queues belong to one goroutine and lock nothing. A queue that
// is empty holds no memory; the owner of many connections keeps a pointer for
// each and takes a queue from the pool when a connection falls behind.
//
// Bytes in a queue never move: what Gather has given out stays where it is and
// what it is, while more is appended, until Discard passes it.
package buffers

import (
	"weak"

	"github.com/go-asyncio/asyncio/internal/invariants"
)

// There are two sizes of chunks: one for connections that are a little behind,
// of which there may be very many, and one for those that carry much.
const (
	smallSize = 4 << 10
	largeSize = 64 << 10
)

// What a pool keeps for later, at most, in bytes of each size: some for good, and more, which a
// burst has left, until the collector's next cycle, so that one burst finds the memory of the
// other if they are close. What is given back beyond that goes to the collector.
const (
	keepSmall  = 64 << 10
	keepLarge  = 256 << 10
	burstSmall = 1 << 20
	burstLarge = 4 << 20
	keepQueue  = 1024
)

// chunk is a piece of a queue: mem[r:w] is what it holds.
type chunk struct {
	next *chunk
	r, w int
	mem  []byte
}

// shelf keeps chunks of one size.
type shelf struct {
	free  *chunk
	count int
}

// take returns a chunk of the shelf's, nil if there is none.
func (s *shelf) take() *chunk {
	c := s.free
	if c == nil {
		return nil
	}
	s.free = c.next
	s.count--
	c.next = nil
	return c
}

// put keeps a chunk for later, unless there is enough. It reports whether it does.
func (s *shelf) put(c *chunk, limit int) bool {
	invariants.Check(c.r == c.w && c != s.free, "a chunk is given back once, when it is empty")
	if (s.count+1)*len(c.mem) > limit {
		return false
	}
	c.r, c.w = 0, 0
	c.next = s.free
	s.free = c
	s.count++
	return true
}

// shelves keep chunks of both sizes.
type shelves struct{ small, large shelf }

// of is the shelf for chunks of a size.
func (s *shelves) of(size int) *shelf {
	if size == smallSize {
		return &s.small
	}
	return &s.large
}

// free is how many bytes the shelves keep.
func (s *shelves) free() int { return s.small.count*smallSize + s.large.count*largeSize }

// Pool is where queues come from and what they are made of. Its zero value is
// ready.
type Pool struct {
	shelves
	burst  weak.Pointer[shelves] // what is not kept for good, as long as the collector leaves it
	queues *Queue
	count  int
}

// Take returns an empty queue.
func (p *Pool) Take() *Queue {
	q := p.queues
	if q == nil {
		return &Queue{pool: p}
	}
	p.queues = q.next
	p.count--
	q.next = nil
	return q
}

// chunk returns a chunk for n bytes or a part of them.
func (p *Pool) chunk(n int) *chunk {
	size := largeSize
	if n <= smallSize {
		size = smallSize
	}
	if c := p.of(size).take(); c != nil {
		return c
	}
	if more := p.burst.Value(); more != nil {
		if c := more.of(size).take(); c != nil {
			return c
		}
	}
	return &chunk{mem: make([]byte, size)}
}

// putChunk takes a chunk back.
func (p *Pool) putChunk(c *chunk) {
	size, keep, burst := len(c.mem), keepLarge, burstLarge
	if size == smallSize {
		keep, burst = keepSmall, burstSmall
	}
	if p.of(size).put(c, keep) {
		return
	}
	more := p.burst.Value()
	if more == nil {
		more = new(shelves)
		p.burst = weak.Make(more)
	}
	more.of(size).put(c, burst)
}

// Free is how many bytes the pool keeps for later.
func (p *Pool) Free() int {
	n := p.free()
	if more := p.burst.Value(); more != nil {
		n += more.free()
	}
	return n
}

// Queue is bytes in the order in which they came.
type Queue struct {
	pool       *Pool
	next       *Queue // in the pool
	head, tail *chunk
	size       int
}

// Len is how many bytes the queue holds.
func (q *Queue) Len() int { return q.size }

// Append copies p to the end.
func (q *Queue) Append(p []byte) {
	for len(p) > 0 {
		t := q.tail
		if t == nil || t.w == len(t.mem) {
			// Who has filled a chunk already is likely to need more than a little.
			c := q.pool.chunk(max(len(p), q.size))
			if t == nil {
				q.head = c
			} else {
				t.next = c
			}
			q.tail, t = c, c
		}
		n := copy(t.mem[t.w:], p)
		t.w += n
		q.size += n
		p = p[n:]
	}
	q.check()
}

// Gather appends the queue's bytes to vec, from the start, in at most limit
// pieces, and returns the result. It removes nothing.
func (q *Queue) Gather(vec [][]byte, limit int) [][]byte {
	for c := q.head; c != nil && limit > 0; c = c.next {
		if c.r < c.w {
			vec = append(vec, c.mem[c.r:c.w:c.w])
			limit--
		}
	}
	return vec
}

// Discard removes n bytes from the start. Chunks that it empties go back to
// the pool.
func (q *Queue) Discard(n int) {
	if n < 0 || n > q.size {
		panic("buffers: Discard of more than there is")
	}
	q.size -= n
	for c := q.head; c != nil; c = q.head {
		k := min(n, c.w-c.r)
		c.r += k
		n -= k
		if c.r < c.w {
			break
		}
		q.head = c.next
		if q.head == nil {
			q.tail = nil
		}
		q.pool.putChunk(c)
	}
	q.check()
}

// Release empties the queue and gives it and its memory back to the pool. The
// queue must not be used any more.
func (q *Queue) Release() {
	q.Discard(q.size)
	p := q.pool
	if p.count < keepQueue {
		q.next = p.queues
		p.queues = q
		p.count++
	}
}

// Forget empties the queue and leaves its memory to the collector, because
// somebody else (the kernel) may still read it. The queue stays usable.
func (q *Queue) Forget() {
	q.head, q.tail, q.size = nil, nil, 0
}
