// Package timers is the timer queue of an event loop: values that wait for a
// time, handed out by time and, at the same time, strictly in the order in which
// they were added.
//
// A Queue belongs to one goroutine and locks nothing. It reads no clock: the
// times are whatever its owner compares them with, negative ones included. It
// allocates only to grow, gives memory back when it has become much smaller, and
// keeps no reference to a value that has left it.
package timers

import "time"

// ID names a value that is queued. It is never zero. It is free for reuse as soon
// as its value has left the queue: whoever keeps an ID longer than that must
// know by other means (a generation, say) that it has gone stale.
type ID uint32

// slot is an element of the heap. It holds no pointer, so that the collector
// skips the heap whole and moving slots needs no write barrier.
type slot struct {
	when time.Duration
	seq  uint64
	id   ID
}

func (a *slot) before(b *slot) bool {
	return a.when < b.when || a.when == b.when && a.seq < b.seq
}

// item is what an ID stands for. While the ID is free, at is the next free ID.
type item[T any] struct {
	at     uint32 // index in the heap
	queued bool
	value  T
}

const (
	arity = 4
	// Below this many slots memory is not given back.
	keep = 64
)

// Queue is a timer queue. The zero Queue is empty and ready.
type Queue[T any] struct {
	heap  []slot
	items []item[T] // items[0] is never used
	free  ID        // first of the chain of free IDs, 0 for none
	seq   uint64
}

// Len returns the number of values queued.
func (q *Queue[T]) Len() int { return len(q.heap) }

// Min returns the earliest time in the queue; ok is false if the queue is empty.
func (q *Queue[T]) Min() (when time.Duration, ok bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].when, true
}

// Add queues v for the time when.
func (q *Queue[T]) Add(when time.Duration, v T) ID {
	id := q.take()
	it := &q.items[id]
	it.queued, it.value = true, v
	q.seq++
	q.heap = append(q.heap, slot{})
	q.up(len(q.heap)-1, slot{when, q.seq, id})
	return id
}

// Remove takes the value with this ID out of the queue, whatever its time; false
// if no value with this ID is queued.
func (q *Queue[T]) Remove(id ID) (T, bool) {
	if uint(id) >= uint(len(q.items)) || !q.items[id].queued {
		var none T
		return none, false
	}
	q.cut(int(q.items[id].at))
	v := q.release(id)
	q.shrink()
	return v, true
}

// PopDue takes out the earliest value if its time is limit or before; false if
// there is none.
func (q *Queue[T]) PopDue(limit time.Duration) (T, bool) {
	if len(q.heap) == 0 || q.heap[0].when > limit {
		var none T
		return none, false
	}
	id := q.heap[0].id
	q.cut(0)
	v := q.release(id)
	q.shrink()
	return v, true
}

// Compact drops every value for which dead is true, and returns how many these
// were. It takes time in proportion to the length of the queue; dead is called once for
// each value, in no useful order, and must not touch the queue.
func (q *Queue[T]) Compact(dead func(T) bool) int {
	live := 0
	for _, s := range q.heap {
		if dead(q.items[s.id].value) {
			q.release(s.id)
			continue
		}
		q.heap[live] = s
		q.items[s.id].at = uint32(live)
		live++
	}
	dropped := len(q.heap) - live
	if dropped == 0 {
		return 0
	}
	q.heap = q.heap[:live]
	for i := (live - 2) / arity; i >= 0 && live > 1; i-- {
		q.down(i, q.heap[i])
	}
	q.shrink()
	return dropped
}

// take returns a free ID.
func (q *Queue[T]) take() ID {
	if id := q.free; id != 0 {
		q.free = ID(q.items[id].at)
		return id
	}
	if len(q.items) == 0 {
		q.items = append(q.items, item[T]{})
	}
	q.items = append(q.items, item[T]{})
	return ID(len(q.items) - 1)
}

// release frees an ID and returns its value, which the queue forgets.
func (q *Queue[T]) release(id ID) T {
	it := &q.items[id]
	v := it.value
	*it = item[T]{at: uint32(q.free)}
	q.free = id
	return v
}

// cut takes the slot at i out of the heap.
func (q *Queue[T]) cut(i int) {
	last := len(q.heap) - 1
	s := q.heap[last]
	q.heap = q.heap[:last]
	if i < last {
		if i > 0 && s.before(&q.heap[(i-1)/arity]) {
			q.up(i, s)
		} else {
			q.down(i, s)
		}
	}
}

// up puts s at i or, as far as it is earlier than what stands there, above.
func (q *Queue[T]) up(i int, s slot) {
	for i > 0 {
		p := (i - 1) / arity
		if !s.before(&q.heap[p]) {
			break
		}
		q.put(i, q.heap[p])
		i = p
	}
	q.put(i, s)
}

// down puts s at i or, as far as it is later than what stands there, below.
func (q *Queue[T]) down(i int, s slot) {
	n := len(q.heap)
	for {
		first := i*arity + 1
		if first >= n {
			break
		}
		m := first
		for c := first + 1; c < min(first+arity, n); c++ {
			if q.heap[c].before(&q.heap[m]) {
				m = c
			}
		}
		if !q.heap[m].before(&s) {
			break
		}
		q.put(i, q.heap[m])
		i = m
	}
	q.put(i, s)
}

func (q *Queue[T]) put(i int, s slot) {
	q.heap[i] = s
	q.items[s.id].at = uint32(i)
}

// shrink gives back memory when less than a quarter of the heap is in use. IDs
// cannot move, so the items go only when the last has left.
func (q *Queue[T]) shrink() {
	if cap(q.heap) > keep && len(q.heap) < cap(q.heap)/4 {
		q.heap = append(make([]slot, 0, cap(q.heap)/2), q.heap...)
	}
	if len(q.heap) == 0 && len(q.items) > keep {
		q.items, q.free = nil, 0
	}
}
