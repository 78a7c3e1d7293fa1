// Package enginetest is the suite that any engine can be run through. It uses
// nothing but the engine itself, for both ends of every connection, so that it
// suits an engine without descriptors as well.
package enginetest

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// patience is when a test that waits for something gives up.
const patience = 20 * time.Second

// testCase is one behaviour of an engine.
type testCase struct {
	name string
	run  func(*testing.T, *bench)
}

// Test runs the suite; open makes a fresh engine each time. Cases whose names begin
// as one of without are skipped.
func Test(t *testing.T, open func() (engine.Engine, error), without ...string) {
	for _, c := range slices.Concat(coreCases, sendfileCases, datagramCases, unixCases, triesCases) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if slices.ContainsFunc(without, func(w string) bool { return strings.HasPrefix(c.name, w) }) {
				t.Skip("the engine does not have it")
			}
			c.run(t, newBench(t, open, nil))
		})
	}
}

// coreCases are about streams, listeners, connecting, watches and the engine itself.
var coreCases = []testCase{
	{"Echo", testEcho},
	{"WriteVec", testWriteVec},
	{"OwnReadBuffer", testOwnReadBuffer},
	{"ReadBufferRefused", testReadBufferRefused},
	{"ReadBufferInVain", testReadBufferInVain},
	{"Keep", testKeep},
	{"StopReadingKeepsData", testStopReadingKeepsData},
	{"StopInReceived", testStopInReceived},
	{"HalfClose", testHalfClose},
	{"Pending", testPending},
	{"EOFAgainAfterStart", testEOFAgainAfterStart},
	{"Backlog", testBacklog},
	{"SmallBacklog", testSmallBacklog},
	{"SendFromSent", testSendFromSent},
	{"StopSending", testStopSending},
	{"CloseInReceived", testCloseInReceived},
	{"CloseBetweenPollAndComplete", testCloseBetweenPollAndComplete},
	{"CloseTwice", testCloseTwice},
	{"PeerGoneFailsSend", testPeerGoneFailsSend},
	{"PanicInHandler", testPanicInHandler},
	{"WhoseDoing", testWhoseDoing},
	{"ManyConnections", testManyConnections},
	{"AcceptHeldBack", testAcceptHeldBack},
	{"StopInAccepted", testStopInAccepted},
	{"AcceptBounded", testAcceptBounded},
	{"AcceptAddress", testAcceptAddress},
	{"ConnectRefused", testConnectRefused},
	{"ConnectCancelled", testConnectCancelled},
	{"Watch", testWatch},
	{"WatchReplacedAfterPoll", testWatchReplacedAfterPoll},
	{"WatchKeptAfterPoll", testWatchKeptAfterPoll},
	{"WatchRemovedAfterPoll", testWatchRemovedAfterPoll},
	{"WatchRefusedForOwned", testWatchRefusedForOwned},
	{"WatchUnknown", testWatchUnknown},
	{"StreamEndsWatch", testStreamEndsWatch},
	{"OwnedTwice", testOwnedTwice},
	{"Wake", testWake},
	{"PollTimesOut", testPollTimesOut},
	{"Closed", testClosed},
}

// newBench makes a bench; with a pipe its peers are the ends of such pipes.
func newBench(t *testing.T, open func() (engine.Engine, error), pipe func() (r, w uintptr, err error)) *bench {
	t.Helper()
	e, err := open()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, e: e, pipe: pipe}
	t.Cleanup(b.close)
	return b
}

// bench drives one engine.
type bench struct {
	*testing.T
	e       engine.Engine
	pipe    func() (r, w uintptr, err error) // makes a pipe, nil if the test is not about them
	cleanup []func()
	between func() // called once, between the next Poll that brings events and their Complete
	exits   bool   // a handler may leave by Goexit
	left    []any  // the handlers of events that were not completed
}

func (b *bench) close() {
	for i := len(b.cleanup) - 1; i >= 0; i-- {
		b.cleanup[i]()
	}
	if err := b.e.Close(); err != nil {
		b.Errorf("Close: %v", err)
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// pass is one pass: it reports whether there was anything.
func (b *bench) pass(timeout time.Duration) bool {
	b.Helper()
	events, err := b.e.Poll(timeout)
	b.must(err)
	if f := b.between; f != nil && len(events) > 0 {
		b.between = nil
		f()
	}
	for _, ev := range events {
		b.complete(ev)
	}
	return len(events) > 0
}

// complete stands for the loop, which survives a handler's panic and its Goexit.
func (b *bench) complete(ev engine.Event) {
	if b.exits {
		over := make(chan struct{})
		go func() {
			defer close(over)
			returned := false
			defer b.whose(ev.To, &returned)
			ev.To.Complete(ev.Ev)
			returned = true
		}()
		<-over
		return
	}
	defer func() {
		if v := recover(); v != nil && v != any(onPurpose) {
			panic(v)
		}
	}()
	returned := false
	defer b.whose(ev.To, &returned)
	ev.To.Complete(ev.Ev)
	returned = true
}

const onPurpose = "a panic on purpose"

// until runs passes until cond holds.
func (b *bench) until(what string, cond func() bool) {
	b.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		left := time.Until(deadline)
		if left <= 0 {
			b.Fatalf("waited in vain: %s", what)
		}
		b.pass(min(left, time.Second))
	}
}

// quiet runs passes until nothing happens any more.
func (b *bench) quiet() {
	b.Helper()
	for range 2000 {
		if !b.pass(10 * time.Millisecond) {
			return
		}
	}
	b.Fatal("the engine never becomes quiet")
}

// acceptor is a ListenHandler.
type acceptor struct {
	got    []uintptr
	peers  []sock.Addr
	failed []error
	on     func(fd uintptr)
}

func (a *acceptor) Accepted(fd uintptr, peer sock.Addr) {
	a.got = append(a.got, fd)
	a.peers = append(a.peers, peer)
	if a.on != nil {
		a.on(fd)
	}
}

func (a *acceptor) AcceptFailed(err error) { a.failed = append(a.failed, err) }

// listen makes a listener that accepts nothing yet.
func (b *bench) listen() (engine.Listener, *acceptor, sock.Addr) {
	b.Helper()
	fd, addr := b.bindOpen()
	l, a := b.listenOn(fd)
	return l, a, addr
}

// listenOn makes a listener of a bound socket.
func (b *bench) listenOn(fd uintptr) (engine.Listener, *acceptor) {
	b.Helper()
	s := b.e.Sockets()
	b.must(s.Listen(fd, 200))
	a := &acceptor{}
	l, err := b.e.Listener(fd, a)
	b.must(err)
	b.cleanup = append(b.cleanup, func() {
		l.Close()
		for _, fd := range a.got {
			s.Close(fd)
		}
	})
	return l, a
}

// bindOpen makes a socket with a port of the system's choice; it is the caller's.
func (b *bench) bindOpen() (uintptr, sock.Addr) {
	b.Helper()
	s := b.e.Sockets()
	fd, err := s.Open(sock.Inet4, sock.Stream)
	b.must(err)
	any, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	b.must(err)
	b.must(s.Bind(fd, any))
	addr, err := s.LocalAddr(fd)
	b.must(err)
	return fd, addr
}

// dial begins to connect; the descriptor is the caller's.
func (b *bench) dial(addr sock.Addr, done func(error)) (uintptr, func()) {
	b.Helper()
	fd, err := b.e.Sockets().Open(addr.Family(), sock.Stream)
	b.must(err)
	cancel, err := b.e.Connect(fd, addr, done)
	if err != nil {
		b.must(b.e.Sockets().Close(fd))
		b.must(err)
	}
	return fd, cancel
}

// pair makes a connection and returns its two descriptors.
func (b *bench) pair() (uintptr, uintptr) {
	b.Helper()
	l, a, addr := b.listen()
	b.must(l.StartAccepting(1))
	connected := false
	fd, _ := b.dial(addr, func(err error) {
		b.must(err)
		connected = true
	})
	b.until("a connection", func() bool { return connected && len(a.got) == 1 })
	l.StopAccepting()
	other := a.got[0]
	a.got = nil
	if a.peers[0] == (sock.Addr{}) {
		b.Error("an accepted connection has no peer address")
	}
	return fd, other
}

// peer is a StreamHandler that records, and its stream.
type peer struct {
	b        *bench
	s        engine.Stream
	got      []byte
	received int // calls
	eof      int
	readErr  error
	lend     func() []byte
	on       func(p []byte)

	out     []byte // what is to be sent
	may     bool   // use the engine's memory instead
	sending bool
	sent    []int
	sendErr error
	onSent  func()
	closed  bool
}

func (p *peer) ReadBuffer() ([]byte, bool) {
	p.alive("ReadBuffer")
	buf := p.lend()
	return buf, buf != nil || p.may
}

// lends sets what ReadBuffer gives.
func (p *peer) lends(f func() []byte) {
	p.lend = f
	p.s.UseReadBuffer(f != nil)
}

func (p *peer) Received(data []byte) {
	p.alive("Received")
	if len(data) == 0 {
		p.b.Error("Received nothing")
	}
	p.received++
	p.got = append(p.got, data...)
	if p.on != nil {
		p.on(data)
	}
}

func (p *peer) ReadEOF()             { p.alive("ReadEOF"); p.eof++ }
func (p *peer) ReadFailed(err error) { p.alive("ReadFailed"); p.readErr = err }

func (p *peer) Outgoing(vec [][]byte) [][]byte {
	p.alive("Outgoing")
	// In pieces, as a queue of chunks would give it.
	for out := p.out; len(out) > 0 && len(vec) < 64; {
		n := min(len(out), 10000)
		vec = append(vec, out[:n:n])
		out = out[n:]
	}
	return vec
}

func (p *peer) Unsent(rest []byte, err error) {
	p.alive("Unsent")
	p.b.must(err)
	p.out = append(rest, p.out...)
	p.onSent = func() {
		if len(p.out) > 0 && p.sendErr == nil {
			p.send()
		}
	}
	p.send()
}

func (p *peer) Sent(n int, err error) {
	p.alive("Sent")
	if !p.sending {
		p.b.Error("Sent without Send")
	}
	p.sending = false
	p.out = p.out[n:]
	p.sent = append(p.sent, n)
	p.sendErr = err
	if p.onSent != nil {
		p.onSent()
	}
}

func (p *peer) alive(call string) {
	if p.closed {
		p.b.Errorf("%s after Close", call)
	}
}

// put sends data the way a transport does: at once what goes, the rest by Send.
func (p *peer) put(data []byte) {
	p.b.Helper()
	if !p.sending && len(p.out) == 0 {
		n, _, err := p.s.Write(data)
		p.b.must(err)
		data = data[n:]
	}
	if len(data) == 0 {
		return
	}
	p.out = append(p.out, data...)
	if !p.sending {
		p.onSent = func() {
			if len(p.out) > 0 && p.sendErr == nil {
				p.send()
			}
		}
		p.send()
	}
}

// say puts a text, and waits until it has been sent.
func (p *peer) say(text string) {
	p.b.Helper()
	p.put([]byte(text))
	p.settle()
}

// settle waits until all that was put has been sent, in the way of the contract: what
// Write has taken and is not known to have gone is asked for by a Send.
func (p *peer) settle() {
	p.b.Helper()
	if p.s.Pending() && !p.sending {
		p.send()
	}
	p.b.until("all to be sent", func() bool { return !p.sending && len(p.out) == 0 })
	if p.s.Pending() {
		p.b.Error("something is pending although Sent has come")
	}
}

// stuff puts data until the system takes no more, for the other end does not read, and
// returns all of it. How much a system takes is its own choice, and may grow.
func (p *peer) stuff() []byte {
	p.b.Helper()
	var all []byte
	for piece := pattern(1 << 20); len(all) < 256<<20; {
		p.put(piece)
		all = append(all, piece...)
		p.b.quiet()
		if p.sending && len(p.out) > 1<<20 {
			return all
		}
	}
	p.b.Fatal("256 MiB went to a peer that does not read")
	return nil
}

func (p *peer) send() {
	p.sending = true
	p.b.must(p.s.Send())
}

func (p *peer) close() {
	if !p.closed {
		p.closed = true
		p.b.must(p.s.Close())
	}
}

func (b *bench) stream(fd uintptr) *peer {
	b.Helper()
	p := &peer{b: b}
	s, err := b.e.Stream(fd, p)
	b.must(err)
	p.s = s
	b.cleanup = append(b.cleanup, p.close)
	return p
}

// peers makes a connection between two streams, both reading; or a pipe from the first to
// the second.
func (b *bench) peers() (*peer, *peer) {
	b.Helper()
	if b.pipe != nil {
		return b.pipePeers()
	}
	fa, fb := b.pair()
	pa, pb := b.stream(fa), b.stream(fb)
	b.must(pa.s.StartReading())
	b.must(pb.s.StartReading())
	return pa, pb
}

func (b *bench) addrOf(fd uintptr) sock.Addr {
	b.Helper()
	a, err := b.e.Sockets().LocalAddr(fd)
	b.must(err)
	return a
}
