package simulated_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// letterbox is a datagram socket that records what it hears.
type letterbox struct {
	l        *lab
	host     int
	d        engine.Datagram
	addr     sock.Addr
	got      []string
	from     []sock.Addr
	at       []time.Duration
	failed   []error
	failedTo []sock.Addr
	writable int
	on       func(p string, from sock.Addr)
}

func (b *letterbox) Received(p []byte, from sock.Addr) {
	b.got, b.from, b.at = append(b.got, string(p)), append(b.from, from), append(b.at, b.l.net.Now())
	if b.on != nil {
		b.on(string(p), from)
	}
}

func (b *letterbox) Truncated(size int, _ sock.Addr) {
	b.got = append(b.got, fmt.Sprint("truncated ", size))
}
func (b *letterbox) Unsent([]byte, sock.Addr) { b.l.Error("Unsent") }
func (b *letterbox) Writable()                { b.writable++ }
func (b *letterbox) Broken(err error)         { b.l.Error(err) }

func (b *letterbox) Failed(err error, to sock.Addr) {
	b.failed, b.failedTo = append(b.failed, err), append(b.failedTo, to)
}

// send sends one that must be taken.
func (b *letterbox) send(p string, to sock.Addr) {
	b.l.Helper()
	if taken, err := b.d.Send([]byte(p), to); !taken || err != nil {
		b.l.Errorf("Send to %v: %v, %v", to, taken, err)
	}
}

// gram opens a socket of UDP on a host, at an address there.
func (l *lab) gram(host int, ip netip.Addr, port uint16, options ...engine.Option) *letterbox {
	l.Helper()
	s := l.engines[host].Sockets()
	family := sock.Inet4
	if ip.Is6() {
		family = sock.Inet6
	}
	fd, err := s.Open(family, sock.Datagram)
	l.must(err)
	for _, o := range options {
		l.must(s.SetOption(fd, o, 1))
	}
	l.must(s.Bind(fd, inet(l, ip, port)))
	return l.box(host, fd)
}

// box makes a Datagram of a socket, which receives.
func (l *lab) box(host int, fd uintptr) *letterbox {
	l.Helper()
	b := &letterbox{l: l, host: host}
	var err error
	b.addr, err = l.engines[host].Sockets().LocalAddr(fd)
	l.must(err)
	b.d, err = l.engines[host].Datagram(fd, b, engine.DatagramOptions{MaxSize: 2000})
	l.must(err)
	l.must(b.d.StartReading())
	return b
}

// TestDatagramShares: of many datagrams the link's share is lost, comes twice and is late; all
// else keeps its order.
func TestDatagramShares(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]simulated.Conditions{
		"quiet":     {},
		"loss":      {Loss: 0.2},
		"duplicate": {Duplicate: 0.2},
		"reorder":   {Reorder: 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 2, 7, nil)
			c.Latency = simulated.Spread{Least: time.Millisecond, Most: 3 * time.Millisecond}
			l.links(0, 1, func(d *simulated.Conditions) { *d = c })
			x, y := l.gram(0, addr4(0), 1000), l.gram(1, addr4(1), 1000)
			const all = 5000
			for i := range all {
				x.send(fmt.Sprintf("%06d", i), y.addr)
				l.runFor(100 * time.Microsecond)
			}
			l.rest()
			sorted := slices.Clone(y.got)
			slices.Sort(sorted)
			distinct := len(slices.Compact(slices.Clone(sorted)))
			late := 0
			for i, top := 0, ""; i < len(y.got); i++ {
				if y.got[i] < top {
					late++
				}
				top = max(top, y.got[i])
			}
			about := func(what string, got int, share float64) {
				if want := share * all; float64(got) < 0.85*want || float64(got) > 1.15*want {
					t.Errorf("%s: %d of %d", what, got, all)
				}
			}
			about("lost", all-distinct, c.Loss)
			about("twice", len(y.got)-distinct, c.Duplicate)
			if c.Reorder == 0 && late > 0 || c.Reorder > 0 && (late < all/10 || late > all/4) {
				t.Errorf("%d came late", late)
			}
		})
	}
}

// TestDatagramLatency: what is sent comes when the link has it come, and of two sent at once none
// is later for the other's sake but by the bandwidth.
func TestDatagramLatency(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	l.links(0, 1, func(c *simulated.Conditions) {
		c.Latency, c.Bandwidth = simulated.Spread{Least: 5 * time.Millisecond}, 1_000_000
	})
	x, y := l.gram(0, addr4(0), 1000), l.gram(1, addr4(1), 1000)
	x.send(string(pattern(972)), y.addr) // with its header 1000 bytes
	x.send(string(pattern(972)), y.addr)
	l.rest()
	if !slices.Equal(y.at, []time.Duration{6 * time.Millisecond, 7 * time.Millisecond}) {
		t.Error(y.at)
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = true })
	x.send("held", y.addr)
	l.runFor(time.Second)
	l.links(0, 1, func(c *simulated.Conditions) { c.Stalled = false })
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = true })
	x.send("lost", y.addr)
	l.rest()
	if len(y.got) != 3 || y.got[2] != "held" {
		t.Errorf("%d came", len(y.got))
	}
}

// TestDatagramOverflow: what finds no room is lost, and told of in the trace.
func TestDatagramOverflow(t *testing.T) {
	t.Parallel()
	l := newLogged(t, 2, 0)
	l.net.Change(func() { l.hosts[1].SetStack(simulated.Stack{DatagramBuffer: 10 * 612}) })
	x, y := l.gram(0, addr4(0), 1000), l.gram(1, addr4(1), 1000)
	y.d.StopReading()
	for i := range 30 {
		x.send(fmt.Sprintf("%0100d", i), y.addr)
	}
	l.rest()
	l.must(y.d.StartReading())
	l.rest()
	if len(y.got) != 10 || y.got[9] != fmt.Sprintf("%0100d", 9) || l.happened("lost") != 20 {
		t.Errorf("%d came, %d were lost", len(y.got), l.happened("lost"))
	}
}

// TestDatagramUnreachable: who is connected hears that nobody listens, and who asks for it hears
// whom that is about; over a link that is down nobody hears it.
func TestDatagramUnreachable(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	there, nobody := l.gram(1, addr4(1), 1000), inet(t, addr4(1), 7)
	plain, asking := l.gram(0, addr4(0), 1000), l.gram(0, addr4(0), 1001, engine.RecvErr)
	s := l.engines[0].Sockets()
	fd, err := s.Open(sock.Inet4, sock.Datagram)
	l.must(err)
	l.must(s.Connect(fd, nobody))
	connected := l.box(0, fd)
	for range 3 {
		plain.send("x", nobody)
		asking.send("x", nobody)
		connected.send("x", sock.Addr{})
		l.rest()
		asking.send("y", there.addr)
	}
	l.links(0, 1, func(c *simulated.Conditions) { c.Down = true })
	asking.send("x", nobody)
	l.rest()
	if len(plain.failed) != 0 || len(asking.failed) != 3 || len(connected.failed) != 3 || len(there.got) != 3 {
		t.Errorf("heard %v, %v, %v", plain.failed, asking.failed, connected.failed)
	}
	for i, err := range append(asking.failed, connected.failed...) {
		if to := append(asking.failedTo, connected.failedTo...)[i]; !errors.Is(err, simulated.ErrRefused) || to != nobody {
			t.Errorf("of %v: %v", to, err)
		}
	}
}

// TestDatagramGroups: a group's members hear what is sent to it, each once, and nobody else; the
// sender's host does unless it does not want to.
func TestDatagramGroups(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group string
		any   netip.Addr
	}{{"239.1.2.3", netip.IPv4Unspecified()}, {"ff02::99", netip.IPv6Unspecified()}} {
		l := newLab(t, 3, 0, nil)
		group := inet(t, netip.MustParseAddr(c.group), 5000)
		var all []*letterbox
		for i := range 3 {
			all = append(all, l.gram(i, c.any, 5000))
		}
		sockets := func(i int) engine.Sockets { return l.engines[i].Sockets() }
		for _, i := range []int{0, 1} {
			l.must(sockets(i).JoinGroup(all[i].d.FD(), group, 0))
		}
		if err := sockets(1).JoinGroup(all[1].d.FD(), group, 0); err == nil {
			t.Error("joined twice")
		}
		heard := func(want ...int) {
			t.Helper()
			all[0].send("x", group)
			l.rest()
			got := []int{len(all[0].got), len(all[1].got), len(all[2].got)}
			if !slices.Equal(got, want) {
				t.Errorf("%s: heard %v times, want %v", c.group, got, want)
			}
		}
		heard(1, 1, 0)
		l.must(sockets(0).SetOption(all[0].d.FD(), engine.MulticastLoop, 0))
		heard(1, 2, 0)
		l.must(sockets(2).JoinGroup(all[2].d.FD(), group, 2))
		l.must(sockets(1).LeaveGroup(all[1].d.FD(), group, 0))
		heard(1, 2, 1)
		l.must(sockets(0).SetOption(all[0].d.FD(), engine.MulticastTTL, 0))
		heard(1, 2, 1)
		if err := sockets(1).LeaveGroup(all[1].d.FD(), group, 0); err == nil {
			t.Error("left twice")
		}
		if err := sockets(1).JoinGroup(all[1].d.FD(), inet(t, addr4(1), 0), 0); err == nil {
			t.Error("joined what is no group")
		}
	}
}

// TestDatagramBroadcast: who may sends to all.
func TestDatagramBroadcast(t *testing.T) {
	t.Parallel()
	l := newLab(t, 3, 0, nil)
	to := inet(t, netip.MustParseAddr("255.255.255.255"), 5000)
	var all []*letterbox
	for i := range 3 {
		all = append(all, l.gram(i, netip.IPv4Unspecified(), 5000))
	}
	if _, err := all[0].d.Send([]byte("x"), to); err == nil {
		t.Error("it may send to all without having asked")
	}
	l.must(l.engines[0].Sockets().SetOption(all[0].d.FD(), engine.Broadcast, 1))
	all[0].send("x", to)
	l.rest()
	for i, b := range all {
		if len(b.got) != 1 || b.from[0] != inet(t, addr4(0), 5000) {
			t.Errorf("host %d heard %q from %v", i, b.got, b.from)
		}
	}
}

// TestDatagramReceiver: a datagram is for one socket alone, by its addresses.
func TestDatagramReceiver(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, z := l.gram(0, addr4(0), 1), l.gram(0, addr4(0), 2)
	all := l.gram(1, netip.IPv4Unspecified(), 1000, engine.ReuseAddr)
	one := l.gram(1, addr4(1), 1000, engine.ReuseAddr)
	s := l.engines[1].Sockets()
	fd, err := s.Open(sock.Inet4, sock.Datagram)
	l.must(err)
	l.must(s.SetOption(fd, engine.ReuseAddr, 1))
	l.must(s.Bind(fd, inet(t, addr4(1), 1000)))
	l.must(s.Connect(fd, x.addr))
	mine := l.box(1, fd)
	to := inet(t, addr4(1), 1000)
	x.send("to the connected one", to)
	z.send("to the exact one", to)
	l.gram(1, addr4(1), 3).send("to that for all", inet(t, netip.MustParseAddr("127.0.0.1"), 1000))
	l.rest()
	if fmt.Sprint(mine.got, one.got, all.got) != "[to the connected one] [to the exact one] [to that for all]" {
		t.Errorf("%q %q %q", mine.got, one.got, all.got)
	}
}

// TestDatagramShared: sockets that share a port share the senders, each of which stays with one.
func TestDatagramShared(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	var shared []*letterbox
	for range 3 {
		shared = append(shared, l.gram(1, addr4(1), 1000, engine.ReusePort))
	}
	for port := range uint16(60) {
		x := l.gram(0, addr4(0), 2000+port)
		x.send(fmt.Sprint(port), shared[0].addr)
		x.send(fmt.Sprint(port), shared[0].addr)
	}
	l.rest()
	for i, b := range shared {
		if len(b.got) < 10 {
			t.Errorf("socket %d has got %d of 120", i, len(b.got))
		}
		for k := 0; k < len(b.got); k += 2 {
			if b.got[k] != b.got[k+1] {
				t.Errorf("a sender's two went to two")
			}
		}
	}
}

// TestDatagramSeed: the same seed gives the same history, and another one another.
func TestDatagramSeed(t *testing.T) {
	t.Parallel()
	history := func(seed uint64) []string {
		l := newLogged(t, 3, seed)
		for a := range 3 {
			for b := range a {
				l.links(a, b, func(c *simulated.Conditions) {
					c.Loss, c.Duplicate, c.Reorder, c.Latency.Tail = 0.1, 0.1, 0.1, 0.1
				})
			}
		}
		var all []*letterbox
		for i := range 3 {
			b := l.gram(i, netip.IPv4Unspecified(), 0)
			b.on = func(p string, from sock.Addr) {
				if len(p) < 60 {
					b.send(p+".", from)
				}
			}
			all = append(all, b)
		}
		for i := range 60 {
			to := (i + 1) % 3
			all[i%3].send(fmt.Sprint(i), inet(t, addr4(to), all[to].addr.Port()))
		}
		l.rest()
		var lines []string
		for _, h := range l.log {
			h.Data = nil // lent for the length of the call
			lines = append(lines, fmt.Sprint(h))
		}
		return lines
	}
	for seed := range uint64(4) {
		a, b := history(seed+1), history(seed+1)
		if !slices.Equal(a, b) || len(a) < 1000 {
			t.Errorf("seed %d: two histories of %d and %d events", seed, len(a), len(b))
		}
		if slices.Equal(a, history(seed+100)) {
			t.Error("the seed makes no difference")
		}
	}
}

// TestDatagramCrash: what comes to a host that has crashed is lost, and so is what waited there.
func TestDatagramCrash(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2, 0, nil)
	x, y := l.gram(0, addr4(0), 1000, engine.RecvErr), l.gram(1, addr4(1), 1000)
	x.send("before", y.addr)
	l.rest()
	x.send("under way", y.addr)
	l.crash(1)
	l.rest()
	l.restart(1)
	x.send("nobody", y.addr)
	l.rest()
	again := l.gram(1, addr4(1), 1000)
	x.send("after", y.addr)
	l.rest()
	if len(y.got) != 1 || !slices.Equal(again.got, []string{"after"}) || len(x.failed) != 1 {
		t.Errorf("got %q and %q; %v", y.got, again.got, x.failed)
	}
	l.must(again.d.Close())
	l.must(x.d.Close())
	if n := l.sockets(0) + l.sockets(1); n != 0 {
		t.Errorf("%d sockets are left", n)
	}
}

// TestDatagramRefusals are what Send, Bind and Connect refuse.
func TestDatagramRefusals(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1, 0, nil)
	x := l.gram(0, addr4(0), 1000)
	far, err := sock.InetAddr(netip.MustParseAddrPort("[fd00::1]:1"))
	l.must(err)
	for name, to := range map[string]sock.Addr{
		"no address": {}, "another family": far, "port 0": inet(t, addr4(0), 0),
	} {
		if taken, err := x.d.Send([]byte("x"), to); taken || err == nil {
			t.Errorf("%s: %v, %v", name, taken, err)
		}
	}
	s := l.engines[0].Sockets()
	for _, o := range []engine.Option{engine.UDPSegment, engine.UDPGRO} {
		if err := s.SetOption(x.d.FD(), o, 1); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(o, err)
		}
	}
	if err := s.Listen(x.d.FD(), 1); err == nil {
		t.Error("it listens")
	}
	x.send("to nobody's address", inet(t, netip.MustParseAddr("10.9.9.9"), 1))
	l.rest()
}

// TestDatagramAllocations is not parallel: it counts the whole process.
func TestDatagramAllocations(t *testing.T) {
	enginetest.TestDatagramAllocations(t, func() (engine.Engine, error) {
		h, err := simulated.New(simulated.Config{}).AddHost("one", netip.MustParseAddr("10.0.0.1"))
		if err != nil {
			return nil, err
		}
		return h.NewEngine()
	})
}
