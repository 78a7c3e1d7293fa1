package goroutine

import (
	"sync"
	"testing"

	"github.com/petermattis/goid"
)

// TestForms: the quick form is used only if it agrees with the runtime's own text.
func TestForms(t *testing.T) {
	t.Parallel()
	if !agree(slow, slow) {
		t.Error("the slow form does not agree with itself")
	}
	wrong := func() int64 { return slow() + 1 }
	if agree(wrong, slow) {
		t.Error("a wrong form is believed")
	}
	here := slow()
	if agree(func() int64 { return here }, slow) {
		t.Error("a form that is right in one goroutine only is believed")
	}
	if Quick != (quickExists && agree(goid.Get, slow)) {
		t.Errorf("the quick form is in use: %v", Quick)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	seen := map[int64]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			id := ID()
			if id <= 0 || id != slow() || id != ID() {
				t.Errorf("identity %d, the runtime says %d", id, slow())
			}
			mu.Lock()
			defer mu.Unlock()
			seen[id] = true
		})
	}
	wg.Wait()
	if len(seen) != 50 {
		t.Errorf("50 goroutines had %d identities", len(seen))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"goroutine 1 [running]:\n":                   1,
		"goroutine 9223372036854775807 [running]:\n": 9223372036854775807,
		"goroutine 12":                               0, // cut off: it may go on
		"goroutine x [running]:":                     0,
		"thread 1 [running]:":                        0,
		"":                                           0,
	} {
		if got := parse([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestAllocatesNothing is not parallel: AllocsPerRun counts the whole process.
func TestAllocatesNothing(t *testing.T) {
	if raceDetector {
		// sync.Pool drops things at random there, which are then allocated anew.
		t.Skip("pools forget under the race detector") // and what they keep is what is counted
	}
	for name, f := range map[string]func() int64{"ID": ID, "the slow form": slow} {
		if n := testing.AllocsPerRun(1000, func() { f() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkID(b *testing.B) {
	for b.Loop() {
		ID()
	}
}

func BenchmarkSlow(b *testing.B) {
	for b.Loop() {
		slow()
	}
}
