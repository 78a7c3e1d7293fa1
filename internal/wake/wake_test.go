package wake_test

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio/internal/wake"
)

func open(t testing.TB) *wake.Waker {
	t.Helper()
	w, err := wake.New()
	must(t, err)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadableFromWakeToDrain(t *testing.T) {
	t.Parallel()
	w := open(t)
	must(t, w.Drain())
	for range 3 {
		if poll(t, w.FD(), 0) {
			t.Fatal("readable before Wake")
		}
		for range 3 {
			must(t, w.Wake())
			if !poll(t, w.FD(), -1) {
				t.Fatal("not readable after Wake")
			}
		}
		must(t, w.Drain())
		must(t, w.Drain())
	}
}

func TestInterruptsABlockedPoll(t *testing.T) {
	t.Parallel()
	w := open(t)
	const rounds = 100
	woken := make(chan bool)
	go func() {
		defer close(woken)
		for range rounds {
			ok := poll(t, w.FD(), -1)
			if err := w.Drain(); err != nil {
				t.Error(err)
			}
			woken <- ok
		}
	}()
	for range rounds {
		must(t, w.Wake())
		if !<-woken {
			t.Error("poll ended with nothing to read")
		}
	}
	<-woken
}

// TestFull wakes far oftener than any pipe or socket has room for.
func TestFull(t *testing.T) {
	t.Parallel()
	w := open(t)
	for range 100_000 {
		must(t, w.Wake())
	}
	if !poll(t, w.FD(), 0) {
		t.Error("not readable")
	}
	must(t, w.Drain())
	if poll(t, w.FD(), 0) {
		t.Error("readable after Drain")
	}
	must(t, w.Wake())
	if !poll(t, w.FD(), -1) {
		t.Error("not readable after it had been full")
	}
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	w := open(t)
	all := w.Descriptors()
	if !slices.Contains(all, w.FD()) {
		t.Errorf("%v does not contain %d", all, w.FD())
	}
	for _, fd := range all {
		if inherited(t, fd) {
			t.Errorf("child processes inherit %d", fd)
		}
	}
	must(t, w.Close())
	if all := w.Descriptors(); len(all) != 0 {
		t.Errorf("after Close there are %v", all)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	w := open(t)
	must(t, w.Wake())
	must(t, w.Close())
	must(t, w.Close())
	for name, call := range map[string]func() error{"Wake": w.Wake, "Drain": w.Drain} {
		err := call()
		if !errors.Is(err, wake.ErrClosed) || !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// TestCloseUnderFire closes a waker that others keep waking, and opens another, which
// as a rule gets the same descriptor: no wake-up may end up there.
func TestCloseUnderFire(t *testing.T) {
	t.Parallel()
	for range 30 {
		w := open(t)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := w.Wake(); err != nil && !errors.Is(err, wake.ErrClosed) {
						t.Error(err)
						return
					}
				}
			})
		}
		poll(t, w.FD(), -1)
		must(t, w.Close())
		heir := open(t)
		if err := w.Wake(); !errors.Is(err, wake.ErrClosed) {
			t.Errorf("Wake after Close: %v", err)
		}
		close(stop)
		wg.Wait()
		if poll(t, heir.FD(), 0) {
			t.Error("a closed waker woke another")
		}
		must(t, heir.Close())
	}
}

func BenchmarkWakeDrain(b *testing.B) {
	w := open(b)
	b.ReportAllocs()
	for b.Loop() {
		must(b, w.Wake())
		must(b, w.Drain())
	}
}

// BenchmarkWake is the time per Wake when another has come before.
func BenchmarkWake(b *testing.B) {
	w := open(b)
	must(b, w.Wake())
	for b.Loop() {
		must(b, w.Wake())
	}
}
