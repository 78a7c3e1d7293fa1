package mailbox_test

import (
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/mailbox"
)

// world is a box with its producers and its consumer, all driven from one goroutine, one
// step at a time: what a step does is indivisible to the others (a critical section, an
// atomic load, a call of wake). A Put is two steps if it wakes: its critical section, and
// the wake-up, which wake puts off until its producer's next step.
type world struct {
	t   *testing.T
	box *mailbox.Box[int]

	next    []int  // by producer: how many values it has put
	owes    []bool // by producer: it has undertaken to wake and not done so yet
	running int    // the producer whose step it is
	puts    []int  // by producer: how many values it is to put
	total   int

	order    []int // accepted values, in order of their Puts
	refused  int
	received []int
	at       place
	token    bool // wake was called: the consumer's block ends
	wakes    int  // in the current or last sleep
	spurious int  // how many more times the block of the consumer may end for a reason of its own
	closeAt  int  // the consumer closes when it has taken this many steps; never if negative
	steps    int
}

// place is where the consumer is: the step that it takes next.
type place int

const (
	take place = iota
	look
	sleep
	blocked
	awake
	ended
)

func newWorld(t *testing.T, puts []int, spurious, closeAt int) *world {
	w := &world{
		t: t, next: make([]int, len(puts)), owes: make([]bool, len(puts)),
		puts: puts, spurious: spurious, closeAt: closeAt,
	}
	for _, n := range puts {
		w.total += n
	}
	w.box = mailbox.New[int](func() {
		if w.at != blocked && w.at != awake {
			t.Fatal("undertook to wake a consumer that is awake")
		}
		if w.wakes++; w.wakes > 1 {
			t.Fatal("undertook to wake the consumer twice in a sleep")
		}
		w.owes[w.running] = true
	})
	return w
}

// able are those who can take a step: producers by number, then the consumer, then the
// consumer's block ending for a reason of its own.
func (w *world) able() []int {
	var who []int
	for p := range w.next {
		if w.owes[p] || w.next[p] < w.puts[p] {
			who = append(who, p)
		}
	}
	if w.at != ended && (w.at != blocked || w.token) {
		who = append(who, len(w.next))
	}
	if w.at == blocked && w.spurious > 0 && len(who) > 0 {
		who = append(who, len(w.next)+1)
	}
	return who
}

func (w *world) step(who int) {
	switch {
	case who < len(w.next):
		w.produce(who)
	case who == len(w.next):
		w.consume()
	default:
		w.spurious--
		w.at = awake
	}
}

func (w *world) produce(p int) {
	w.running = p
	if w.owes[p] {
		w.owes[p] = false
		w.token = true
		return
	}
	v := p*100 + w.next[p]
	w.next[p]++
	if w.box.Put(v) {
		w.order = append(w.order, v)
	} else {
		w.refused++
	}
}

func (w *world) consume() {
	if w.steps++; w.closeAt >= 0 && w.steps > w.closeAt {
		w.box.Close(func(v int) { w.received = append(w.received, v) })
		w.at = ended
		return
	}
	switch w.at {
	case take:
		w.received = w.box.Take(w.received)
		if w.at = look; len(w.received) == w.total {
			w.at = ended
		}
	case look:
		if w.at = take; w.box.Empty() {
			w.at = sleep
		}
	case sleep:
		if w.at = take; w.box.Sleep() {
			w.at = blocked
			w.wakes = 0
		}
	case blocked:
		w.token = false
		w.at = awake
	case awake:
		w.box.Awake()
		w.at = take
	}
}

// check is for a world in which nobody can take a step.
func (w *world) check() {
	if w.at != ended {
		w.t.Fatalf("the consumer sleeps for ever: %v put, %v received", w.order, w.received)
	}
	if !slices.Equal(w.order, w.received) {
		w.t.Fatalf("%v put, %v received", w.order, w.received)
	}
	if len(w.order)+w.refused != w.total || w.closeAt < 0 && w.refused > 0 {
		w.t.Fatalf("%d put, %d refused", len(w.order), w.refused)
	}
}

// explore runs a world once for each order of steps that is possible, and returns
// how many these are. A run repeats the choices of the last, but for the last
// that can be made otherwise.
func explore(make func() *world) (runs int) {
	var chosen, of []int
	for {
		w := make()
		depth := 0
		for who := w.able(); len(who) > 0; who = w.able() {
			if depth == len(chosen) {
				chosen, of = append(chosen, 0), append(of, len(who))
			}
			w.step(who[chosen[depth]])
			depth++
		}
		w.check()
		runs++
		last := len(chosen) - 1
		for last >= 0 && chosen[last] == of[last]-1 {
			last--
		}
		if last < 0 {
			return runs
		}
		chosen, of = chosen[:last+1], of[:last+1]
		chosen[last]++
	}
}

func TestAllInterleavings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		puts               []int // by producer
		spurious           int
		closeFrom, closeTo int // at which steps of the consumer to close; -1 never
	}{
		{"one producer", []int{3}, 2, -1, -1},
		{"two producers", []int{2, 2}, 0, -1, -1},
		{"two producers, woken otherwise", []int{2, 1}, 1, -1, -1},
		{"three producers", []int{1, 1, 1}, 0, -1, -1},
		{"closed at any step", []int{1, 1}, 1, 0, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			for closeAt := c.closeFrom; closeAt <= c.closeTo; closeAt++ {
				runs += explore(func() *world { return newWorld(t, c.puts, c.spurious, closeAt) })
			}
			t.Logf("%d interleavings", runs)
		})
	}
}
