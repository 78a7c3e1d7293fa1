package asyncio

import (
	"testing"
	"time"
)

// TestCancelledTimers looks into the queue: that a cancelled timer has left it
// cannot be seen from outside.
func TestCancelledTimers(t *testing.T) {
	t.Parallel()
	newLoop := func(t *testing.T) *SelectorEventLoop {
		t.Helper()
		l, err := NewSelectorEventLoop(nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	}
	set := func(t *testing.T, l *SelectorEventLoop, n int) (handles []TimerHandle) {
		t.Helper()
		for range n {
			h, err := l.CallLater(time.Hour, func() { t.Error("it ran") })
			if err != nil {
				t.Fatal(err)
			}
			handles = append(handles, h)
		}
		return handles
	}
	cancel := func(t *testing.T, handles []TimerHandle) {
		t.Helper()
		for _, h := range handles {
			if !h.Cancel() || h.Cancel() || !h.Cancelled() {
				t.Error("not cancelled once")
			}
		}
	}
	inLoop := func(t *testing.T, l *SelectorEventLoop, f func()) {
		t.Helper()
		if _, err := l.CallSoon(f); err != nil {
			t.Fatal(err)
		}
		l.Stop()
		if err := l.RunForever(); err != nil {
			t.Fatal(err)
		}
	}
	left := func(t *testing.T, l *SelectorEventLoop, want int) {
		t.Helper()
		if got := l.timers.Len(); got != want {
			t.Errorf("%d timers in the queue, want %d", got, want)
		}
	}
	t.Run("on-the-loop", func(t *testing.T) {
		t.Parallel()
		l := newLoop(t)
		handles := set(t, l, 10)
		inLoop(t, l, func() {
			cancel(t, handles[:7])
			left(t, l, 3)
		})
	})
	t.Run("while-it-does-not-run", func(t *testing.T) {
		t.Parallel()
		l := newLoop(t)
		handles := set(t, l, 10)
		cancel(t, handles[:7])
		left(t, l, 3)
		inLoop(t, l, func() {}) // and after a run
		cancel(t, handles[7:])
		left(t, l, 0)
	})
	t.Run("from-another-goroutine", func(t *testing.T) {
		t.Parallel()
		l := newLoop(t)
		handles := set(t, l, 200)
		elsewhere := func(f func()) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				f()
			}()
			<-done
		}
		inLoop(t, l, func() { elsewhere(func() { cancel(t, handles[:90]) }) })
		left(t, l, 200)
		inLoop(t, l, func() {}) // the lesser part: it is not worth a sweep
		left(t, l, 200)
		inLoop(t, l, func() { elsewhere(func() { cancel(t, handles[90:150]) }) })
		inLoop(t, l, func() {})
		left(t, l, 50)
		if n := l.staleTimers.Load(); n != 0 {
			t.Errorf("%d cancelled timers are still counted", n)
		}
		for range 3 { // what has left is used again, and stale handles do not touch it
			again := set(t, l, 150)
			for _, h := range handles[:150] {
				if h.Cancel() {
					t.Fatal("a stale handle has cancelled another timer")
				}
			}
			left(t, l, 200)
			cancel(t, again)
			left(t, l, 50)
		}
	})
}
