package selectortest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// History puts a selector through a random history of the given length, in
// which files are registered, modified and unregistered, rightly and wrongly,
// become ready and idle, end and are replaced. After each step it compares
// what Select returns with a simple model. The history depends on the seed
// alone; the transcript that is returned must be the same for every selector.
func History(t testing.TB, open func() (selectors.Selector, error), seed uint64, steps int) []string {
	t.Helper()
	h := &history{t: t, s: newSelector(t, open), rng: rand.New(rand.NewPCG(seed, 0x5e1ec7))}
	for i := range h.files {
		h.files[i].renew(t)
	}
	for step := range steps {
		i := h.rng.IntN(len(h.files))
		line := fmt.Sprintf("%d: file %d: %s", step, i, h.step(&h.files[i]))
		got, want := h.ready()
		h.transcript = append(h.transcript, line+": ready "+got)
		if got != want {
			t.Fatalf("seed %d, after step %s:\n got %s\nwant %s\nhistory:\n%s",
				seed, line, got, want, strings.Join(h.transcript, "\n"))
		}
	}
	for i := range h.files {
		h.files[i].a.Close()
		h.files[i].b.Close()
	}
	return h.transcript
}

type history struct {
	t          testing.TB
	s          selectors.Selector
	rng        *rand.Rand
	files      [8]modelFile
	transcript []string
}

// modelFile is a pair of sockets, of which a is watched, and what is known
// of it.
type modelFile struct {
	a, b       *End
	key        *selectors.SelectorKey // nil: not registered
	pending    int                    // what a has to read, in bytes
	full       bool                   // a has no room to write
	ended, end bool                   // b has shut its side down; is closed
}

func (f *modelFile) renew(t testing.TB) {
	a, b := Pair(t)
	*f = modelFile{a: a, b: b}
}

// state is what the model expects the file to be ready for.
func (f *modelFile) state() (events selectors.EventMask) {
	if f.pending > 0 || f.ended || f.end {
		events |= read
	}
	if !f.full || f.end {
		events |= write
	}
	return events
}

// step does one random thing to a file and says what.
func (h *history) step(f *modelFile) string {
	mask := selectors.EventMask(1 + h.rng.IntN(3))
	switch n := h.rng.IntN(20); {
	case n < 5:
		return fmt.Sprint("register ", mask, " ", h.register(f, mask))
	case n < 8:
		return fmt.Sprint("modify ", mask, " ", h.modify(f, mask))
	case n < 10:
		return fmt.Sprint("unregister ", h.unregister(f))
	case n < 13 && !f.ended && !f.end:
		f.b.Send(h.t, "x")
		f.pending++
		return "send to it"
	case n < 15 && !f.end:
		for f.pending > 0 {
			f.pending -= len(f.a.Receive(h.t))
		}
		return "drain it"
	case n == 15 && !f.end && immediate: // elsewhere, full buffers may grow
		f.a.fill(h.t)
		f.full = true
		return "fill it"
	case n == 16 && !f.end && immediate:
		f.b.drain()
		f.full = false
		return "drain its peer"
	case n == 17 && !f.ended && !f.end:
		if err := f.b.closeWrite(); err != nil {
			h.t.Fatal(err)
		}
		f.ended = true
		return "end its stream"
	case n == 18 && !f.end:
		f.b.Close()
		f.end = true
		return "close its peer"
	}
	if f.key != nil {
		h.unregister(f)
	}
	f.a.Close()
	f.b.Close()
	f.renew(h.t)
	return "replace it"
}

// fileobj is the file, or its number, or its key.
func (h *history) fileobj(f *modelFile) any {
	switch n := h.rng.IntN(3); {
	case n == 0:
		return f.a.Fd()
	case n == 1 && f.key != nil:
		return f.key
	}
	return f.a
}

func (h *history) register(f *modelFile, mask selectors.EventMask) string {
	key, err := h.s.Register(h.fileobj(f), mask, h)
	if f.key != nil {
		return h.outcome(err, selectors.ErrAlreadyRegistered)
	}
	f.key = key
	return h.outcome(err, nil)
}

func (h *history) modify(f *modelFile, mask selectors.EventMask) string {
	key, err := h.s.Modify(h.fileobj(f), mask, h)
	if f.key == nil {
		return h.outcome(err, selectors.ErrNotRegistered)
	}
	f.key = key
	return h.outcome(err, nil)
}

func (h *history) unregister(f *modelFile) string {
	key, err := h.s.Unregister(h.fileobj(f))
	if f.key == nil {
		return h.outcome(err, selectors.ErrNotRegistered)
	}
	if key != f.key {
		h.t.Fatalf("Unregister returns %v, want %v", key, f.key)
	}
	f.key = nil
	return h.outcome(err, nil)
}

// outcome checks an error and says what it is.
func (h *history) outcome(err, want error) string {
	h.t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		h.t.Fatalf("error %v, want %v", err, want)
	}
	if want == nil {
		return "ok"
	}
	return "fails: " + want.Error()
}

// ready returns what Select says and what the model says, by number of file.
// Where it takes time for a change to arrive, it waits for that.
func (h *history) ready() (got, want string) {
	h.t.Helper()
	var expected []string
	registered := 0
	for i := range h.files {
		f := &h.files[i]
		if f.key == nil {
			continue
		}
		registered++
		if events := f.state() & f.key.Events; events != 0 {
			expected = append(expected, fmt.Sprint(i, " ", events))
		}
	}
	if n := h.s.GetMap().Len(); n != registered {
		h.t.Fatalf("%d files are registered, want %d", n, registered)
	}
	want = fmt.Sprint(expected)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		got = h.selected()
		if immediate || got == want || time.Now().After(deadline) {
			return got, want
		}
	}
}

func (h *history) selected() string {
	ready, err := h.s.Select(0)
	if err != nil {
		h.t.Fatal(err)
	}
	var found []string
	for _, r := range ready {
		i := slices.IndexFunc(h.files[:], func(f modelFile) bool { return f.key == r.Key })
		found = append(found, fmt.Sprint(i, " ", r.Events))
	}
	slices.Sort(found)
	return fmt.Sprint(found)
}
