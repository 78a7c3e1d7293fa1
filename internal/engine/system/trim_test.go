package system

import (
	"runtime"
	"testing"
)

// TestTrim: a table that had many entries and has few holds the memory of few, and all entries.
func TestTrim(t *testing.T) {
	const most, left = 100_000, 100
	var trim Trim[int]
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	m := make(map[uintptr]int)
	for i := range most {
		m[uintptr(i)] = i
	}
	full := heap() - before
	for i := left; i < most; i++ {
		delete(m, uintptr(i))
		m = trim.After(m)
	}
	if after := heap() - before; after > full/20 {
		t.Errorf("%d bytes with %d entries, %d with %d", full, most, after, left)
	}
	for i := range left {
		if m[uintptr(i)] != i {
			t.Fatalf("entry %d is %d", i, m[uintptr(i)])
		}
	}
	if len(m) != left {
		t.Errorf("%d entries", len(m))
	}
}
