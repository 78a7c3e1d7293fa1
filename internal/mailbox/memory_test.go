package mailbox

import "testing"

func TestMemoryShrinks(t *testing.T) {
	t.Parallel()
	box := New[int](func() {})
	var buf []int
	batch := func(n int) {
		for i := range n {
			box.Put(i)
		}
		if buf = box.Take(buf[:0]); len(buf) != n {
			t.Fatalf("%d values taken, want %d", len(buf), n)
		}
	}
	batch(50 * keep)
	batch(50 * keep)
	for range patience / 2 {
		batch(1)
	}
	if cap(box.items) < 50*keep || cap(box.other) < 50*keep {
		t.Error("memory is given back as soon as a batch is small")
	}
	for range patience {
		batch(1)
	}
	if cap(box.items) > keep || cap(box.other) > keep {
		t.Errorf("room for %d and %d values is kept for one", cap(box.items), cap(box.other))
	}
}
