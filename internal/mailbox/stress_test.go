package mailbox_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/go-asyncio/asyncio/internal/mailbox"
)

// letter is a value that records when its Put began and returned, on a clock that
// all producers share.
type letter struct {
	producer, number int
	began, returned  int64
}

// consume takes until it has n values, sleeping when there is nothing, and returns them
// and how often it slept.
func consume[T any](box *mailbox.Box[T], woken <-chan struct{}, n int) (all []T, sleeps int) {
	var buf []T
	for len(all) < n {
		buf = box.Take(buf[:0])
		all = append(all, buf...)
		if len(all) < n && box.Sleep() {
			sleeps++
			<-woken
			box.Awake()
		}
	}
	return all, sleeps
}

func TestManyProducers(t *testing.T) {
	t.Parallel()
	const producers, each = 4, 3000
	var clock, wakes atomic.Int64
	woken := make(chan struct{}, 1)
	box := mailbox.New[*letter](func() {
		wakes.Add(1)
		woken <- struct{}{}
	})
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				l := &letter{producer: p, number: i}
				l.began = clock.Add(1)
				if !box.Put(l) {
					t.Error("an open box refused a value")
				}
				l.returned = clock.Add(1)
				if i%16 == 0 {
					runtime.Gosched() // lets the consumer sleep now and then
				}
			}
		})
	}
	all, sleeps := consume(box, woken, producers*each)
	wg.Wait()
	if wakes.Load() != int64(sleeps) {
		t.Errorf("%d wake-ups for %d sleeps that only they ended", wakes.Load(), sleeps)
	}
	var next [producers]int
	var latest int64
	for i, l := range all {
		if l.number != next[l.producer] {
			t.Fatalf("value %d of producer %d comes when %d is expected", l.number, l.producer, next[l.producer])
		}
		next[l.producer]++
		if l.returned < latest {
			t.Fatalf("value %d comes after one whose Put began when its own had returned", i)
		}
		latest = max(latest, l.began)
	}
	if !box.Empty() {
		t.Error("values are left")
	}
}

func TestCloseUnderFire(t *testing.T) {
	t.Parallel()
	for range 10 {
		const producers = 3
		woken := make(chan struct{}, 1)
		box := mailbox.New[int](func() { woken <- struct{}{} })
		var accepted atomic.Int64
		var wg sync.WaitGroup
		for range producers {
			wg.Go(func() {
				for box.Put(1) {
					accepted.Add(1)
					runtime.Gosched()
				}
			})
		}
		all, _ := consume(box, woken, 100)
		got := int64(len(all))
		box.Close(func(int) { got++ })
		wg.Wait()
		if got != accepted.Load() {
			t.Fatalf("%d values accepted, %d delivered", accepted.Load(), got)
		}
	}
}

func TestForgetsWhatWasTaken(t *testing.T) {
	t.Parallel()
	box := mailbox.New[*[64]int](func() {})
	var gone []weak.Pointer[[64]int]
	var buf []*[64]int
	for batch := range 5 {
		for range 3 + batch%3 {
			p := new([64]int)
			gone = append(gone, weak.Make(p))
			box.Put(p)
		}
		buf = box.Take(buf[:0])
		clear(buf)
	}
	runtime.GC()
	for i, p := range gone {
		if p.Value() != nil {
			t.Errorf("value %d is still held", i)
		}
	}
	runtime.KeepAlive(box)
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	// Not parallel: AllocsPerRun counts what other tests allocate.
	wakes := 0
	box := mailbox.New[*int](func() { wakes++ })
	v, taken := new(int), 0
	buf := make([]*int, 0, 100)
	round := func() {
		if !box.Sleep() {
			t.Fatal("an empty box did not let its consumer sleep")
		}
		for range 100 {
			box.Put(v)
		}
		box.Awake()
		buf = box.Take(buf[:0])
		taken += len(buf)
	}
	round() // the two slices grow
	round()
	if allocs := testing.AllocsPerRun(500, round); allocs != 0 {
		t.Errorf("%v allocations per hundred values", allocs)
	}
	if want := wakes * 100; taken != want {
		t.Errorf("%d values in %d sleeps, want %d", taken, wakes, want)
	}
}
