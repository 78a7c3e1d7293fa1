package lines

import "fmt"

// What the runtime's own map of its heap is made of, on amd64: see its malloc.go and mheap.go.
const (
	arenaBase  = 0xffff800000000000
	arenaBytes = 64 << 20
	pageBytes  = 8 << 10
	arenaPages = arenaBytes / pageBytes
	spanInUse  = 1   // a span of objects
	spanManual = 2   // of stacks, and of what the runtime manages itself
	noHeader   = 512 // up to here objects have no header of the allocator's, above they have one of 8 bytes if they have pointers
)

// stack is the region of goroutines' stacks.
const stack = "stack"

// heap finds objects of a program in Go, by the map that its runtime has of them.
type heap struct {
	memory interface {
		word(address uint64) (uint64, error)
	}
	arenas                                   uint64 // the address of the map
	spans                                    uint64 // offset in an arena's entry
	startAddr, npages, state, elem, spanKind uint64 // offsets in a span
	known                                    map[uint64]span
}

// span is a run of pages, cut into objects of one size.
type span struct {
	start, pages, size uint64
	state, kind        byte
}

func newHeap(p *Process, t *types) (*heap, error) {
	h := &heap{memory: p, known: make(map[uint64]span)}
	at, err := p.symbol("runtime.mheap_")
	if err != nil {
		return nil, err
	}
	for _, field := range []struct {
		of, name string
		to       *uint64
	}{
		{"runtime.mheap", "arenas", &h.arenas},
		{"runtime.heapArena", "spans", &h.spans},
		{"runtime.mspan", "startAddr", &h.startAddr},
		{"runtime.mspan", "npages", &h.npages},
		{"runtime.mspan", "state", &h.state},
		{"runtime.mspan", "elemsize", &h.elem},
		{"runtime.mspan", "spanclass", &h.spanKind},
	} {
		offset, ok := t.offset(field.of, field.name)
		if !ok {
			return nil, fmt.Errorf("the runtime of this version of Go has no field %s.%s: its heap is not known", field.of, field.name)
		}
		*field.to = offset
	}
	h.arenas += at
	return h, nil
}

// object finds what an address is in.
func (h *heap) object(address uint64) (Object, bool) {
	page := address / pageBytes
	s, ok := h.known[page]
	if !ok {
		s = h.look(address)
		h.known[page] = s
	}
	switch {
	case s.size == 0 || address < s.start || address >= s.start+s.pages*pageBytes:
		return Object{}, false
	case s.state == spanManual:
		return Object{address - (address-s.start)%s.size, s.size, stack, 0}, true
	case s.state != spanInUse:
		return Object{}, false
	}
	o := Object{address - (address-s.start)%s.size, s.size, "heap", 0}
	if hasPointers := s.kind&1 == 0; hasPointers && s.size > noHeader && s.pages*pageBytes >= 2*s.size {
		o.Header = 8
	}
	return o, true
}

// look asks the runtime's map; what is not in it has size 0.
func (h *heap) look(address uint64) (s span) {
	var failed error
	read := func(at uint64) uint64 {
		v, err := h.memory.word(at)
		if err != nil {
			failed = err
		}
		return v
	}
	table := read(h.arenas)
	offset := address - arenaBase // wraps around, as it is meant to
	if address >= 1<<47 || table == 0 {
		return span{}
	}
	arena := read(table + offset/arenaBytes*8)
	if arena == 0 {
		return span{}
	}
	at := read(arena + h.spans + address/pageBytes%arenaPages*8)
	if at == 0 {
		return span{}
	}
	s = span{
		start: read(at + h.startAddr), pages: read(at + h.npages), size: read(at + h.elem),
		state: byte(read(at + h.state)), kind: byte(read(at + h.spanKind)),
	}
	if failed != nil {
		return span{}
	}
	return s
}
