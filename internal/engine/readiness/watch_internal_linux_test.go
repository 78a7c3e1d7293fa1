package readiness

import (
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/selectors"
	"golang.org/x/sys/unix"
)

// replaceDescriptor closes to and gives its number to what from is.
func replaceDescriptor(t *testing.T, from, to uintptr) {
	t.Helper()
	if err := unix.Dup3(int(from), int(to), unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(int(from)); err != nil {
		t.Fatal(err)
	}
}

// TestWatchOfReusedNumber: the user closed a watched descriptor without a
// word, and watches another one that got its number.
func TestWatchOfReusedNumber(t *testing.T) {
	t.Parallel()
	for _, info := range selectors.Available() {
		if !info.Works {
			continue
		}
		sel, err := info.New()
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(sel)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		a1, a2, err := sock.Pair()
		if err != nil {
			t.Fatal(err)
		}
		b1, b2, err := sock.Pair()
		if err != nil {
			t.Fatal(err)
		}
		w := &counter{}
		if err := e.Watch(a1, engine.Read, w); err != nil {
			t.Fatal(err)
		}
		replaceDescriptor(t, b1, a1) // a1 is now what b1 was
		if err := e.Watch(a1, engine.Read, w); err != nil {
			t.Fatal(err)
		}
		if _, err := sock.Write(b2, []byte("x")); err != nil {
			t.Fatal(err)
		}
		events, err := e.Poll(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range events {
			ev.To.Complete(ev.Ev)
		}
		if w.n != 1 {
			t.Errorf("%s: the watch of the new descriptor got %d events, want 1", e.Name(), w.n)
		}
		if err := e.Watch(a1, 0, nil); err != nil {
			t.Error(err)
		}
		for _, fd := range []uintptr{a1, a2, b2} {
			sock.Close(fd)
		}
	}
}

type counter struct{ n int }

func (c *counter) Complete(uint64) { c.n++ }
