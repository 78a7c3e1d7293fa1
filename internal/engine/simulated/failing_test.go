package simulated_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestLoss: over a link that loses much all comes, in order, and is sent again for it.
func TestLoss(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 11)
	l.usual(simulated.Conditions{Latency: simulated.Spread{Least: 1e6, Most: 5e6}, Loss: 0.3})
	x, y := l.pair()
	want := pattern(200_000)
	y.on = func(p []byte) { y.put(p) }
	x.put(want)
	l.until("the echo", func() bool { return x.total == len(want) })
	if !bytes.Equal(x.got, want) || !bytes.Equal(y.got, want) {
		t.Error("it came wrong")
	}
	if l.happened("resend") == 0 || l.happened("lost") == 0 {
		t.Error("nothing was lost")
	}
	x.close()
	y.close()
	l.empty()
}

// TestDown: what is sent over a link that is down comes when it is up again, and if that is
// too late the connection has failed at both ends.
func TestDown(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 0)
	x, y := l.pair()
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = true })
	x.put([]byte("held up"))
	l.runFor(5 * time.Minute)
	if y.total != 0 || x.err != nil {
		t.Fatal("it came over a link that is down, or failed")
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = false })
	l.until("the message", func() bool { return string(y.got) == "held up" })
	if n := l.happened("resend"); n < 5 || n > 15 {
		t.Errorf("it was sent again %d times", n)
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = true })
	start := l.net.Now()
	y.put([]byte("in vain"))
	l.until("the end of its patience", func() bool { return y.err != nil })
	if took := l.net.Now() - start; !errors.Is(y.err, simulated.ErrTimedOut) || took != 15*time.Minute {
		t.Errorf("%v after %v", y.err, took)
	}
	y.close()
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = false })
	l.runFor(time.Hour)
	if x.err != nil || x.eof != 0 {
		t.Error("the other end heard of it")
	}
	x.put([]byte("anybody?"))
	l.until("the reset", func() bool { return x.err != nil })
	if !errors.Is(x.err, simulated.ErrReset) {
		t.Error(x.err)
	}
	x.close()
	l.empty()
}

// TestOneWay: a link that is down in one direction lets the other pass.
func TestOneWay(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, y := l.pair()
	l.net.Change(func() { l.net.Link(l.hosts[0], l.hosts[1]).Down = true })
	y.put([]byte("passes"))
	x.put([]byte("does not"))
	l.runFor(time.Minute)
	if string(x.got) != "passes" || y.total != 0 {
		t.Errorf("%q and %q came", x.got, y.got)
	}
}

// TestStall: what is held comes when the stall is over, in order, and nothing was lost.
func TestStall(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 3)
	x, y := l.pair()
	x.put([]byte("under way "))
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = true })
	l.runFor(time.Minute)
	if string(y.got) != "under way " {
		t.Errorf("%q came", y.got)
	}
	want := pattern(100_000)
	x.put(want)
	y.put([]byte("back"))
	l.runFor(time.Minute)
	if y.total != 10 || x.total != 0 {
		t.Error("something passed")
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = false })
	l.until("all of it", func() bool { return y.total == 10+len(want) && x.total == 4 })
	if !bytes.Equal(y.got[10:], want) {
		t.Error("it came wrong")
	}
	if l.happened("lost") != 0 || x.err != nil {
		t.Error("something was lost")
	}
	x.close()
	y.close()
	l.empty()
}

// TestStallDuringConnect: a connect goes on when the stall is over.
func TestStallDuringConnect(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 3, nil)
	v := l.serve(1, 80, 1).accept()
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = true })
	a := l.dial(0, v.addr)
	l.runFor(20 * time.Second)
	if a.over {
		t.Fatal("it is over")
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = false })
	x := a.conn()
	l.until("accepting", func() bool { return len(v.conns) == 1 })
	x.put([]byte("x"))
	l.until("the byte", func() bool { return v.conns[0].total == 1 })
	if len(v.conns) != 1 {
		t.Errorf("%d were accepted", len(v.conns))
	}
}

// TestCrash: nobody notices a crash before something is sent; then it is as if nobody
// answered, and from a host that is up again it is a reset.
func TestCrash(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 0)
	x, y := l.pair()
	y.put([]byte("last words"))
	l.crash(1)
	if l.sockets(1) != 0 {
		t.Error("it has sockets")
	}
	l.runFor(time.Hour)
	if string(x.got) != "last words" || x.eof != 0 || x.err != nil {
		t.Errorf("%q, %d, %v: what was under way comes, and nothing else", x.got, x.eof, x.err)
	}
	start := l.net.Now()
	x.put([]byte("anybody?"))
	l.runFor(10 * time.Minute)
	if x.err != nil {
		t.Errorf("%v after %v", x.err, l.net.Now()-start)
	}
	l.restart(1)
	l.until("the reset", func() bool { return x.err != nil })
	if !errors.Is(x.err, simulated.ErrReset) {
		t.Error(x.err)
	}
	x.close()
	l.empty()
	if l.happened("crash") != 1 || l.happened("up") != 1 {
		t.Error("nobody was told")
	}
}

// TestReset: connections between two hosts end at once, and no others.
func TestReset(t *testing.T) {
	t.Parallel()
	for _, to := range []int{0, 1} {
		l := newLab(t, 2, 0, nil)
		v := l.serve(to, 80, 10).accept()
		var all []*conn
		for range 3 {
			all = append(all, l.dial(0, v.addr).conn())
		}
		other := l.serve(1, 81, 10).accept()
		spared := l.dial(1, other.addr).conn()
		l.until("accepting", func() bool { return len(v.conns) == 3 && len(other.conns) == 1 })
		all[0].put([]byte("under way"))
		l.net.Change(func() { l.net.Reset(l.hosts[0], l.hosts[to]) })
		l.rest()
		for _, c := range append(all, v.conns...) {
			if !errors.Is(c.err, simulated.ErrReset) {
				t.Errorf("an end has %v", c.err)
			}
			c.close()
		}
		for _, c := range []*conn{spared, other.conns[0]} {
			if c.err != nil {
				t.Error("another connection is reset, too")
			}
			c.close()
		}
		l.must(v.ln.Close())
		l.must(other.ln.Close())
		l.empty()
	}
}

// TestKeepAlive: of two idle ends that are cut off the one that asks finds out.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	for _, crash := range []bool{false, true} {
		l := newLab(t, 2, 0, nil)
		x, y := l.pair()
		l.must(l.engines[0].Sockets().SetOption(x.s.FD(), engine.KeepAlive, 1))
		l.runFor(100 * time.Hour)
		if x.err != nil {
			t.Fatal(x.err)
		}
		want := simulated.ErrTimedOut
		if crash {
			l.crash(1)
			l.restart(1)
			want = simulated.ErrReset
		} else {
			l.links(0, 1, func(c *simulated.Conditions) { c.Down = true })
		}
		l.runFor(3 * time.Hour)
		if !errors.Is(x.err, want) || y.err != nil {
			t.Errorf("%v and %v, want %v and nothing", x.err, y.err, want)
		}
		l.links(0, 1, func(c *simulated.Conditions) { c.Down = false })
		x.close()
		y.close()
		l.empty()
	}
}

// TestCrashForGood: one who sends to a host that stays down has failed after a while.
func TestCrashForGood(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, _ := l.pair()
	l.crash(1)
	start := l.net.Now()
	x.put([]byte("anybody?"))
	l.until("the end of its patience", func() bool { return x.err != nil })
	if took := l.net.Now() - start; !errors.Is(x.err, simulated.ErrTimedOut) || took < 15*time.Minute || took > 15*time.Minute+time.Second {
		t.Errorf("%v after %v", x.err, took)
	}
	x.close()
	l.empty()
}

// TestCrashOfOneWhoDoesNotRead: one who waits for room finds out, too.
func TestCrashOfOneWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, up := range []bool{false, true} {
		l := newLab(t, 2, 0, nil)
		x, y := l.pair()
		y.s.StopReading()
		x.put(pattern(1 << 20))
		l.runFor(time.Minute)
		l.crash(1)
		if up {
			l.restart(1)
		}
		l.until("the end of the connection", func() bool { return x.serr != nil || x.err != nil })
		want := simulated.ErrTimedOut
		if up {
			want = simulated.ErrReset
		}
		if !errors.Is(x.serr, want) && !errors.Is(x.err, want) {
			t.Errorf("%v, %v, want %v", x.serr, x.err, want)
		}
		x.close()
		l.empty()
	}
}

// TestCrashedEngine: every call answers ErrCrashed, closing succeeds, and there is no other
// engine before the host is up.
func TestCrashedEngine(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, _ := l.pair()
	v := l.serve(0, 81, 1).accept()
	a := l.dial(0, inet(t, addr4(1), 99))
	e := l.engines[0]
	if _, err := l.hosts[0].NewEngine(); err == nil || errors.Is(err, simulated.ErrCrashed) {
		t.Errorf("a second engine: %v", err)
	}
	s := e.Sockets()
	own, err := s.Open(sock.Inet4, sock.Stream)
	l.must(err)
	if e.Pending() {
		t.Error("it is pending before")
	}
	l.crash(0)
	if !e.Pending() {
		t.Error("it is not pending")
	}
	for what, err := range map[string]error{
		"Poll":           second(e.Poll(engine.Forever)),
		"Flush":          e.Flush(),
		"Watch":          e.Watch(own, engine.Read, nil),
		"Stream":         second(e.Stream(own, x)),
		"Listener":       second(e.Listener(own, v)),
		"Pipe":           second(e.Pipe(own, engine.Read, x)),
		"Connect":        second(e.Connect(own, v.addr, nil)),
		"Open":           second(s.Open(sock.Inet4, sock.Stream)),
		"Bind":           s.Bind(own, v.addr),
		"LocalAddr":      second(s.LocalAddr(own)),
		"StartReading":   x.s.StartReading(),
		"Write":          second2(x.s.Write([]byte("x"))),
		"Send":           x.s.Send(),
		"CloseWrite":     x.s.CloseWrite(),
		"StartAccepting": v.ln.StartAccepting(1),
		"NewEngine":      second(l.hosts[0].NewEngine()),
	} {
		if !errors.Is(err, simulated.ErrCrashed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	a.cancel()
	x.s.StopReading()
	x.s.StopSending()
	v.ln.StopAccepting()
	for what, err := range map[string]error{"Close": s.Close(own), "stream": x.s.Close(), "listener": v.ln.Close(), "engine": e.Close()} {
		if err != nil {
			t.Errorf("closing of %s: %v", what, err)
		}
	}
	if a.over {
		t.Error("the connect is over")
	}
	l.net.Change(l.hosts[0].Up)
	l.boot(0)
	x, y := l.pair()
	x.put([]byte("again"))
	l.until("a message", func() bool { return y.total == 5 })
}

func second[T any](_ T, err error) error          { return err }
func second2[T, U any](_ T, _ U, err error) error { return err }

// history is a scenario with all that can happen, of as many steps as there are, or until
// steps are over; then end is called, and everything closed.
func history(t *testing.T, seed uint64, steps int, end func(*lab)) (*lab, int) {
	l := newLogged(t, 3, seed)
	l.usual(simulated.Conditions{Latency: simulated.Spread{Least: 1e5, Most: 2e6, Tail: 0.1}, Loss: 0.05})
	l.stacks(simulated.Stack{SendBuffer: 4000, ReceiveBuffer: 3000})
	v := l.serve(2, 80, 1).accept()
	var all []*conn
	v.on = func(c *conn) {
		all = append(all, c)
		c.on = func(p []byte) { c.put(p) }
	}
	var dials []*attempt
	for i := range 4 {
		dials = append(dials, l.dial(i%2, v.addr))
	}
	opened := map[*attempt]*conn{}
	taken := 0
	for ; steps < 0 || taken < steps; taken++ {
		for i, a := range dials {
			if a.over && a.err == nil && opened[a] == nil && !l.down(a.host) {
				c := l.stream(a.host, a.fd)
				opened[a] = c
				c.put(pattern(5000 + i))
			}
		}
		if !l.step() {
			break
		}
	}
	if end != nil {
		end(l)
	}
	for _, a := range dials {
		if c := opened[a]; c != nil {
			c.close()
		} else {
			a.cancel()
			a.drop()
		}
	}
	for _, c := range all {
		c.close()
	}
	l.must(v.ln.Close())
	for l.step() {
		for _, c := range all {
			c.close()
		}
	}
	return l, taken
}

// down reports whether a host has crashed.
func (l *lab) down(i int) (down bool) {
	l.net.Change(func() { down = l.hosts[i].Down() })
	return down
}

// TestSameSeed: the same seed has the same happen, and another one something else.
func TestSameSeed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		a, _ := history(t, seed, -1, nil)
		b, _ := history(t, seed, -1, nil)
		c, _ := history(t, seed+1000, -1, nil)
		if !reflect.DeepEqual(a.log, b.log) {
			t.Fatalf("seed %d: two runs differ", seed)
		}
		if reflect.DeepEqual(a.log, c.log) {
			t.Fatalf("seeds %d and %d do not differ", seed, seed+1000)
		}
	}
}

// TestSweep: whatever is closed, or whoever crashes, at any moment: nothing is left.
func TestSweep(t *testing.T) {
	t.Parallel()
	_, steps := history(t, 77, -1, nil)
	for at := range steps {
		for i, end := range []func(*lab){
			nil,
			func(l *lab) { l.crash(0) },
			func(l *lab) { l.crash(2) },
			func(l *lab) { l.crash(2); l.restart(2) },
			func(l *lab) { l.links(0, 2, func(c *simulated.Conditions) { c.Down = true }) },
			func(l *lab) { l.must(l.engines[2].Close()); l.engines[2] = nil },
		} {
			l, _ := history(t, 77, at, end)
			l.empty()
			if t.Failed() {
				for _, h := range l.log {
					t.Log(h)
				}
				t.Fatalf("after %d steps, end %d", at, i)
			}
		}
	}
}
