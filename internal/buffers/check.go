package buffers

import "github.com/go-asyncio/asyncio/internal/invariants"

// farthest is how many chunks a check adds up; it leaves longer queues alone.
const farthest = 64

// check adds up what the chunks hold.
func (q *Queue) check() {
	if !invariants.Enabled {
		return
	}
	invariants.Check((q.head == nil) == (q.tail == nil), "a queue has a first and a last chunk, or neither")
	var last *chunk
	size, n := 0, 0
	for c := q.head; c != nil; c = c.next {
		if n++; n > farthest {
			return
		}
		invariants.Check(c.r < c.w && c.w <= len(c.mem), "each chunk of a queue holds something")
		size += c.w - c.r
		last = c
	}
	invariants.Check(last == q.tail, "the last chunk of a queue is the one that is added to")
	invariants.Check(size == q.size, "a queue holds as many bytes as its chunks do")
}
