package sched

import "github.com/go-asyncio/asyncio/internal/invariants"

// ring is the queue of the callbacks whose turn has come. It counts what it has ever been
// given and has ever given back, so that a count names a place for good.
type ring struct {
	items []Item // a power of two of them, or none
	mask  uint   // finds a count's place
	head  uint   // how many have left
	tail  uint   // how many have come
	limit uint   // when tail is there, there may be no room
}

func (q *ring) len() int { return int(q.tail - q.head) }

func (q *ring) push(i Item) {
	if q.tail == q.limit {
		q.makeRoom()
	}
	q.items[q.tail&q.mask] = i
	q.tail++
}

func (q *ring) pop() Item {
	invariants.Check(q.tail-q.head-1 < uint(len(q.items)), "a ring that is taken from has what it counts")
	p := &q.items[q.head&q.mask]
	i := *p
	*p = Item{}
	q.head++
	return i
}

// makeRoom finds the places of what has left meanwhile, or more. It is not inlined, so that
// push is.
//
//go:noinline
func (q *ring) makeRoom() {
	if q.len() == len(q.items) {
		q.resize(max(64, 2*len(q.items)))
	}
	q.limit = q.head + uint(len(q.items))
}

// resize gives the ring so many places: a power of two, not fewer than are taken.
func (q *ring) resize(size int) {
	items, mask := make([]Item, size), uint(size-1)
	for k := q.head; k != q.tail; k++ {
		items[k&mask] = q.items[k&q.mask]
	}
	q.items, q.mask = items, mask
	q.limit = q.head + uint(size)
}

// release gives the places of an empty ring back.
func (q *ring) release() { *q = ring{head: q.head, tail: q.tail, limit: q.tail} }
