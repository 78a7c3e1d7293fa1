package asyncio

// readyQueue is a ring of the callbacks whose turn has come.
type readyQueue struct {
	ring []*node // its length is a power of two
	head int
	len  int
}

func (q *readyQueue) push(n *node) {
	if q.len == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.len)&(len(q.ring)-1)] = n
	q.len++
}

func (q *readyQueue) pop() *node {
	i := q.head & (len(q.ring) - 1)
	n := q.ring[i]
	q.ring[i] = nil
	q.head = i + 1
	q.len--
	return n
}

func (q *readyQueue) grow() {
	ring := make([]*node, max(64, 2*len(q.ring)))
	for i := range q.len {
		ring[i] = q.ring[(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}

// shrink gives back the memory of a burst; called when the queue is empty.
func (q *readyQueue) shrink() {
	if len(q.ring) > 1<<16 {
		*q = readyQueue{}
	}
}
