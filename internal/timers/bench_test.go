package timers_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/timers"
)

// random is a generator that costs next to nothing beside what is measured.
type random uint64

func (r *random) next() uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r)
}

// when is a time within the next 17 minutes or so.
func (r *random) when() time.Duration { return time.Duration(r.next() >> 24) }

// pending runs bench over queues in which so many values already wait, at random
// times. ids are theirs.
func pending(b *testing.B, bench func(b *testing.B, q *timers.Queue[*int], ids []timers.ID, r *random)) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("pending=%d", n), func(b *testing.B) {
			r := random(88172645463325252)
			q := new(timers.Queue[*int])
			ids := make([]timers.ID, n)
			for i := range ids {
				ids[i] = q.Add(r.when(), new(int))
			}
			b.ReportAllocs()
			b.ResetTimer()
			bench(b, q, ids, &r)
		})
	}
}

// BenchmarkSetCancelLast cancels the timer that was set last: a timeout over
// something that is quick.
func BenchmarkSetCancelLast(b *testing.B) {
	pending(b, func(b *testing.B, q *timers.Queue[*int], _ []timers.ID, r *random) {
		v := new(int)
		for b.Loop() {
			q.Remove(q.Add(r.when(), v))
		}
	})
}

// BenchmarkSetCancelRecent cancels the timer set a thousand sets ago: a thousand
// requests under way, each with its timeout.
func BenchmarkSetCancelRecent(b *testing.B) {
	pending(b, func(b *testing.B, q *timers.Queue[*int], _ []timers.ID, r *random) {
		var recent [1000]timers.ID
		v, i := new(int), 0
		for b.Loop() {
			q.Remove(recent[i])
			recent[i] = q.Add(r.when(), v)
			if i++; i == len(recent) {
				i = 0
			}
		}
	})
}

// BenchmarkSetCancelOldest has each connection push its timeout, the same for all,
// ahead in turn: what is cancelled is always the earliest.
func BenchmarkSetCancelOldest(b *testing.B) {
	pending(b, func(b *testing.B, q *timers.Queue[*int], ids []timers.ID, _ *random) {
		q.Compact(func(*int) bool { return true })
		now, v, i := time.Duration(0), new(int), 0
		for i := range ids {
			now += time.Microsecond
			ids[i] = q.Add(now, v)
		}
		b.ResetTimer()
		for b.Loop() {
			now += time.Microsecond
			q.Remove(ids[i])
			ids[i] = q.Add(now, v)
			if i++; i == len(ids) {
				i = 0
			}
		}
	})
}

// BenchmarkSetCancelAny cancels any timer out of all. With a million of them this
// measures the machine's memory more than the queue: compare BenchmarkMemory.
func BenchmarkSetCancelAny(b *testing.B) {
	pending(b, func(b *testing.B, q *timers.Queue[*int], ids []timers.ID, r *random) {
		v := new(int)
		for b.Loop() {
			i := r.next() % uint64(len(ids))
			q.Remove(ids[i])
			ids[i] = q.Add(r.when(), v)
		}
	})
}

// BenchmarkMemory does what any queue must do at least to cancel any timer out of all:
// it finds its ID in the owner's memory, and by that the timer, one read waiting for the
// other.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("pending=%d", n), func(b *testing.B) {
			r, next := random(88172645463325252), uint32(0)
			ids := make([]uint32, n)
			items := make([][2]uint64, n)
			for i := range ids {
				ids[i] = uint32(r.next() % uint64(n))
			}
			b.ResetTimer()
			for b.Loop() {
				id := ids[(r.next()+uint64(next))%uint64(n)]
				next = uint32(items[id][0])
			}
		})
	}
}

// BenchmarkSetFire sets a timer and fires the earliest, which leaves the number of
// those pending as it is.
func BenchmarkSetFire(b *testing.B) {
	pending(b, func(b *testing.B, q *timers.Queue[*int], _ []timers.ID, r *random) {
		v := new(int)
		for b.Loop() {
			now, _ := q.Min()
			q.Add(now+r.when(), v)
			q.PopDue(math.MaxInt64)
		}
	})
}
