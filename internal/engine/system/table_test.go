package system

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestTableIsSmall: a table holds little more than its values; one that had many entries and has
// few holds the memory of few, and all entries. It is not parallel: it counts all that the process
// allocates.
func TestTableIsSmall(t *testing.T) {
	const most, left, size = 100_000, 100, 8
	var table Table[int]
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	for i := range most {
		table.Set(uintptr(i), i+1)
	}
	full := heap() - before
	if full > most*size*3/2 {
		t.Errorf("%d bytes for %d entries of %d", full, most, size)
	}
	for i := left; i < most; i++ {
		table.Delete(uintptr(i))
	}
	if after := heap() - before; after > full/20 {
		t.Errorf("%d bytes with %d entries, %d with %d", full, most, after, left)
	}
	for i := range left {
		if got := table.Get(uintptr(i)); got != i+1 {
			t.Fatalf("entry %d is %d", i, got)
		}
	}
}

// TestTableAllocatesNothing: for a descriptor that comes and goes. It is not parallel: it counts all
// that the process allocates.
func TestTableAllocatesNothing(t *testing.T) {
	var table Table[int]
	if n := testing.AllocsPerRun(100, func() {
		table.Set(1000, 1)
		table.Delete(1000)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTable: after every step of a random history the table is what a map is.
func TestTable(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var table Table[int]
		model := map[uintptr]int{}
		for range 5000 {
			fd := uintptr(r.IntN(200)) * uintptr(1+seed%40)
			switch r.IntN(24) {
			default:
				v := 1 + r.IntN(1000)
				table.Set(fd, v)
				model[fd] = v
			case 1: // seldom enough for the table to fill
				table.Clear()
				clear(model)
			case 2, 3, 4, 5, 6, 7, 8, 9, 10, 11:
				table.Delete(fd)
				delete(model, fd)
			}
			if table.Get(fd) != model[fd] || table.Len() != len(model) {
				t.Fatalf("with seed %d: descriptor %d has %d, want %d; %d of %d", seed, fd, table.Get(fd), model[fd], table.Len(), len(model))
			}
		}
		if got, want := slices.Sorted(table.All()), slices.Sorted(maps.Values(model)); !slices.Equal(got, want) {
			t.Fatalf("with seed %d: %v, want %v", seed, got, want)
		}
	}
}
