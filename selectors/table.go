package selectors

import (
	"errors"
	"iter"
	"maps"
	"slices"
)

// denseLimit is where the table stops to be an array: 16 MiB at worst. The
// system hands out the lowest free descriptor, so few programs get there.
const denseLimit = 1 << 20

// slot is what the table knows of one descriptor. A slot without a key is
// free.
type slot struct {
	key *SelectorKey
	// gen tells this registration from earlier ones of the same descriptor. It is 0 of a
	// free slot, and of no other.
	gen uint32
	// pos is the mechanism's: where this registration is in its own arrays.
	pos int32
}

// table finds a registration by its descriptor, in one step and in an order
// that is never chance: an array, and a Go map for descriptors beyond it.
type table struct {
	count  int
	dense  []slot
	sparse map[uintptr]*slot
}

// slot returns the slot of a descriptor, or nil if there is none. It is
// valid until the next store.
func (t *table) slot(fd uintptr) *slot {
	if fd < uintptr(len(t.dense)) {
		return &t.dense[fd]
	}
	return t.sparse[fd]
}

// key returns the key of a descriptor, or nil.
func (t *table) key(fd uintptr) *SelectorKey {
	if s := t.slot(fd); s != nil {
		return s.key
	}
	return nil
}

// store sets the slot of a descriptor that has none or a free one.
func (t *table) store(fd uintptr, s slot) {
	t.count++
	if fd >= denseLimit {
		if t.sparse == nil {
			t.sparse = make(map[uintptr]*slot)
		}
		t.sparse[fd] = &s
		return
	}
	if n := int(fd) + 1; n > len(t.dense) {
		t.dense = slices.Grow(t.dense, n-len(t.dense))[:n]
	}
	t.dense[fd] = s
}

// remove frees the slot of a registered descriptor.
func (t *table) remove(fd uintptr) {
	t.count--
	if fd < uintptr(len(t.dense)) {
		t.dense[fd] = slot{}
		return
	}
	delete(t.sparse, fd)
}

// all yields the registrations by rising descriptor. The table may change
// meanwhile.
func (t *table) all() iter.Seq2[uintptr, *SelectorKey] {
	return func(yield func(uintptr, *SelectorKey) bool) {
		for fd := uintptr(0); fd < uintptr(len(t.dense)); fd++ {
			if k := t.dense[fd].key; k != nil && !yield(fd, k) {
				return
			}
		}
		for _, fd := range slices.Sorted(maps.Keys(t.sparse)) {
			if k := t.key(fd); k != nil && !yield(fd, k) {
				return
			}
		}
	}
}

// view is the Map of this package's selectors.
type view struct{ b *base }

func (v *view) Len() int { return v.b.count }

func (v *view) All() iter.Seq2[uintptr, *SelectorKey] { return v.b.all() }

func (v *view) Get(fileobj any) (*SelectorKey, error) {
	s, err := v.b.find("get_key", fileobj)
	if errors.Is(err, ErrClosed) {
		return nil, v.b.fail("get_key", fileobj, NoFD, ErrNotRegistered)
	}
	if err != nil {
		return nil, err
	}
	return s.key, nil
}
