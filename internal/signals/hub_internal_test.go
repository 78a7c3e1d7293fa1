package signals

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	one   = syscall.SIGINT
	two   = syscall.SIGTERM
	three = syscall.SIGHUP
)

// fake is a system whose signals are a test's. Its functions are called by one goroutine
// at a time, and by the test while no other does.
type fake struct {
	to      map[chan<- os.Signal]map[syscall.Signal]bool
	ignores map[syscall.Signal]bool
	fails   map[syscall.Signal]error
	during  func() // called in the middle of what is done
}

func newFake() *fake {
	return &fake{
		to:      map[chan<- os.Signal]map[syscall.Signal]bool{},
		ignores: map[syscall.Signal]bool{},
		fails:   map[syscall.Signal]error{},
	}
}

func (f *fake) Notify(c chan<- os.Signal, sig syscall.Signal) error {
	if err := f.fails[sig]; err != nil {
		return err
	}
	if f.to[c] == nil {
		f.to[c] = map[syscall.Signal]bool{}
	}
	f.to[c][sig] = true
	delete(f.ignores, sig)
	return nil
}

func (f *fake) Stop(c chan<- os.Signal) {
	if f.during != nil {
		f.during()
	}
	delete(f.to, c)
}

func (f *fake) Ignore(sig syscall.Signal) {
	f.ignores[sig] = true
	for c, sigs := range f.to {
		if delete(sigs, sig); len(sigs) == 0 {
			delete(f.to, c)
		}
	}
}

func (f *fake) Ignored(sig syscall.Signal) bool { return f.ignores[sig] }

// send has signals come, to every channel that is to have them.
func (f *fake) send(sigs ...syscall.Signal) {
	for _, s := range sigs {
		for c, wanted := range f.to {
			if wanted[s] {
				c <- s
			}
		}
	}
}

// caught are the signals that come to a channel.
func (f *fake) caught() []syscall.Signal {
	all := map[syscall.Signal]bool{}
	for _, sigs := range f.to {
		maps.Copy(all, sigs)
	}
	return slices.Sorted(maps.Keys(all))
}

// listener writes down what it hears.
type listener struct{ heard []string }

var letters = map[syscall.Signal]string{one: "1", two: "2", three: "3"}

func (l *listener) Signal(sig syscall.Signal) { l.heard = append(l.heard, letters[sig]) }

// hears fails the test if the listener has not heard this, and forgets it.
func (l *listener) hears(t *testing.T, h *hub, want string) {
	t.Helper()
	settle(h)
	if got := strings.Join(l.heard, ""); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	l.heard = nil
}

// settle has the hub tell what has come.
func settle(h *hub) {
	for h.ended != nil && len(h.came) > 0 {
		h.change(func() {})
	}
	if h.ended != nil {
		h.change(func() {}) // and finish with the last
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, h *hub, sig os.Signal, r Receiver, want bool) {
	t.Helper()
	if had, err := h.remove(sig, r); had != want || err != nil {
		t.Errorf("remove %v = %v, %v; want %v", sig, had, err, want)
	}
}

// wantCaught fails the test if other signals are caught, or the hub has a goroutine
// with nothing to do.
func wantCaught(t *testing.T, h *hub, f *fake, want ...syscall.Signal) {
	t.Helper()
	if got := f.caught(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("signals %v are caught, want %v", got, want)
	}
	if running := h.ended != nil; running != (len(want) > 0) {
		t.Errorf("the hub runs: %v, with signals %v", running, want)
	}
}

// TestHub: several hear in order, and what is removed hears no more.
func TestHub(t *testing.T) {
	t.Parallel()
	f := newFake()
	h := &hub{system: f}
	var a, b listener
	must(t, h.add(one, &a, false))
	must(t, h.add(two, &a, false))
	must(t, h.add(one, &b, false))
	wantCaught(t, h, f, one, two)
	f.send(one, two, one)
	a.hears(t, h, "121")
	b.hears(t, h, "11")
	remove(t, h, one, &a, true)
	remove(t, h, one, &a, false)
	remove(t, h, three, &a, false)
	f.send(two, one)
	a.hears(t, h, "2")
	b.hears(t, h, "1")
	remove(t, h, one, &b, true)
	wantCaught(t, h, f, two)
	remove(t, h, two, &a, true)
	wantCaught(t, h, f)
	must(t, h.add(three, &b, false))
	f.send(three)
	b.hears(t, h, "3")
	remove(t, h, three, &b, true)
	wantCaught(t, h, f)
}

// TestFallback: it hears what nobody else does.
func TestFallback(t *testing.T) {
	t.Parallel()
	f := newFake()
	h := &hub{system: f}
	var a, late listener
	must(t, h.add(one, &late, true))
	f.send(one)
	late.hears(t, h, "1")
	must(t, h.add(one, &a, false))
	f.send(one)
	late.hears(t, h, "")
	a.hears(t, h, "1")
	remove(t, h, one, &a, true)
	wantCaught(t, h, f, one)
	f.send(one)
	late.hears(t, h, "1")
	must(t, h.add(one, &a, false))
	remove(t, h, one, &late, true)
	f.send(one)
	a.hears(t, h, "1")
	remove(t, h, one, &a, true)
	wantCaught(t, h, f)
}

// TestIgnored: what was ignored before is so afterwards, without a moment in which it is
// not.
func TestIgnored(t *testing.T) {
	t.Parallel()
	f := newFake()
	h := &hub{system: f}
	f.ignores[one] = true
	var a listener
	must(t, h.add(two, &a, false))
	must(t, h.add(one, &a, false))
	if f.ignores[one] || !h.ignored(one) || h.ignored(two) {
		t.Error("who asks whether it is ignored does not hear how it was")
	}
	f.send(one)
	a.hears(t, h, "1")
	f.during = func() { t.Error("a channel is stopped for a signal that is to be ignored") }
	remove(t, h, one, &a, true)
	f.during = nil
	if !f.ignores[one] || !h.ignored(one) {
		t.Error("it is not ignored any more")
	}
	wantCaught(t, h, f, two)
	remove(t, h, two, &a, true)
	if !h.ignored(one) || h.ignored(two) {
		t.Error("what is ignored has changed")
	}
	wantCaught(t, h, f)
}

// TestGiveBack: while a signal is given back others come, before, in the middle and after:
// they are told of once, and in order.
func TestGiveBack(t *testing.T) {
	t.Parallel()
	tests := []struct{ before, during, after, heard string }{
		{"", "", "", ""},
		{"2", "", "", "2"},
		{"", "2", "", "2"},
		{"", "", "2", "2"},
		{"23", "", "32", "2332"},
		{"32", "23", "", "3223"},
		{"1", "1", "1", "11"}, // the last falls to the system
		{"213", "132", "1", "213132"},
		{"23", "32", "23", "233223"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%q %q %q", test.before, test.during, test.after), func(t *testing.T) {
			t.Parallel()
			f := newFake()
			h := &hub{system: f}
			var a listener
			for _, sig := range []syscall.Signal{one, two, three} {
				must(t, h.add(sig, &a, false))
			}
			send := func(sigs string) {
				for _, c := range sigs {
					for sig, letter := range letters {
						if letter == string(c) {
							f.send(sig)
						}
					}
				}
			}
			f.during = func() { send(test.during) }
			h.change(func() { send(test.before) })
			remove(t, h, one, &a, true)
			f.during = nil
			send(test.after)
			a.hears(t, h, test.heard)
			remove(t, h, two, &a, true)
			remove(t, h, three, &a, true)
			wantCaught(t, h, f)
		})
	}
}

// TestInstallErrors: what the system refuses is not kept, and disturbs nobody.
func TestInstallErrors(t *testing.T) {
	t.Parallel()
	errBoom := errors.New("boom")
	t.Run("unix.006a.add-install-error", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		h := &hub{system: f}
		var a listener
		f.fails[one] = errBoom
		if err := h.add(one, &a, false); err != errBoom {
			t.Errorf("add = %v, want what the system says", err)
		}
		remove(t, h, one, &a, false)
		wantCaught(t, h, f)
	})
	t.Run("unix.006b.add-install-einval-others", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		h := &hub{system: f}
		var a listener
		must(t, h.add(two, &a, false))
		f.fails[one] = syscall.EINVAL
		if err := h.add(one, &a, false); err != ErrUncatchable {
			t.Errorf("add = %v, want %v", err, ErrUncatchable)
		}
		wantCaught(t, h, f, two)
		f.send(two)
		a.hears(t, h, "2")
		remove(t, h, two, &a, true)
	})
	t.Run("unix.006c.add-install-einval-last", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		h := &hub{system: f}
		var a listener
		f.fails[one] = syscall.EINVAL
		if err := h.add(one, &a, false); err != ErrUncatchable {
			t.Errorf("add = %v, want %v", err, ErrUncatchable)
		}
		wantCaught(t, h, f)
	})
	t.Run("giving back", func(t *testing.T) {
		t.Parallel()
		f := newFake()
		h := &hub{system: f}
		var a listener
		must(t, h.add(one, &a, false))
		must(t, h.add(two, &a, false))
		f.fails[two] = errBoom
		if had, err := h.remove(one, &a); had || err != errBoom {
			t.Errorf("remove = %v, %v; want what the system says", had, err)
		}
		f.send(one, two)
		a.hears(t, h, "12")
		delete(f.fails, two)
		remove(t, h, one, &a, true)
		remove(t, h, two, &a, true)
		wantCaught(t, h, f)
	})
}

// TestCheck: what is no signal and what cannot be caught is refused, by Add too.
func TestCheck(t *testing.T) {
	t.Parallel()
	var a listener
	for sig, want := range map[os.Signal]error{
		nil: ErrNoSignal, syscall.Signal(0): ErrNoSignal, syscall.Signal(-1): ErrNoSignal, syscall.Signal(1 << 20): ErrNoSignal,
		last + 1: ErrNoSignal, os.Kill: ErrUncatchable, os.Interrupt: nil, syscall.SIGTERM: nil,
	} {
		if err := Check(sig); err != want {
			t.Errorf("Check(%v) = %v, want %v", sig, err, want)
		}
		if want == nil {
			continue
		}
		if err := Add(sig, &a); err != want {
			t.Errorf("Add(%v) = %v, want %v", sig, err, want)
		}
	}
}
