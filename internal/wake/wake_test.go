package wake_test

import (
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio/internal/wake"
)

func open(t testing.TB) *wake.Waker {
	t.Helper()
	w, err := wake.New()
	if err != nil {
		t.Fatal(err)
	}
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

func TestClosed(t *testing.T) {
	t.Parallel()
	w := open(t)
	if len(w.Descriptors()) == 0 || w.Descriptors()[0] != w.FD() {
		t.Fatalf("Descriptors = %v, FD = %d", w.Descriptors(), w.FD())
	}
	must(t, w.Wake())
	must(t, w.Close())
	must(t, w.Close())
	for name, call := range map[string]func() error{"Wake": w.Wake, "Drain": w.Drain} {
		err := call()
		if !errors.Is(err, wake.ErrClosed) || !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close = %v", name, err)
		}
	}
	if d := w.Descriptors(); len(d) != 0 {
		t.Errorf("Descriptors after Close = %v", d)
	}
}

func TestCloseWhileOthersWake(t *testing.T) {
	t.Parallel()
	for range 50 {
		w := open(t)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if err := w.Wake(); errors.Is(err, wake.ErrClosed) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		must(t, w.Close())
		wg.Wait()
	}
}
