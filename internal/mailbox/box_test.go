package mailbox_test

import (
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/mailbox"
)

func TestOneWakePerSleep(t *testing.T) {
	t.Parallel()
	wakes := 0
	b := mailbox.New[int](func() { wakes++ })
	b.Put(1)
	if wakes != 0 || b.Empty() || b.Sleep() {
		t.Fatalf("wakes = %d, Empty = %v, or slept over a value", wakes, b.Empty())
	}
	b.Put(2)
	if got := b.Take(nil); !slices.Equal(got, []int{1, 2}) || wakes != 0 {
		t.Fatalf("Take = %v, wakes = %d", got, wakes)
	}
	for sleeps := 1; sleeps < 4; sleeps++ {
		if !b.Empty() || !b.Sleep() {
			t.Fatal("an empty box did not let its consumer sleep")
		}
		b.Put(3)
		b.Put(4)
		if wakes != sleeps {
			t.Fatalf("wakes = %d after %d sleeps", wakes, sleeps)
		}
		b.Awake()
		b.Put(5)
		if got := b.Take(nil); !slices.Equal(got, []int{3, 4, 5}) || wakes != sleeps {
			t.Fatalf("Take = %v, wakes = %d", got, wakes)
		}
	}
	if !b.Sleep() {
		t.Fatal("an empty box did not let its consumer sleep")
	}
	b.Awake()
	b.Put(6)
	if wakes != 3 {
		t.Fatal("woke a consumer that was awake")
	}
}

// TestNumbers: values are numbered in the order in which they are taken.
func TestNumbers(t *testing.T) {
	t.Parallel()
	b := mailbox.New[uint64](func() {})
	next := uint64(0)
	for _, n := range []uint64{3, 0, 5} {
		for v := next + 1; v <= next+n; v++ {
			if number, ok := b.PutNumbered(v); !ok || number != v {
				t.Fatalf("value %d has the number %d", v, number)
			}
		}
		open := b.Open()
		for _, v := range open {
			if next++; v != next {
				t.Fatalf("value %d was taken, not %d", v, next)
			}
		}
		b.Return(open)
	}
	b.Close(func(uint64) {})
	if number, ok := b.PutNumbered(9); ok || number != 0 {
		t.Errorf("a closed box has numbered a value: %d", number)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	wakes := 0
	b := mailbox.New[int](func() { wakes++ })
	b.Put(1)
	b.Put(2)
	var rest []int
	b.Close(func(v int) { rest = append(rest, v) })
	if !slices.Equal(rest, []int{1, 2}) {
		t.Fatalf("Close handed over %v", rest)
	}
	if b.Put(3) || !b.Empty() || len(b.Take(nil)) != 0 {
		t.Fatal("a closed box took a value")
	}
	b.Close(func(v int) { t.Errorf("second Close handed over %d", v) })
	if wakes != 0 {
		t.Fatalf("wakes = %d", wakes)
	}
}
