package proactors

import "testing"

// TestBuffersRetire: what a burst has brought into use leaves again, with as many bytes as it
// took memory, twice; the memory is the system's then, and comes back when it is needed.
func TestBuffersRetire(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	b := p.bufs
	size := int32(1) << b.shift
	for b.grow(b.total) {
		continue
	}
	most := b.total
	for bid := range most { // all are full at once, and written to
		b.state[bid].block.Room[0] = 1
		b.take(bid, size, false)
	}
	for bid := range most {
		b.release(uint32(bid) << b.shift)
	}
	if b.total != most {
		t.Fatalf("%d buffers of %d are left right after all were in use", b.total, most)
	}
	used := 0
	for ; b.total > b.first && used <= 3*most; used++ { // the kernel fills one after the other
		bid := int(b.ring[(int(b.tail)-b.total)&(len(b.ring)-1)].bid) // the one that has been in the ring for longest
		b.take(bid, size, false)
		b.release(uint32(bid) << b.shift)
	}
	if b.total != b.first || used > 2*most {
		t.Errorf("%d buffers are in use after %d were filled, of %d", b.total, used, most)
	}
	for _, bid := range b.retired {
		if b.state[bid].block != nil {
			t.Errorf("buffer %d has kept its memory", bid)
		}
	}
	if !b.grow(b.total) || b.total != 2*b.first || b.made != most {
		t.Errorf("%d buffers are in use, %d of %d were ever", b.total, b.made, most)
	}
}
