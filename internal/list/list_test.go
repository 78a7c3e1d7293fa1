package list_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/go-asyncio/asyncio/internal/list"
)

// thing is what the tests list.
type thing struct {
	place list.Node[thing]
	name  int
	in    int // the list that has it, -1 if none
}

// history is lists and what they should hold.
type history struct {
	t      *testing.T
	lists  [3]list.List[thing]
	models [3][]*thing
	things []thing
}

func newHistory(t *testing.T, n int) *history {
	h := &history{t: t, things: make([]thing, n)}
	for i := range h.things {
		h.things[i].name, h.things[i].in = i, -1
	}
	return h
}

func (h *history) push(k int, x *thing) {
	h.lists[k].PushBack(&x.place)
	h.models[k] = append(h.models[k], x)
	x.in = k
}

func (h *history) remove(x *thing) {
	k := x.in
	h.lists[k].Remove(&x.place)
	h.models[k] = slices.DeleteFunc(h.models[k], func(y *thing) bool { return x == y })
	x.in = -1
}

func (h *history) pop(k int) {
	var want *thing
	if len(h.models[k]) > 0 {
		want = h.models[k][0]
		h.models[k] = h.models[k][1:]
		want.in = -1
	}
	if got := h.lists[k].PopFront(); got != want {
		h.t.Errorf("popped %v, want %v", got, want)
	}
}

// take moves list k to list to, which is empty.
func (h *history) take(k, to int) {
	h.lists[to] = h.lists[k].Take()
	h.models[to], h.models[k] = h.models[k], nil
	for _, x := range h.models[to] {
		x.in = to
	}
}

// sweep takes some out of list k while it ranges over it, and puts them into another.
func (h *history) sweep(k int, r *rand.Rand) {
	at, stop := 0, r.IntN(20)
	model := slices.Clone(h.models[k])
	for x := range h.lists[k].All() {
		if x != model[at] {
			h.t.Errorf("the range gives %d, want %d", x.name, model[at].name)
		}
		if at++; at > stop {
			return
		}
		if r.IntN(2) == 0 {
			h.remove(x)
			if r.IntN(2) == 0 {
				h.push((k+1)%3, x)
			}
		}
	}
	if at != len(model) {
		h.t.Errorf("the range gave %d of %d", at, len(model))
	}
}

func (h *history) check() {
	for k := range h.lists {
		l, model := &h.lists[k], h.models[k]
		if l.Empty() != (len(model) == 0) {
			h.t.Errorf("list %d: empty is %v, and it should hold %d", k, l.Empty(), len(model))
		}
		x := l.First()
		for _, want := range model {
			if x != want {
				h.t.Fatalf("list %d has %v, want %v", k, x, want)
			}
			x = l.Next(&x.place)
		}
		if x != nil {
			h.t.Errorf("list %d goes on with %d", k, x.name)
		}
	}
	for i := range h.things {
		if x := &h.things[i]; x.place.Listed() != (x.in >= 0) {
			h.t.Errorf("%d: listed is %v", i, x.place.Listed())
		}
	}
}

// TestAgainstModel: after every step of a random history the lists are what slices are.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := newHistory(t, 1+r.IntN(30))
		for range 1000 {
			x, k := &h.things[r.IntN(len(h.things))], r.IntN(3)
			switch what := r.IntN(10); {
			case what < 5 && x.in < 0:
				h.push(k, x)
			case what < 5:
				h.remove(x)
			case what < 7:
				h.pop(k)
			case what < 8:
				h.sweep(k, r)
			case len(h.models[(k+1)%3]) == 0:
				h.take(k, (k+1)%3)
			}
			h.check()
			if t.Failed() {
				t.Fatalf("with seed %d", seed)
			}
		}
	}
}

// TestSize: a list is one word and a node two.
func TestSize(t *testing.T) {
	t.Parallel()
	const word = unsafe.Sizeof(uintptr(0))
	if n := unsafe.Sizeof(list.List[thing]{}); n != word {
		t.Errorf("a list has %d bytes", n)
	}
	if n := unsafe.Sizeof(list.Node[thing]{}); n != 2*word {
		t.Errorf("a node has %d bytes", n)
	}
}

// TestNothingIsAllocated: neither for a place in a list nor to range over one. It is
// not parallel: it counts all that the process allocates.
func TestNothingIsAllocated(t *testing.T) {
	var l list.List[thing]
	things := make([]thing, 10)
	sum := 0
	n := testing.AllocsPerRun(100, func() {
		for i := range things {
			l.PushBack(&things[i].place)
		}
		for x := range l.All() {
			sum += x.name
			l.Remove(&x.place)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPushRemove is a place in a list of ten, taken and given back.
func BenchmarkPushRemove(b *testing.B) {
	var l list.List[thing]
	things := make([]thing, 10)
	for i := range things {
		l.PushBack(&things[i].place)
	}
	i := 0
	for b.Loop() {
		n := &things[i].place
		l.Remove(n)
		l.PushBack(n)
		if i++; i == len(things) {
			i = 0
		}
	}
}
