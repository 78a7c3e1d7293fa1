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

// item is what an ID stands for.
type item[T any] struct {
	at    uint32 // where the ID's slot is in the heap; unused: unused | the next ID that is so
	value T
}

const (
	// unused marks an item whose ID is free.
	unused = 1 << 31
	// maxLen keeps indices clear of that mark.
	maxLen = unused - 1
	// keep is the length up to which memory is not given back.
	keep = 64
)

// Queue is a timer queue. The zero Queue is empty and ready.
type Queue[T any] struct {
	heap  []slot
	items []item[T] // by ID; the first is never in use
	free  ID        // first of the chain of free IDs, zero at its end
	seq   uint64
	// Free IDs from ceiling on are not in the chain: where a large table is mostly
	// empty, low IDs are used, until the upper part can go.
	ceiling ID
	// left counts removals, to spread the cost of trim over as many.
	left int
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
	id := q.free
	if id == 0 {
		id = q.extend()
	}
	it := &q.items[id]
	q.free = ID(it.at &^ unused)
	it.value = v
	q.seq++
	q.heap = append(q.heap, slot{})
	q.up(len(q.heap)-1, slot{when, q.seq, id})
	q.check(int(q.items[id].at))
	return id
}

// Remove takes the value with this ID out of the queue, whatever its time; false
// if no value with this ID is queued.
func (q *Queue[T]) Remove(id ID) (v T, ok bool) {
	if uint(id) >= uint(len(q.items)) || q.items[id].at&unused != 0 {
		return v, false
	}
	v = q.cut(int(q.items[id].at))
	return v, true
}

// PopDue takes out the earliest value if its time is limit or before; false if
// there is none.
func (q *Queue[T]) PopDue(limit time.Duration) (v T, ok bool) {
	if len(q.heap) == 0 || q.heap[0].when > limit {
		return v, false
	}
	return q.cut(0), true
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
	q.heap = q.heap[:live]
	if dropped > 0 {
		q.heapify()
		q.check(0)
		q.trim()
	}
	return dropped
}

// extend puts an ID into the empty chain, and returns it.
func (q *Queue[T]) extend() ID {
	if int(q.ceiling) < len(q.items) {
		if q.chain(len(q.items)); q.free != 0 {
			return q.free
		}
	}
	if len(q.items) == 0 {
		q.items = append(q.items, item[T]{at: unused})
	}
	if len(q.items) > maxLen {
		panic("timers: more than 2^31 timers")
	}
	q.free = ID(len(q.items))
	q.items = append(q.items, item[T]{at: unused})
	q.ceiling = ID(len(q.items))
	return q.free
}

// chain makes the chain of the free IDs below ceiling, the lowest first.
func (q *Queue[T]) chain(ceiling int) {
	q.ceiling, q.free = ID(ceiling), 0
	for id := ceiling - 1; id > 0; id-- {
		if it := &q.items[id]; it.at&unused != 0 {
			it.at = unused | uint32(q.free)
			q.free = ID(id)
		}
	}
}

// release frees an ID and returns its value, which the queue forgets.
func (q *Queue[T]) release(id ID) T {
	it := &q.items[id]
	v := it.value
	*it = item[T]{at: unused | uint32(q.free)}
	if id < q.ceiling {
		q.free = id
	}
	return v
}

// cut takes out the slot at i and its value.
func (q *Queue[T]) cut(i int) T {
	v := q.release(q.heap[i].id)
	last := len(q.heap) - 1
	s := q.heap[last]
	q.heap = q.heap[:last]
	switch {
	case i == last:
	case i > 0 && s.before(&q.heap[(i-1)/arity]):
		q.up(i, s)
	default:
		q.down(i, s)
	}
	q.check(i)
	// Below a quarter in use is much smaller, and the wait for as many removals as
	// trim looks at items makes its cost a constant for each.
	if q.left++; last < len(q.items)/4 && q.left >= len(q.items) && q.left >= keep {
		q.trim()
	}
	return v
}

// trim gives back memory where much of it is not in use. IDs cannot move: of the
// items only those behind the last in use can go.
func (q *Queue[T]) trim() {
	q.left = 0
	size := len(q.heap)*2 + keep
	if size < cap(q.heap)/2 {
		q.heap = append(make([]slot, 0, size), q.heap...)
	}
	n := len(q.items)
	for n > 0 && q.items[n-1].at&unused != 0 {
		n--
	}
	q.items = q.items[:n]
	if room := max(n, keep); room < cap(q.items)/2 {
		q.items = append(make([]item[T], 0, room), q.items...)
	}
	if size < n/2 {
		n = size
	}
	q.chain(n)
}
