package timers

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
	"weak"
)

func TestSteadyStateAllocatesNothing(t *testing.T) {
	// Not parallel: AllocsPerRun counts what other tests allocate.
	for _, n := range []int{0, 1, 1000} {
		var q Queue[*int]
		rng := rand.New(rand.NewPCG(1, 2))
		when := func() time.Duration { return time.Duration(rng.Int64N(1 << 30)) }
		ids := make([]ID, n+1)
		for i := range ids {
			ids[i] = q.Add(when(), nil)
		}
		allocs := testing.AllocsPerRun(5000, func() {
			i := rng.IntN(len(ids))
			if _, ok := q.Remove(ids[i]); !ok {
				t.Fatal("lost a timer")
			}
			ids[i] = q.Add(when(), nil)
			q.Add(math.MinInt64, nil)
			if _, ok := q.PopDue(math.MinInt64); !ok {
				t.Fatal("a timer that is due does not come")
			}
			q.Compact(func(*int) bool { return false })
		})
		if allocs != 0 {
			t.Errorf("%v allocations with %d pending", allocs, n)
		}
	}
}

// few is how many slots and items may be held for a handful of timers.
const few = 4 * keep

func TestMemoryShrinks(t *testing.T) {
	t.Parallel()
	const n = 5_000
	fill := func(q *Queue[int]) []ID {
		ids := make([]ID, n)
		for i := range ids {
			ids[i] = q.Add(time.Duration(i*7919%n), i)
		}
		return ids
	}
	for name, empty := range map[string]func(q *Queue[int], ids []ID){
		"fired": func(q *Queue[int], _ []ID) {
			for q.Len() > 5 {
				q.PopDue(math.MaxInt64)
			}
		},
		"removed, the first stay": func(q *Queue[int], ids []ID) {
			for _, id := range ids[5:] {
				q.Remove(id)
			}
		},
		"removed, the last stay": func(q *Queue[int], ids []ID) {
			for _, id := range ids[:n-5] {
				q.Remove(id)
			}
		},
		"compacted": func(q *Queue[int], _ []ID) {
			q.Compact(func(v int) bool { return v >= 5 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var q Queue[int]
			empty(&q, fill(&q))
			if q.Len() != 5 {
				t.Fatalf("Len = %d", q.Len())
			}
			// Timers that stay pin the table of items up to their IDs, until they leave
			// and others take lower IDs.
			for range 2 {
				for range n + few {
					q.Remove(q.Add(math.MaxInt64, -1))
				}
				for range 5 {
					q.Add(math.MaxInt64, -1)
					q.PopDue(math.MaxInt64)
				}
			}
			for range n + few {
				q.Remove(q.Add(math.MaxInt64, -1))
			}
			if cap(q.heap) > few || cap(q.items) > few || len(q.items) > few {
				t.Errorf("with %d timers: room for %d slots, %d items (%d in use)", q.Len(), cap(q.heap), cap(q.items), len(q.items))
			}
			for q.Len() > 0 {
				if v, _ := q.PopDue(math.MaxInt64); v != -1 {
					t.Errorf("an old timer is left: %d", v)
				}
			}
		})
	}
}

func TestForgetsWhatHasLeft(t *testing.T) {
	t.Parallel()
	var q Queue[*[64]int]
	var gone []weak.Pointer[[64]int]
	add := func(when time.Duration) ID {
		p := new([64]int)
		gone = append(gone, weak.Make(p))
		return q.Add(when, p)
	}
	stays := new([64]int)
	q.Add(3, stays)
	a := add(1)
	add(2)
	b := add(4)
	add(-1)
	q.Remove(a)
	q.Remove(b)
	q.PopDue(2)
	q.Compact(func(p *[64]int) bool { return p != stays })
	runtime.GC()
	for i, p := range gone {
		if p.Value() != nil {
			t.Errorf("value %d is still held", i)
		}
	}
	if v, ok := q.PopDue(3); !ok || v != stays {
		t.Error("the value that stays does not")
	}
}
