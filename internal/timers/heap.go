package timers

import "time"

// slot is an element of the heap. It holds no pointer, so that the collector
// skips the heap whole and moving slots needs no write barrier.
type slot struct {
	when time.Duration
	seq  uint64 // the number of the Add: decides between equal times
	id   ID
}

func (a *slot) before(b *slot) bool {
	return a.when < b.when || a.when == b.when && a.seq < b.seq
}

// arity is the number of children in the heap: with four it is half as deep as with
// two, and siblings lie side by side.
const arity = 4

// up puts s at i or, as far as it is earlier than what stands there, above.
func (q *Queue[T]) up(i int, s slot) {
	h, items := q.heap, q.items
	for i > 0 {
		p := (i - 1) / arity
		if !s.before(&h[p]) {
			break
		}
		h[i] = h[p]
		items[h[i].id].at = uint32(i)
		i = p
	}
	h[i] = s
	items[s.id].at = uint32(i)
}

// down puts s at i or, as far as it is later than what stands there, below.
func (q *Queue[T]) down(i int, s slot) {
	h, items := q.heap, q.items
	for {
		first := i*arity + 1
		if first >= len(h) {
			break
		}
		m := earliest(h, first)
		if !h[m].before(&s) {
			break
		}
		h[i] = h[m]
		items[h[i].id].at = uint32(i)
		i = m
	}
	h[i] = s
	items[s.id].at = uint32(i)
}

// earliest returns which of the siblings from first on is the earliest. Four are
// compared two by two: the processor need not know the first result to get the second.
func earliest(h []slot, first int) int {
	if first+arity > len(h) {
		m := first
		for c := first + 1; c < len(h); c++ {
			if h[c].before(&h[m]) {
				m = c
			}
		}
		return m
	}
	g := (*[arity]slot)(h[first:])
	a, b := 0, 2
	if g[1].before(&g[0]) {
		a = 1
	}
	if g[3].before(&g[2]) {
		b = 3
	}
	if g[b].before(&g[a]) {
		a = b
	}
	return first + a
}

// heapify brings slots in any order into that of a heap.
func (q *Queue[T]) heapify() {
	for i := (len(q.heap)+arity-2)/arity - 1; i >= 0; i-- {
		q.down(i, q.heap[i])
	}
}
