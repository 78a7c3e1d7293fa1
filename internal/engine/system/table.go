package system

import (
	"iter"
	"maps"
)

// Table is what an engine knows of descriptors, looked up when they are opened and closed. It is
// in pages, because descriptors are numbers near each other, and so holds little more than the
// values; a page that is empty goes. The zero Table is empty. The zero V is none.
type Table[V comparable] struct {
	pages map[uintptr]page[V]
	spare *[pageSize]V // of a page that is gone: one descriptor that comes and goes allocates nothing
	most  int          // pages, since the table of them was made
	len   int
}

// page is the values of neighbours.
type page[V comparable] struct {
	values *[pageSize]V
	len    int
}

// pageSize is so small that the page of a few descriptors far from each other, such as Windows
// has, is no burden.
const pageSize = 32

// Len returns how many descriptors have a value.
func (t *Table[V]) Len() int { return t.len }

// Get returns the value of a descriptor.
func (t *Table[V]) Get(fd uintptr) (v V) {
	if p := t.pages[fd/pageSize]; p.values != nil {
		v = p.values[fd%pageSize]
	}
	return v
}

// Set gives a descriptor a value, which is not zero.
func (t *Table[V]) Set(fd uintptr, v V) {
	if t.pages == nil {
		t.pages = make(map[uintptr]page[V])
	}
	var none V
	p := t.pages[fd/pageSize]
	if p.values == nil {
		if p.values, t.spare = t.spare, nil; p.values == nil {
			p.values = new([pageSize]V)
		}
	}
	if p.values[fd%pageSize] == none {
		p.len++
		t.len++
		t.pages[fd/pageSize] = p
		t.most = max(t.most, len(t.pages))
	}
	p.values[fd%pageSize] = v
}

// Delete takes the value of a descriptor, if it has one.
func (t *Table[V]) Delete(fd uintptr) {
	var none V
	p := t.pages[fd/pageSize]
	if p.values == nil || p.values[fd%pageSize] == none {
		return
	}
	p.values[fd%pageSize] = none
	p.len--
	t.len--
	if p.len > 0 {
		t.pages[fd/pageSize] = p
		return
	}
	delete(t.pages, fd/pageSize)
	t.spare = p.values
	t.trim()
}

// trimFrom is how many pages a table has had at least that is made smaller.
const trimFrom = 64

// trim makes the table of pages small again when most of what it has had has left it: a map of
// Go's keeps the memory of the most that it ever had. The copy costs as much as an eighth of the
// deletions before it.
func (t *Table[V]) trim() {
	if t.most < trimFrom || len(t.pages) > t.most/8 {
		return
	}
	t.most = len(t.pages)
	next := make(map[uintptr]page[V], len(t.pages))
	maps.Copy(next, t.pages)
	t.pages = next
}

// Clear takes all values.
func (t *Table[V]) Clear() { *t = Table[V]{} }

// All ranges over the values, in no order. Those that are there may be deleted meanwhile.
func (t *Table[V]) All() iter.Seq[V] {
	return func(yield func(V) bool) {
		var none V
		for _, p := range t.pages {
			for _, v := range p.values {
				if v != none && !yield(v) {
					return
				}
			}
		}
	}
}
