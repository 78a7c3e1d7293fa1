package asyncio_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/selectors"
)

// wakeCounter is an engine that counts wake-ups and tells when it is about to
// sleep.
type wakeCounter struct {
	engine.Engine
	wakes  atomic.Int64
	sleeps func()
}

func (e *wakeCounter) Wake() {
	e.wakes.Add(1)
	e.Engine.Wake()
}

func (e *wakeCounter) Poll(timeout time.Duration) ([]engine.Event, error) {
	if timeout != 0 && e.sleeps != nil {
		f := e.sleeps
		e.sleeps = nil
		f()
	}
	return e.Engine.Poll(timeout)
}

func countWakes(t *testing.T) (asyncio.EventLoop, *wakeCounter) {
	t.Helper()
	s, err := selectors.NewDefaultSelector()
	if err != nil {
		t.Fatal(err)
	}
	eng, err := readiness.New(s)
	if err != nil {
		t.Fatal(err)
	}
	e := &wakeCounter{Engine: eng}
	l := asyncio.LoopOn(e)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, e
}

// callFromMany calls f from several goroutines and waits for them.
func callFromMany(f func()) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				f()
			}
		})
	}
	wg.Wait()
}

func TestWakeups(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	t.Run("none-while-awake", func(t *testing.T) {
		t.Parallel()
		l, e := countWakes(t)
		ran := 0
		_, err := l.CallSoon(func() {
			callFromMany(func() {
				_, err := l.CallSoonThreadsafe(func() {
					if ran++; ran == 400 {
						l.Stop()
					}
				})
				check(t, err)
			})
		})
		check(t, err)
		check(t, l.RunForever())
		if n := e.wakes.Load(); ran != 400 || n != 0 {
			t.Errorf("%d callbacks, %d wake-ups", ran, n)
		}
	})
	t.Run("none-while-it-does-not-run", func(t *testing.T) {
		t.Parallel()
		l, e := countWakes(t)
		ran := 0
		callFromMany(func() {
			_, err := l.CallSoonThreadsafe(func() { ran++ })
			check(t, err)
		})
		l.Stop()
		check(t, l.RunForever())
		if n := e.wakes.Load(); ran != 400 || n != 0 {
			t.Errorf("%d callbacks, %d wake-ups", ran, n)
		}
	})
	t.Run("one-for-all-while-asleep", func(t *testing.T) {
		t.Parallel()
		l, e := countWakes(t)
		for round := range 20 {
			ran := 0
			e.sleeps = func() {
				callFromMany(func() {
					_, err := l.CallSoonThreadsafe(func() {
						if ran++; ran == 400 {
							l.Stop()
						}
					})
					check(t, err)
				})
			}
			check(t, l.RunForever())
			if n := e.wakes.Load(); ran != 400 || n != int64(round+1) {
				t.Fatalf("round %d: %d callbacks, %d wake-ups", round, ran, n)
			}
		}
	})
	netRow(t, "selev.005b.wakeup-write-other-error", func(n *netTest) {
		// What keeps a loop from being woken, other than the system, is that it is
		// closed; and that its caller hears.
		n.check(n.l.Close())
		if _, err := n.l.CallSoonThreadsafe(func() {}); !errors.Is(err, asyncio.ErrLoopClosed) {
			n.Errorf("got %v", err)
		}
		asyncio.Engine(n.l).Wake() // harmless
		n.l.Stop()
	})
}

// closeCounter is a selector that counts what is done at its end.
type closeCounter struct {
	selectors.Selector
	watched map[any]bool
	closed  int
}

func (s *closeCounter) Register(f any, m selectors.EventMask, data any) (*selectors.SelectorKey, error) {
	k, err := s.Selector.Register(f, m, data)
	if err == nil {
		s.watched[f] = true
	}
	return k, err
}

func (s *closeCounter) Close() error {
	s.closed++
	return s.Selector.Close()
}

// TestDescriptors is not parallel: it counts the descriptors of the process.
func TestDescriptors(t *testing.T) {
	for _, row := range []string{"events.034.internal-fds", "selev.003a.close-releases"} {
		t.Run(row, func(t *testing.T) {
			for _, m := range testkit.Available(t, testkit.Selectors) {
				t.Run(m.Name, func(t *testing.T) {
					s, err := m.Selector()
					if err != nil {
						t.Fatal(err)
					}
					checkDescriptors(t, s)
				})
			}
		})
	}
}

func checkDescriptors(t *testing.T, inner selectors.Selector) {
	s := &closeCounter{Selector: inner, watched: map[any]bool{}}
	before := testkit.OpenFiles()
	l, err := asyncio.NewSelectorEventLoop(s)
	if err != nil {
		t.Fatal(err)
	}
	eng := asyncio.Engine(l).(interface{ Descriptors() []uintptr })
	// One pair, the two ends of which may be one descriptor.
	own := eng.Descriptors()
	if len(own) != 1 && len(own) != 2 {
		t.Errorf("descriptors to wake the loop: %v", own)
	}
	if during := testkit.OpenFiles(); !testkit.SocketsOnly && during >= 0 && during != before+len(own) {
		t.Errorf("%d descriptors, of which the loop has %d; %d before", during, len(own), before)
	}
	if len(s.watched) != 1 || !s.watched[own[0]] {
		t.Errorf("registered: %v, to wake the loop: %v", s.watched, own)
	}
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := eng.Descriptors(); len(left) != 0 {
		t.Errorf("descriptors to wake a closed loop: %v", left)
	}
	if s.closed != 1 {
		t.Errorf("the selector was closed %d times", s.closed)
	}
	// The mechanism's own descriptor was there before the loop was made.
	if after := testkit.OpenFiles(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}
