package simulated_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// fixed are conditions of a link whose latency is always the same.
func fixed(d time.Duration) simulated.Conditions {
	return simulated.Conditions{Latency: simulated.Spread{Least: d, Most: d}}
}

// usual sets the conditions of all links that no two hosts have used yet.
func (l *lab) usual(c simulated.Conditions) { l.net.Change(func() { l.net.SetUsual(c) }) }

// stacks sets the stack of all hosts.
func (l *lab) stacks(s simulated.Stack) {
	l.net.Change(func() {
		for _, h := range l.hosts {
			h.SetStack(s)
		}
	})
}

// TestLatency: a connection takes three ways to be accepted, and a message one.
func TestLatency(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 1)
	l.usual(fixed(10 * time.Millisecond))
	v := l.serve(1, 80, 1).accept()
	a := l.dial(0, v.addr)
	c := a.conn()
	if now := l.net.Now(); now != 20*time.Millisecond {
		t.Errorf("connected after %v", now)
	}
	l.until("accepting", func() bool { return len(v.conns) == 1 })
	if now := l.net.Now(); now != 30*time.Millisecond {
		t.Errorf("accepted after %v", now)
	}
	c.put([]byte("x"))
	l.until("the byte", func() bool { return v.conns[0].total == 1 })
	if now := l.net.Now(); now != 40*time.Millisecond {
		t.Errorf("received after %v", now)
	}
	own, err := l.engines[0].Sockets().LocalAddr(a.fd)
	if err != nil || own != v.peers[0] || own.AddrPort().Addr() != addr4(0) {
		t.Errorf("the client is %v, %v, and accepted as %v", own, err, v.peers[0])
	}
	for _, what := range []string{"connect", "connected", "accept", "send", "arrive"} {
		if l.happened(what) == 0 {
			t.Errorf("nobody was told of %q", what)
		}
	}
}

// TestBandwidth: what is sent takes its time, and all that is sent over a link takes it
// together.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 1, nil)
	l.usual(simulated.Conditions{Bandwidth: 1 << 20})
	x, y := l.pair()
	start := l.net.Now()
	x.put(pattern(1 << 20))
	y.put(pattern(1 << 18))
	l.until("all of it", func() bool { return y.total == 1<<20 && x.total == 1<<18 })
	if took := l.net.Now() - start; took < time.Second || took > 1100*time.Millisecond {
		t.Errorf("1 MiB took %v at 1 MiB a second", took)
	}
}

// TestRefusals: what becomes of a connect to where nobody is.
func TestRefusals(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 3, nil)
	four, err := l.net.AddHost("four", netip.MustParseAddr("10.0.1.1"))
	l.must(err)
	l.hosts, l.engines = append(l.hosts, four), append(l.engines, nil)
	l.boot(2)
	v := l.serve(1, 80, 1)
	for _, c := range []struct {
		what string
		host int
		to   sock.Addr
		want error
	}{
		{"nobody listens", 0, inet(t, addr4(1), 81), simulated.ErrRefused},
		{"nobody listens here", 0, inet(t, addr4(0), 81), simulated.ErrRefused},
		{"no such host", 0, inet(t, netip.MustParseAddr("10.9.9.9"), 80), simulated.ErrNoHost},
		{"no address of that family", 2, inet(t, netip.MustParseAddr("fd00::1"), 80), simulated.ErrNoNetwork},
		{"no such host, of IPv6", 0, inet(t, netip.MustParseAddr("fd00::99"), 80), simulated.ErrNoHost},
		{"an IPv4 listener, by IPv6", 0, inet(t, netip.MustParseAddr("fd00::2"), 80), simulated.ErrRefused},
	} {
		a := l.dial(c.host, c.to)
		l.until(c.what, func() bool { return a.over })
		if !errors.Is(a.err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, a.err, c.want)
		}
		a.drop()
	}
	l.must(v.ln.Close())
	l.empty()
}

// empty wants nothing to be left of any connection.
func (l *lab) empty() {
	l.Helper()
	l.rest()
	l.net.Change(func() {
		for _, h := range l.hosts {
			if h.Sockets() != 0 || h.Connections() != 0 {
				l.Errorf("host %s has %d sockets and %d connections", h.Name(), h.Sockets(), h.Connections())
			}
		}
		if n := l.net.Due(); n != 0 {
			l.Errorf("%d things are to happen", n)
		}
	})
}

// TestSilence: a connect to a host that does not answer asks again after 1, 2, 4 seconds and so
// on, and gives up.
func TestSilence(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 1)
	l.usual(fixed(time.Millisecond))
	l.crash(1)
	a := l.dial(0, inet(t, addr4(1), 80))
	l.until("the end of its patience", func() bool { return a.over })
	if !errors.Is(a.err, simulated.ErrTimedOut) || l.net.Now() != 127*time.Second {
		t.Errorf("%v after %v", a.err, l.net.Now())
	}
	var asked []time.Duration
	for _, h := range l.log {
		if h.What == "syn" {
			asked = append(asked, h.When/time.Second)
		}
	}
	if want := []time.Duration{0, 1, 3, 7, 15, 31, 63}; !slices.Equal(asked, want) {
		t.Errorf("it asked at %v seconds, want %v", asked, want)
	}
	a.drop()
	l.empty()
}

// TestFullBacklog: who finds no room is not answered, asks again, and is accepted then.
func TestFullBacklog(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 1)
	v := l.serve(1, 80, 1)
	var all []*attempt
	for range 4 {
		all = append(all, l.dial(0, v.addr))
	}
	l.runFor(500 * time.Millisecond)
	over := 0
	for _, a := range all {
		if a.over {
			over++
		}
	}
	if over != 2 || l.happened("drop") != 2 {
		t.Errorf("%d are connected and %d were dropped, of 4 and a backlog of 1", over, l.happened("drop"))
	}
	v.accept()
	for _, a := range all {
		c := a.conn()
		defer c.close()
	}
	l.until("all to be accepted", func() bool { return len(v.conns) == 4 })
	if now := l.net.Now(); now < time.Second || now > 2*time.Second {
		t.Errorf("the last was accepted after %v", now)
	}
}

// TestCancelledConnect: one that is given up leaves nothing, whenever it is.
func TestCancelledConnect(t *testing.T) {
	t.Parallel()
	for steps := range 12 {
		l := newLab(t, 2, 1, nil)
		v := l.serve(1, 80, 1).accept()
		a := l.dial(0, v.addr)
		for range steps {
			l.step()
		}
		told := a.over
		a.cancel()
		a.drop()
		l.rest()
		if a.over != told {
			t.Errorf("told after %d steps and the end of it", steps)
		}
		for _, c := range v.conns {
			c.close()
		}
		l.must(v.ln.Close())
		l.empty()
	}
}

// TestPieces: a write takes and a read brings a part now and then, and never with Whole; all
// of it comes in order.
func TestPieces(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		l := newLab(t, 2, 5, nil)
		l.stacks(simulated.Stack{Whole: whole})
		x, y := l.pair()
		want, parts := pattern(100_000), 0
		for at := 0; at < len(want); at += 1000 {
			n, _, err := x.s.Write(want[at : at+1000])
			l.must(err)
			if n < 1000 {
				parts++
				x.put(want[at+n : at+1000])
			}
			l.until("a message", func() bool { return y.total == at+1000 })
		}
		if !bytes.Equal(y.got, want) {
			t.Error("it came wrong")
		}
		if whole && (parts != 0 || len(y.reads) != 100) || !whole && (parts < 5 || len(y.reads) < 110) {
			t.Errorf("whole is %v: %d of 100 writes took a part, and it came by %d reads", whole, parts, len(y.reads))
		}
	}
}

// TestBuffersAreFinite: who is not read can send what fits into both buffers, and goes on
// when there is room again.
func TestBuffersAreFinite(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 5, nil)
	l.stacks(simulated.Stack{SendBuffer: 10_000, ReceiveBuffer: 20_000})
	x, y := l.pair()
	y.s.StopReading()
	want := pattern(1_000_000)
	x.put(want)
	l.runFor(time.Minute)
	if went := len(want) - len(x.out); went < 25_000 || went > 30_000 {
		t.Errorf("%d bytes went to one who does not read", went)
	}
	l.must(y.s.StartReading())
	l.until("all of it", func() bool { return y.total == len(want) })
	if !bytes.Equal(y.got, want) {
		t.Error("it came wrong")
	}
	x.close()
	l.until("the end", func() bool { return y.eof == 1 })
	y.close()
	l.empty()
}

// TestNothingHappensWhileBothWait: two whose buffers are full leave nothing to happen by itself,
// by which it is noticed that they wait for each other.
func TestNothingHappensWhileBothWait(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 5, nil)
	x, y := l.pair()
	for _, c := range []*conn{x, y} {
		c.s.StopReading()
		c.put(pattern(1 << 20))
	}
	l.rest()
	if len(x.out) == 0 || len(y.out) == 0 {
		t.Error("all of it went")
	}
}

// TestEnds: an orderly end, one with something unread, and what is sent to one who is gone.
func TestEnds(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, y := l.pair()
	x.put([]byte("question"))
	l.must(x.s.CloseWrite())
	l.until("the end", func() bool { return y.eof == 1 })
	if _, _, err := x.s.Write([]byte("more")); !errors.Is(err, simulated.ErrPipe) {
		t.Errorf("writing after the end: %v", err)
	}
	y.put([]byte("answer"))
	l.until("the answer", func() bool { return string(x.got) == "answer" })
	y.close()
	l.until("the other end", func() bool { return x.eof == 1 })
	x.close()
	l.empty()

	x, y = l.pair()
	y.s.StopReading()
	x.put([]byte("never read"))
	l.rest()
	y.close()
	l.until("the reset", func() bool { return x.err != nil })
	if !errors.Is(x.err, simulated.ErrReset) || !sock.Disconnected(x.err) {
		t.Errorf("something was unread: %v", x.err)
	}
	if _, _, err := x.s.Write([]byte("more")); !errors.Is(err, simulated.ErrPipe) || !sock.Disconnected(err) {
		t.Errorf("writing after the reset: %v", err)
	}
	x.close()
	l.empty()

	x, y = l.pair()
	y.close()
	l.until("the end", func() bool { return x.eof == 1 })
	x.put([]byte("to nobody"))
	l.must(x.serr)
	l.rest()
	x.put([]byte("again"))
	if !sock.Disconnected(x.serr) {
		t.Errorf("writing to one who is gone: %v", x.serr)
	}
	x.close()
	l.empty()
}

// TestCloseSendsAll: what was written goes before the end, however slow that is.
func TestCloseSendsAll(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 9, nil)
	l.usual(simulated.Conditions{Latency: simulated.Spread{Least: 1, Most: 1e6, Tail: 0.5}, Loss: 0.2})
	x, y := l.pair()
	want := pattern(50_000)
	for rest := want; len(rest) > 0; {
		n, _, err := x.s.Write(rest)
		l.must(err)
		rest = rest[n:]
		if n == 0 {
			l.step()
		}
	}
	x.close()
	if l.sockets(0) != 0 {
		t.Error("the socket is open")
	}
	l.until("the end", func() bool { return y.eof == 1 })
	if !bytes.Equal(y.got, want) {
		t.Errorf("%d bytes came of %d", len(y.got), len(want))
	}
	y.close()
	l.empty()
}
