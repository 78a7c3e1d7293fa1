package goroutine

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTable goes through random histories beside a map.
func TestTable(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var table Table[int64]
		known := map[int64]*int64{}
		var list []int64 // what is known, in no order
		if table.Lookup(7) != nil {
			t.Fatal("an empty table knows something")
		}
		table.Remove(7)
		for next := int64(1); next < 3000; {
			if len(list) == 0 || random.IntN(5) < 3 {
				v := new(int64)
				*v = next
				table.Add(next, v)
				known[next], list = v, append(list, next)
				next += 1 + random.Int64N(3)
				continue
			}
			i := random.IntN(len(list))
			id := list[i]
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			table.Remove(id)
			delete(known, id)
			if random.IntN(2) == 0 {
				table.Remove(id)
			}
		}
		for id := range int64(3100) {
			if got := table.Lookup(id); got != known[id] {
				t.Fatalf("seed %d: of %d it knows %v, want %v", seed, id, got, known[id])
			}
		}
		if table.live != len(known) || len(table.slots.Load().all) > 4*max(64, len(known)*4) {
			t.Errorf("seed %d: %d live of %d, in %d slots", seed, table.live, len(known), len(table.slots.Load().all))
		}
	}
}

// TestTableIsReadMeanwhile: who looks for itself finds itself, whatever others do.
func TestTableIsReadMeanwhile(t *testing.T) {
	t.Parallel()
	var table Table[int64]
	var ids atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				id := ids.Add(1)
				if table.Lookup(id) != nil {
					t.Errorf("%d is known before it is added", id)
				}
				table.Add(id, &id)
				if got := table.Lookup(id); got != &id {
					t.Errorf("%d is known as %v", id, got)
				}
				table.Remove(id)
				if table.Lookup(id) != nil {
					t.Errorf("%d is known after it was removed", id)
				}
			}
		})
	}
	wg.Wait()
	if table.live != 0 {
		t.Errorf("%d are left", table.live)
	}
}

func BenchmarkLookup(b *testing.B) {
	var table Table[int64]
	for id := int64(1); id <= 1000; id++ {
		table.Add(id, &id)
	}
	id := int64(0)
	for b.Loop() {
		if id++; id > 1000 {
			id = 1
		}
		if table.Lookup(id) == nil {
			b.Fatal("not found")
		}
	}
}
