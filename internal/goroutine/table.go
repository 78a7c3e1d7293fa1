package goroutine

import (
	"sync"
	"sync/atomic"
)

// Table knows something of some goroutines, by their identity: open addressing over slots
// that readers see whole. Identities are never used twice, so a slot is written once, and a
// reader needs no lock. The zero Table is empty and ready. Any goroutine may use it.
type Table[T any] struct {
	slots atomic.Pointer[slots[T]]
	mu    sync.Mutex
	live  int
	used  int // slots that hold something or a tombstone
}

// slots are the places of a table of one size.
type slots[T any] struct {
	mask uint64
	all  []slot[T]
}

// slot is one place of a table.
type slot[T any] struct {
	id    atomic.Int64 // 0: free
	value atomic.Pointer[T]
}

// Lookup returns what is known of a goroutine, nil if that is nothing.
func (t *Table[T]) Lookup(id int64) *T {
	s := t.slots.Load()
	if s == nil {
		return nil
	}
	for i := uint64(id); ; i++ {
		switch p := &s.all[i&s.mask]; p.id.Load() {
		case id:
			return p.value.Load()
		case 0:
			return nil
		}
	}
}

// Add notes what is to be known of a goroutine of which nothing was known ever before.
func (t *Table[T]) Add(id int64, v *T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live++
	if cur := t.slots.Load(); cur == nil || (t.used+1)*4 > len(cur.all)*3 {
		t.rebuild()
	}
	t.put(t.slots.Load(), id, v)
}

// put fills a free slot: the value first, so that whoever sees the identity sees the value.
func (t *Table[T]) put(to *slots[T], id int64, v *T) {
	i := uint64(id) & to.mask
	for to.all[i].id.Load() != 0 {
		i = (i + 1) & to.mask
	}
	to.all[i].value.Store(v)
	to.all[i].id.Store(id)
	t.used++
}

// rebuild moves what is live to slots that are at most half full.
func (t *Table[T]) rebuild() {
	size := 64
	for size < t.live*2 {
		size *= 2
	}
	next := &slots[T]{mask: uint64(size - 1), all: make([]slot[T], size)}
	old := t.slots.Load()
	t.used = 0
	if old != nil {
		for i := range old.all {
			if v := old.all[i].value.Load(); v != nil {
				t.put(next, old.all[i].id.Load(), v)
			}
		}
	}
	t.slots.Store(next)
}

// Remove forgets a goroutine. It is harmless if nothing is known of it.
func (t *Table[T]) Remove(id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	cur := t.slots.Load()
	if cur == nil {
		return
	}
	for i := uint64(id) & cur.mask; cur.all[i].id.Load() != 0; i = (i + 1) & cur.mask {
		if p := &cur.all[i]; p.id.Load() == id {
			if p.value.Swap(nil) != nil { // the identity stays: a tombstone
				t.live--
			}
			return
		}
	}
}
