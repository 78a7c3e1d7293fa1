package wake_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio/internal/wake"
)

// TestInsist: a wake-up that fails is tried again until it does not, at least once a second.
func TestInsist(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		failures int32
		end      error // what the call after them returns
	}{
		"works":                 {0, nil},
		"fails once":            {1, nil},
		"fails for long":        {100, nil},
		"closed meanwhile":      {5, wake.ErrClosed},
		"closed from the start": {0, wake.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var i wake.Insister
				var calls atomic.Int32
				var last time.Time
				call := func() error {
					if now := time.Now(); calls.Load() > 0 && now.Sub(last) > time.Second {
						t.Errorf("%v between two calls", now.Sub(last))
					}
					last = time.Now()
					if calls.Add(1) <= tt.failures {
						return broken
					}
					return tt.end
				}
				i.Insist(call)
				time.Sleep(time.Hour) // of the bubble's: it takes no time
				if n := calls.Load(); n != tt.failures+1 {
					t.Errorf("%d calls, want %d", n, tt.failures+1)
				}
			})
		})
	}
}

// TestInsistOnce: however many wake-ups fail, one is repeated.
func TestInsistOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var i wake.Insister
		var works atomic.Bool
		var calls atomic.Int64
		call := func() error {
			calls.Add(1)
			if !works.Load() {
				return errors.New("broken")
			}
			return nil
		}
		for range 10 {
			i.Insist(call)
		}
		works.Store(true)
		time.Sleep(time.Minute) // of the bubble's: it takes no time
		if n := calls.Load(); n != 11 {
			t.Errorf("%d calls, want one for each of ten and one more", n)
		}
		works.Store(false)
		i.Insist(call)
		works.Store(true)
		time.Sleep(time.Minute)
		if n := calls.Load(); n != 13 {
			t.Errorf("%d calls: what fails later is not repeated", n)
		}
	})
}

// TestInsistAtTheEnd: a wake-up that fails while the repetition of another succeeds, and so
// perhaps after its sleeper has woken up and gone to sleep once more, is repeated.
func TestInsistAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var i wake.Insister
		broken := errors.New("broken")
		var calls, laterCalls atomic.Int32
		later := func() error {
			if laterCalls.Add(1) == 1 {
				return broken
			}
			return nil
		}
		i.Insist(func() error {
			if calls.Add(1) == 1 {
				return broken
			}
			i.Insist(later)
			return nil
		})
		time.Sleep(time.Minute)
		if n, m := calls.Load(), laterCalls.Load(); n != 2 || m != 2 {
			t.Errorf("%d and %d calls, want 2 of each", n, m)
		}
	})
}
