package enginetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// testDatagramFlood: one socket's many leave another's few their turn, and no pass is
// without a bound.
func testDatagramFlood(t *testing.T, b *bench) {
	x, y := b.correspondents()
	z := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	y.d.StopReading()
	b.quiet()
	const flood, most = 250, 130
	for i := range flood {
		if taken, err := x.d.Send([]byte{byte(i)}, y.addr); !taken || err != nil {
			t.Fatal(taken, err)
		}
	}
	x.send("me, too", z.addr)
	b.must(x.e().Flush())
	b.must(y.d.StartReading())
	b.must(z.d.StartReading())
	passes, before := 0, 0
	b.until("the one of the other", func() bool {
		if n := len(y.got) - before; n > most {
			t.Errorf("%d in one pass", n)
		}
		before = len(y.got)
		passes++
		return len(z.got) == 1
	})
	if passes > 10 {
		t.Errorf("the other had to wait for %d passes", passes)
	}
	// How many of the flood the system had room for is its own choice.
	b.quiet()
	if len(y.got) < 100 {
		t.Errorf("%d of %d came", len(y.got), flood)
	}
}

func (c *correspondent) e() engine.Engine { return c.b.e }

// testDatagramExits: what came in one batch is told of though the handler leaves by
// Goexit.
func testDatagramExits(t *testing.T, b *bench) {
	x, y := b.correspondents()
	b.exits = true
	y.on = func(_ []byte, from sock.Addr) {
		y.send("back", from)
		runtime.Goexit()
	}
	var want []string
	for i := range 40 {
		want = append(want, fmt.Sprint(i))
		x.send(want[i], y.addr)
	}
	b.until("all of them, and the answers", func() bool { return len(y.got) == len(want) && len(x.got) == len(want) })
	if !slices.Equal(y.got, want) {
		t.Errorf("got %q", y.got)
	}
}

// testDatagramMany: answers to many sockets, each of a few, go and come in order.
func testDatagramMany(t *testing.T, b *bench) {
	const n, rounds = 30, 12
	client := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	b.must(client.d.StartReading())
	servers := make([]*correspondent, n)
	for i := range servers {
		s := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
		s.on = func(p []byte, from sock.Addr) {
			for k := range 1 + i%6 {
				s.send(fmt.Sprintf("%s.%d", p, k), from)
			}
		}
		b.must(s.d.StartReading())
		servers[i] = s
	}
	for round := range rounds {
		client.got, client.from = nil, nil
		want := 0
		for i, s := range servers {
			client.send(fmt.Sprint(round), s.addr)
			want += 1 + i%6
		}
		b.until("the answers", func() bool { return len(client.got) == want })
		next := map[sock.Addr]int{}
		for i, from := range client.from {
			if want := fmt.Sprintf("%d.%d", round, next[from]); client.got[i] != want {
				t.Fatalf("%q came after %d of %v, want %q", client.got[i], next[from], from, want)
			}
			next[from]++
		}
	}
}

// testDatagramReuse: what was under way on a socket that is closed takes nothing from the
// one that gets its number.
func testDatagramReuse(t *testing.T, b *bench) {
	x := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
	same := 0
	for i := range 40 {
		old := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
		b.must(old.d.StartReading())
		if i%2 == 0 {
			b.pass(0)
		}
		if i%3 == 0 {
			x.send("for the old one", old.addr)
			old.await()
		}
		old.close()
		fresh := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
		if fresh.d.FD() == old.d.FD() {
			same++
		}
		x.send("mine", fresh.addr)
		b.pass(0)
		b.must(fresh.d.StartReading())
		b.until("it", func() bool { return len(fresh.got) > 0 })
		if !slices.Equal(fresh.got, []string{"mine"}) || len(fresh.failed)+fresh.writable != 0 {
			t.Errorf("got %q, %v", fresh.got, fresh.failed)
		}
		fresh.close()
	}
	t.Logf("%d numbers were used again", same)
}

// testDatagramCloseSends: what Send has taken goes before Close.
func testDatagramCloseSends(t *testing.T, b *bench) {
	x, y := b.correspondents()
	y.on = func(_ []byte, from sock.Addr) {
		for i := range 3 {
			y.send(fmt.Sprint(i), from)
		}
		y.close()
	}
	for range 3 {
		x.send("x", y.addr)
	}
	b.until("the answers", func() bool { return len(x.got) == 3 })
	if !slices.Equal(x.got, []string{"0", "1", "2"}) {
		t.Errorf("got %q", x.got)
	}
}

// testDatagramHistory: sockets send, stop, go on, fail, close and open at random; whoever
// is open in the end has got what was sent to it, each once, and that of each sender in
// order.
func testDatagramHistory(t *testing.T, b *bench) {
	for seed := range uint64(3) {
		h := &letters{bench: b, rng: rand.New(rand.NewPCG(seed, 0x64676d))}
		for i := range h.all {
			h.open(&h.all[i])
		}
		for range 1500 {
			h.step()
		}
		for i := range h.all {
			h.drain(&h.all[i])
			h.all[i].close()
		}
		t.Logf("%d datagrams", h.sent)
	}
}

type letters struct {
	*bench
	rng  *rand.Rand
	all  [5]addressee
	sent int
}

// addressee is a correspondent, and what it is to get.
type addressee struct {
	*correspondent
	want map[sock.Addr][]string // of whom
	due  int                    // in all
}

func (h *letters) open(a *addressee) {
	*a = addressee{h.correspond(h.udp(), engine.DatagramOptions{MaxSize: maxSize}), map[sock.Addr][]string{}, 0}
	a.on = func([]byte, sock.Addr) {
		switch h.rng.IntN(8) {
		case 0:
			a.d.StopReading()
		case 1:
			panic(onPurpose)
		case 2, 3:
			h.send(a, &h.all[h.rng.IntN(len(h.all))])
		}
	}
	h.must(a.d.StartReading())
}

// send has one send to another, unless as many are under way as the system surely has room
// for.
func (h *letters) send(from, to *addressee) {
	if from.closed || to.closed || to.due-len(to.got) > 50 {
		return
	}
	h.sent++
	p := fmt.Sprint(h.sent, string(pattern(h.rng.IntN(1500))))
	if h.rng.IntN(10) == 0 {
		p = ""
	}
	to.due++
	to.want[from.addr] = append(to.want[from.addr], p)
	from.correspondent.send(p, to.addr)
}

func (h *letters) step() {
	a := &h.all[h.rng.IntN(len(h.all))]
	switch n := h.rng.IntN(20); {
	case n < 10:
		h.send(a, &h.all[h.rng.IntN(len(h.all))])
	case n < 13:
		h.must(a.d.StartReading())
	case n < 14:
		a.d.StopReading()
	case n < 15 && h.rng.IntN(10) == 0:
		a.close()
		h.open(a)
	case n < 16:
		h.drain(a)
	case n < 17:
		h.must(h.e.Flush())
	default:
		h.pass(0)
	}
}

// drain waits until one has got all that was sent to it.
func (h *letters) drain(a *addressee) {
	h.until("the rest", func() bool {
		h.must(a.d.StartReading())
		return len(a.got) >= a.due
	})
	got := map[sock.Addr][]string{}
	for i, from := range a.from {
		got[from] = append(got[from], a.got[i])
	}
	if len(a.got) != a.due || !maps.EqualFunc(got, a.want, slices.Equal[[]string]) {
		h.Fatalf("got %d of %d, in another order", len(a.got), a.due)
	}
}

// TestDatagramAllocations: in steady state a datagram costs no allocation, coming and
// going. It counts the whole process: the test that calls it must not be parallel.
func TestDatagramAllocations(t *testing.T, open func() (engine.Engine, error)) {
	e, err := open()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, e: e}
	t.Cleanup(b.close)
	server, client := b.udp(), b.udp()
	s := &returning{}
	c := &returning{}
	s.d, err = e.Datagram(server, s, engine.DatagramOptions{MaxSize: maxSize})
	b.must(err)
	c.d, err = e.Datagram(client, c, engine.DatagramOptions{MaxSize: maxSize})
	b.must(err)
	b.cleanup = append(b.cleanup, func() { s.d.Close(); c.d.Close() })
	b.must(s.d.StartReading())
	b.must(c.d.StartReading())
	to, p := b.addrOf(server), pattern(64)
	for _, n := range []int{1, 20} {
		c.came = 0
		round := func() {
			for range n {
				if taken, err := c.d.Send(p, to); !taken || err != nil {
					t.Fatal(taken, err)
				}
			}
			for c.came += n; c.came > 0; {
				events, err := e.Poll(engine.Forever)
				b.must(err)
				for _, ev := range events {
					ev.To.Complete(ev.Ev)
				}
			}
		}
		s.answers = true
		for range 20 {
			round()
		}
		if got := testing.AllocsPerRun(100, round); got != 0 {
			t.Errorf("%v allocations for %d datagrams there and back", got, n)
		}
	}
}

// returning is a handler that answers, or counts down.
type returning struct {
	d       engine.Datagram
	answers bool
	came    int // counted down to 0
}

func (r *returning) Received(p []byte, from sock.Addr) {
	r.came--
	if r.answers {
		if taken, err := r.d.Send(p, from); !taken || err != nil {
			panic(fmt.Sprint(taken, err))
		}
	}
}

func (r *returning) Truncated(int, sock.Addr)      { panic("truncated") }
func (r *returning) Unsent([]byte, sock.Addr)      { panic("unsent") }
func (r *returning) Writable()                     {}
func (r *returning) Failed(err error, _ sock.Addr) { panic(err) }
func (r *returning) Broken(err error)              { panic(err) }
