package sched

import (
	"testing"
	"time"
	"unsafe"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// TestNodeFillsALine: of the processor's cache, where pointers have 64 bits.
func TestNodeFillsALine(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(node{}); unsafe.Sizeof(uintptr(0)) == 8 && size != 64 {
		t.Errorf("a node has %d bytes", size)
	}
}

// still is an engine to which nothing happens, under a host that is told nothing.
type still struct{ engine.Engine }

func (still) Poll(time.Duration) ([]engine.Event, error) { return nil, nil }
func (still) Wake()                                      {}
func (still) Flush() error                               { return nil }
func (still) Close() error                               { return nil }

type silent struct{}

func (silent) Failed(any, []byte)      { panic("a callback has failed") }
func (silent) Timed(i Item)            { i.To.Complete(i.Ev) }
func (silent) Starting() (stop func()) { return func() {} }
func (silent) Ended(error)             {}
func (silent) Closing()                {}
func (silent) Answer()                 {}

func newStill(t *testing.T) *Loop {
	t.Helper()
	l := &Loop{}
	l.Init(still{}, silent{}, nil)
	t.Cleanup(func() {
		if _, err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// inLoop runs f in one pass.
func inLoop(t *testing.T, l *Loop, f func()) {
	t.Helper()
	if _, state := l.Func(f, nil); state != Owned {
		t.Fatal(state)
	}
	l.Stop()
	r, _ := l.Begin()
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
}

// burst has the loop run so many callbacks, of users and of its own.
func burst(t *testing.T, l *Loop, n int) {
	t.Helper()
	ran := 0
	for range n {
		l.Func(func() { ran++ }, nil)
		l.IfOwner(func() { l.Schedule(nothing{}, 0) })
	}
	inLoop(t, l, func() {})
	if ran != n || len(l.free) < n || len(l.ready.items) < n {
		t.Fatalf("%d ran; %d nodes, a queue of %d", ran, len(l.free), len(l.ready.items))
	}
}

// TestTrimWhenIdle: a loop that comes to rest gives back what a burst has left.
func TestTrimWhenIdle(t *testing.T) {
	t.Parallel()
	l := newStill(t)
	burst(t, l, 50_000)
	l.IfOwner(func() {
		for range 100 {
			l.beforeSleep()
		}
	})
	if len(l.free) > 2*spareNodes || cap(l.free) > 4*spareNodes || len(l.ready.items) > spareTurns {
		t.Errorf("%d nodes of %d, a queue of %d", len(l.free), cap(l.free), len(l.ready.items))
	}
}

// TestTrimWhenBusy: so does one that always has something to do.
func TestTrimWhenBusy(t *testing.T) {
	t.Parallel()
	l := newStill(t)
	burst(t, l, 50_000)
	var again callAgain
	rounds := 0
	again = func() {
		if rounds++; rounds == 1_000_000 {
			t.Error("nothing is given back")
			l.Stop()
			return
		}
		if len(l.free) <= 2*spareNodes && len(l.ready.items) <= spareTurns {
			l.Stop()
			return
		}
		l.Schedule(again, 0)
	}
	l.IfOwner(func() { l.Schedule(again, 0) })
	r, _ := l.Begin()
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
}

type callAgain func()

func (f callAgain) Complete(uint64) { f() }

// TestTrimKeepsWhatIsNeeded: a burst that comes again and again finds its nodes.
func TestTrimKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	l := newStill(t)
	burst(t, l, 1000)
	before := cap(l.ready.items)
	l.IfOwner(func() {
		for range 10 * trimPolls {
			l.afterPoll()
		}
		l.beforeSleep()
	})
	if len(l.free) < 1000 || len(l.ready.items) != before {
		t.Errorf("%d nodes, a queue of %d", len(l.free), len(l.ready.items))
	}
}

// TestSteadyStateAllocatesNothing is not parallel: AllocsPerRun counts the whole process.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	l := newStill(t)
	f := func() {}
	allocated := -1.0
	inLoop(t, l, func() {
		allocated = testing.AllocsPerRun(1000, func() {
			l.Func(f, nil)
			l.Schedule(nothing{}, 0)
			timer, _ := l.FuncAt(time.Hour, f, nil)
			timer.Cancel()
			l.At(l.Later(time.Hour), nothing{}, 0).Cancel()
			l.end = l.ready.tail
			for l.ready.head != l.end {
				i := l.ready.pop()
				i.To.Complete(i.Ev)
			}
		})
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// TestCancelledTimers looks into the queue: that a cancelled timer has left it
// cannot be seen from outside.
func TestCancelledTimers(t *testing.T) {
	t.Parallel()
	set := func(t *testing.T, l *Loop, n int) (list []Timer) {
		t.Helper()
		for range n {
			timer, state := l.FuncLater(time.Hour, func() { t.Error("it ran") }, nil)
			if state != Owned {
				t.Fatal(state)
			}
			list = append(list, timer)
		}
		return list
	}
	cancel := func(t *testing.T, list []Timer) {
		t.Helper()
		for _, timer := range list {
			if !timer.Cancel() || timer.Cancel() || !timer.Cancelled() {
				t.Error("not cancelled once")
			}
		}
	}
	left := func(t *testing.T, l *Loop, want int) {
		t.Helper()
		if got := l.timers.Len(); got != want {
			t.Errorf("%d timers in the queue, want %d", got, want)
		}
	}
	t.Run("on-the-loop", func(t *testing.T) {
		t.Parallel()
		l := newStill(t)
		list := set(t, l, 10)
		inLoop(t, l, func() {
			cancel(t, list[:7])
			left(t, l, 3)
		})
	})
	t.Run("while-it-does-not-run", func(t *testing.T) {
		t.Parallel()
		l := newStill(t)
		list := set(t, l, 10)
		cancel(t, list[:7])
		left(t, l, 3)
		inLoop(t, l, func() {}) // and after a run
		cancel(t, list[7:])
		left(t, l, 0)
	})
	t.Run("from-another-goroutine", func(t *testing.T) {
		t.Parallel()
		l := newStill(t)
		list := set(t, l, 200)
		elsewhere := func(f func()) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				f()
			}()
			<-done
		}
		inLoop(t, l, func() { elsewhere(func() { cancel(t, list[:90]) }) })
		left(t, l, 200)
		inLoop(t, l, func() {}) // the lesser part: it is not worth a sweep
		left(t, l, 200)
		inLoop(t, l, func() { elsewhere(func() { cancel(t, list[90:150]) }) })
		inLoop(t, l, func() {})
		left(t, l, 50)
		if n := l.staleTimers.Load(); n != 0 {
			t.Errorf("%d cancelled timers are still counted", n)
		}
		for range 3 { // what has left is used again, and stale timers do not touch it
			again := set(t, l, 150)
			for _, timer := range list[:150] {
				if timer.Cancel() {
					t.Fatal("a stale timer has cancelled another one")
				}
			}
			left(t, l, 200)
			cancel(t, again)
			left(t, l, 50)
		}
	})
}
