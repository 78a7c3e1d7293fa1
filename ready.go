package asyncio

import "github.com/go-asyncio/asyncio/internal/engine"

// readyItem is a callback whose turn has come: a user's, which is its node, or
// work of the loop's own, which has no handle and needs no node.
type readyItem struct {
	to engine.Completer
	ev uint64
}

// readyQueue is a ring of the callbacks whose turn has come.
type readyQueue struct {
	ring []readyItem // its length is a power of two
	head int
	len  int
}

func (q *readyQueue) push(i readyItem) {
	if q.len == len(q.ring) {
		q.resize(max(64, 2*len(q.ring)))
	}
	q.ring[(q.head+q.len)&(len(q.ring)-1)] = i
	q.len++
}

func (q *readyQueue) pop() readyItem {
	p := &q.ring[q.head&(len(q.ring)-1)]
	i := *p
	*p = readyItem{}
	q.head++
	q.len--
	return i
}

// resize gives the ring so many places: a power of two, not fewer than are taken.
func (q *readyQueue) resize(size int) {
	ring := make([]readyItem, size)
	for i := range q.len {
		ring[i] = q.ring[(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}
