package simulated_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// lab is hosts whose engines are polled by turns, by one goroutine in virtual time.
type lab struct {
	testing.TB
	net     *simulated.Network
	hosts   []*simulated.Host
	engines []*simulated.Engine
	log     []simulated.Happening
}

// Pass implements simulated.Driver: the lab polls who can go on.
func (*lab) Pass(*simulated.Engine, time.Duration) {}
func (*lab) Ready(*simulated.Engine)               {}
func (*lab) Woken(*simulated.Engine)               {}

// seeded draws from a seed.
type seeded uint64

func (s *seeded) N(_ simulated.Kind, n int64) int64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int64((z ^ z>>31) % uint64(n))
}

// newLab makes a lab of so many hosts, each with an engine: 10.0.0.1, fd00::1, and so on. A
// seed of 0 draws the first always. told hears of what happens.
func newLab(t testing.TB, hosts int, seed uint64, told func(simulated.Happening)) *lab {
	t.Helper()
	l := &lab{TB: t}
	c := simulated.Config{Driver: l, Told: told}
	if seed != 0 {
		s := seeded(seed)
		c.Chance = &s
	}
	l.net = simulated.New(c)
	for i := range hosts {
		h, err := l.net.AddHost(fmt.Sprintf("h%d", i), addr4(i), netip.MustParseAddr(fmt.Sprintf("fd00::%d", i+1)))
		l.must(err)
		l.hosts = append(l.hosts, h)
		l.engines = append(l.engines, nil)
		l.boot(i)
	}
	return l
}

func addr4(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}) }

// newLogged is newLab with a log of what happens.
func newLogged(t testing.TB, hosts int, seed uint64) *lab {
	t.Helper()
	var l *lab
	var early []simulated.Happening
	l = newLab(t, hosts, seed, func(h simulated.Happening) {
		if l == nil {
			early = append(early, h)
			return
		}
		l.log = append(l.log, h)
	})
	l.log = append(early, l.log...)
	return l
}

// boot gives a host an engine.
func (l *lab) boot(i int) {
	l.Helper()
	e, err := l.hosts[i].NewEngine()
	l.must(err)
	l.engines[i] = e
}

func (l *lab) must(err error) {
	if err != nil {
		l.Helper()
		l.Fatal(err)
	}
}

// turn polls each engine once and reports whether any had something.
func (l *lab) turn() bool {
	any := false
	for _, e := range l.engines {
		if e == nil {
			continue
		}
		events, err := e.Poll(0)
		if err != nil && !errors.Is(err, simulated.ErrCrashed) {
			l.Fatal(err)
		}
		any = any || len(events) > 0
		for _, ev := range events {
			ev.To.Complete(ev.Ev)
		}
	}
	return any
}

// step is a turn, and if nothing was to be done the next thing that happens by itself; it
// reports false if there is none.
func (l *lab) step() bool {
	if l.turn() {
		return true
	}
	next := l.net.Next()
	if next == simulated.Never {
		return false
	}
	l.net.Advance(next)
	return true
}

// until steps until cond holds.
func (l *lab) until(what string, cond func() bool) {
	l.Helper()
	for n := 0; !cond(); n++ {
		if !l.step() || n > 1e6 {
			l.Fatalf("waited in vain: %s", what)
		}
	}
}

// rest steps until nothing happens any more.
func (l *lab) rest() {
	l.Helper()
	for n := 0; l.step(); n++ {
		if n > 1e6 {
			l.Fatal("it never rests")
		}
	}
}

// runFor steps for so much virtual time.
func (l *lab) runFor(d time.Duration) {
	l.Helper()
	for end := l.net.Now() + d; ; {
		for l.turn() {
		}
		if next := l.net.Next(); next > end {
			l.net.Advance(end)
			return
		} else {
			l.net.Advance(next)
		}
	}
}

// links changes both directions between two hosts.
func (l *lab) links(a, b int, f func(*simulated.Conditions)) {
	l.net.Change(func() {
		f(&l.net.Link(l.hosts[a], l.hosts[b]).Conditions)
		f(&l.net.Link(l.hosts[b], l.hosts[a]).Conditions)
	})
}

// crash has a host crash.
func (l *lab) crash(i int) { l.net.Change(l.hosts[i].Crash) }

// restart has it be up again with an engine.
func (l *lab) restart(i int) {
	l.Helper()
	l.must(l.engines[i].Close())
	l.net.Change(l.hosts[i].Up)
	l.boot(i)
}

// sockets is how many sockets a host has.
func (l *lab) sockets(i int) (n int) {
	l.net.Change(func() { n = l.hosts[i].Sockets() })
	return n
}

// happened counts what has happened by its verb.
func (l *lab) happened(what string) (n int) {
	for _, h := range l.log {
		if h.What == what {
			n++
		}
	}
	return n
}

// inet is an address of a host.
func inet(l testing.TB, ip netip.Addr, port uint16) sock.Addr {
	l.Helper()
	a, err := sock.InetAddr(netip.AddrPortFrom(ip, port))
	if err != nil {
		l.Fatal(err)
	}
	return a
}

// server is a listener that accepts and makes streams.
type server struct {
	l       *lab
	host    int
	ln      engine.Listener
	addr    sock.Addr
	conns   []*conn
	peers   []sock.Addr
	failed  []error
	backlog int
	on      func(*conn)
}

// serve listens at all addresses of a host.
func (l *lab) serve(host int, port uint16, backlog int) *server {
	l.Helper()
	s := l.engines[host].Sockets()
	fd, err := s.Open(sock.Inet4, sock.Stream)
	l.must(err)
	l.must(s.Bind(fd, inet(l, netip.IPv4Unspecified(), port)))
	l.must(s.Listen(fd, backlog))
	v := &server{l: l, host: host, addr: inet(l, addr4(host), port), backlog: backlog}
	v.ln, err = l.engines[host].Listener(fd, v)
	l.must(err)
	return v
}

// accept begins to accept.
func (v *server) accept() *server {
	v.l.must(v.ln.StartAccepting(v.backlog))
	return v
}

func (v *server) Accepted(fd uintptr, peer sock.Addr) {
	c := v.l.stream(v.host, fd)
	v.conns = append(v.conns, c)
	v.peers = append(v.peers, peer)
	if v.on != nil {
		v.on(c)
	}
}

func (v *server) AcceptFailed(err error) { v.failed = append(v.failed, err) }

// conn is a stream that records what it hears.
type conn struct {
	l     *lab
	s     engine.Stream
	got   []byte
	reads []int
	eof   int
	err   error
	on    func(p []byte)

	out   []byte
	sent  []int
	serr  error
	total int
}

// stream makes one that reads.
func (l *lab) stream(host int, fd uintptr) *conn {
	l.Helper()
	c := &conn{l: l}
	s, err := l.engines[host].Stream(fd, c)
	l.must(err)
	c.s = s
	l.must(s.StartReading())
	return c
}

func (c *conn) ReadBuffer() ([]byte, bool) { return nil, false }

func (c *conn) Received(p []byte) {
	c.total += len(p)
	c.reads = append(c.reads, len(p))
	c.got = append(c.got, p...)
	if c.on != nil {
		c.on(p)
	}
}

func (c *conn) ReadEOF()             { c.eof++ }
func (c *conn) ReadFailed(err error) { c.err = err }
func (c *conn) Unsent([]byte, error) {}

func (c *conn) Outgoing(vec [][]byte) [][]byte { return append(vec, c.out) }

func (c *conn) Sent(n int, err error) {
	c.sent = append(c.sent, n)
	c.serr = err
	if c.out = c.out[n:]; err == nil && len(c.out) > 0 {
		c.l.must(c.s.Send())
	}
}

// put sends all of p, by and by.
func (c *conn) put(p []byte) {
	if len(c.out) == 0 {
		n, _, err := c.s.Write(p)
		if c.serr = err; err != nil {
			return
		}
		if p = p[n:]; len(p) == 0 {
			return
		}
		defer func() { c.l.must(c.s.Send()) }()
	}
	c.out = append(c.out, p...)
}

func (c *conn) close() { c.l.must(c.s.Close()) }

// attempt is a connect.
type attempt struct {
	l      *lab
	host   int
	fd     uintptr
	over   bool
	err    error
	cancel func()
}

// dial begins to connect a host to an address.
func (l *lab) dial(host int, to sock.Addr) *attempt {
	l.Helper()
	fd, err := l.engines[host].Sockets().Open(to.Family(), sock.Stream)
	l.must(err)
	a := &attempt{l: l, host: host, fd: fd}
	a.cancel, err = l.engines[host].Connect(fd, to, func(err error) { a.over, a.err = true, err })
	if err != nil {
		a.over, a.err = true, err
	}
	return a
}

// conn waits for the connection and makes it a stream.
func (a *attempt) conn() *conn {
	a.l.Helper()
	a.l.until("a connection", func() bool { return a.over })
	a.l.must(a.err)
	return a.l.stream(a.host, a.fd)
}

// drop closes the descriptor.
func (a *attempt) drop() {
	a.l.Helper()
	a.l.must(a.l.engines[a.host].Sockets().Close(a.fd))
}

// pair is a connection from host 0 to host 1.
func (l *lab) pair() (client, at *conn) {
	l.Helper()
	v := l.serve(1, 80, 10).accept()
	client = l.dial(0, v.addr).conn()
	l.until("the accepted one", func() bool { return len(v.conns) == 1 })
	l.must(v.ln.Close())
	return client, v.conns[0]
}

// pattern is n bytes that do not repeat soon.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*i>>7 ^ i)
	}
	return p
}
