package queues

import "slices"

// order is what a queue keeps its items in, and decides which comes out next. If a
// function of the user's panics in it, it is as it was before.
type order[T any] interface {
	name() string
	len() int
	push(T)
	pop() T // there is one
	all() []T
	clear()
}

// ring is first in, first out.
type ring[T any] struct {
	buf  []T // its length is a power of two
	head int
	n    int
}

func (r *ring[T]) name() string { return "Queue" }
func (r *ring[T]) len() int     { return r.n }
func (r *ring[T]) clear()       { *r = ring[T]{} }

func (r *ring[T]) push(item T) {
	if r.n == len(r.buf) {
		grown := make([]T, max(8, 2*len(r.buf)))
		copy(grown, r.buf[r.head:])
		copy(grown[len(r.buf)-r.head:], r.buf[:r.head])
		r.buf, r.head = grown, 0
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = item
	r.n++
}

func (r *ring[T]) pop() T {
	var none T
	item := r.buf[r.head]
	r.buf[r.head] = none
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return item
}

func (r *ring[T]) all() []T {
	all := make([]T, 0, r.n)
	for i := range r.n {
		all = append(all, r.buf[(r.head+i)&(len(r.buf)-1)])
	}
	return all
}

// stack is last in, first out.
type stack[T any] struct{ items []T }

func (s *stack[T]) name() string { return "LifoQueue" }
func (s *stack[T]) len() int     { return len(s.items) }
func (s *stack[T]) clear()       { s.items = nil }
func (s *stack[T]) push(item T)  { s.items = append(s.items, item) }
func (s *stack[T]) all() []T     { return slices.Clone(s.items) }

func (s *stack[T]) pop() T {
	var none T
	last := len(s.items) - 1
	item := s.items[last]
	s.items[last] = none
	s.items = s.items[:last]
	return item
}

// heap has the smallest come out first, and of equal ones the one that was put first.
type heap[T any] struct {
	less    func(a, b T) bool
	entries []entry[T]
	put     uint64 // how many ever were
}

// entry is an item and which of those that were put it is.
type entry[T any] struct {
	item T
	nth  uint64
}

func (h *heap[T]) name() string { return "PriorityQueue" }
func (h *heap[T]) len() int     { return len(h.entries) }
func (h *heap[T]) clear()       { h.entries = nil }

func (h *heap[T]) all() []T {
	all := make([]T, len(h.entries))
	for i, e := range h.entries {
		all[i] = e.item
	}
	return all
}

func (h *heap[T]) before(a, b entry[T]) bool {
	return h.less(a.item, b.item) || a.nth < b.nth && !h.less(b.item, a.item)
}

// push finds the place first, since less may panic, and then makes room there.
func (h *heap[T]) push(item T) {
	e := entry[T]{item, h.put}
	end := len(h.entries)
	at := end
	for at > 0 && h.before(e, h.entries[(at-1)/2]) {
		at = (at - 1) / 2
	}
	h.put++
	h.entries = append(h.entries, e)
	h.sink(end, at)
	h.entries[at] = e
}

// sink moves the entries on the way from the place at up to that of its descendant end one
// step down.
func (h *heap[T]) sink(end, at int) {
	for i := end; i > at; i = (i - 1) / 2 {
		h.entries[i] = h.entries[(i-1)/2]
	}
}

// pop has the gap that the first leaves go down to where the last one fits.
func (h *heap[T]) pop() T {
	first, last := h.entries[0], len(h.entries)-1
	gap, done := 0, false
	defer func() {
		if !done { // less has panicked: back up again
			h.sink(gap, 0)
			h.entries[0] = first
		}
	}()
	for {
		child := 2*gap + 1
		if child+1 < last && h.before(h.entries[child+1], h.entries[child]) {
			child++
		}
		if child >= last || !h.before(h.entries[child], h.entries[last]) {
			break
		}
		h.entries[gap] = h.entries[child]
		gap = child
	}
	done = true
	h.entries[gap] = h.entries[last]
	h.entries[last] = entry[T]{}
	h.entries = h.entries[:last]
	return first.item
}
