package sched

import "github.com/go-asyncio/asyncio/internal/invariants"

// ring is the queue of the callbacks whose turn has come.
type ring struct {
	items []Item // its length is a power of two
	head  int
	len   int
}

func (q *ring) push(i Item) {
	if q.len == len(q.items) {
		q.resize(max(64, 2*len(q.items)))
	}
	q.items[(q.head+q.len)&(len(q.items)-1)] = i
	q.len++
}

func (q *ring) pop() Item {
	invariants.Check(q.len > 0 && q.len <= len(q.items), "a ring that is taken from has what it counts")
	p := &q.items[q.head&(len(q.items)-1)]
	i := *p
	*p = Item{}
	q.head++
	q.len--
	return i
}

// resize gives the ring so many places: a power of two, not fewer than are taken.
func (q *ring) resize(size int) {
	items := make([]Item, size)
	for i := range q.len {
		items[i] = q.items[(q.head+i)&(len(q.items)-1)]
	}
	q.items, q.head = items, 0
}
