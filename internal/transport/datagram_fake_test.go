package transport_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// peer is the address of a peer by its number.
func peer(number int) sock.Addr {
	a, err := sock.InetAddr(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(number)))
	if err != nil {
		panic(err)
	}
	return a
}

// post is a Datagram between a scripted engine, a protocol and an outside that keep one log
// of what they hear. Of a bench it has what does not depend on what it is for.
type post struct {
	bench
	transport.Datagram
	out  postOutside
	eng  fakeDatagram
	user *postman
	pool buffers.PacketPool[sock.Addr]
}

// newPost makes a socket whose steps have not run.
func newPost(t *testing.T) *post {
	t.Helper()
	b := &post{bench: bench{T: t}}
	b.bench.out.b = &b.bench
	b.out = postOutside{&b.bench.out, b}
	b.eng = fakeDatagram{T: t}
	b.user = &postman{player: player{b: &b.bench}, of: b}
	if err := b.Datagram.Init(&b.out, datagramEngine{socket: &b.eng}, 12345, b.user, engine.DatagramOptions{MaxSize: 100}, &b.pool); err != nil {
		t.Fatal(err)
	}
	b.Datagram.Start()
	return b
}

// does runs f as a callback of a loop's.
func (b *post) does(f func()) {
	b.Helper()
	exits := b.bench.out.leave != "" || b.user.leaving != "" && b.user.how == "exit"
	b.calls(f, exits)
}

// pass runs the steps that are scheduled now.
func (b *post) pass() {
	b.Helper()
	steps := b.bench.out.steps
	b.bench.out.steps = nil
	for _, s := range steps {
		b.does(func() { b.Run(s.step, s.reason) })
	}
}

// postOutside is a transport.Outside.
type postOutside struct {
	*outside
	of *post
}

func (o *postOutside) Made()          { o.of.user.ConnectionMade() }
func (o *postOutside) Released(error) { o.b.note("released"); o.of.eng.over = true }

// postman is a protocol that does in its calls as it is told.
type postman struct {
	player
	of   *post
	from int // who sent last
}

func (p *postman) DatagramReceived(data []byte, from sock.Addr) {
	p.from = int(from.Port())
	p.call("DatagramReceived", "%q from %d", data, from.Port())
}

func (p *postman) ErrorReceived(err error, of sock.Addr) {
	p.call("ErrorReceived", "error %v of %d", err, of.Port())
}

func (p *postman) Truncated(size int, from sock.Addr) {
	p.call("ErrorReceived", "too long: %d from %d", size, from.Port())
}

// letter is one datagram.
type letter struct {
	text string
	to   int
}

func (l letter) String() string { return fmt.Sprintf("%s>%d", l.text, l.to) }

// fakeDatagram is an engine's socket that does as it is told, and sees to it that it is
// used as the contract says.
type fakeDatagram struct {
	*testing.T
	h  engine.DatagramHandler
	fd uintptr
	o  engine.DatagramOptions

	room     int   // how many it takes until it is told to have room again
	err      error // what the next Send says
	waitErr  error // what AwaitWritable says
	readErr  error // what StartReading says
	batches  bool  // what it takes goes later
	wire     []letter
	held     []letter // was taken
	reading  bool
	awaiting bool
	closed   bool
	over     bool // the outside was told
}

// datagramEngine makes one socket.
type datagramEngine struct {
	engine.Engine
	socket *fakeDatagram
	err    error
}

func (e datagramEngine) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	if e.err != nil {
		return nil, e.err
	}
	e.socket.fd, e.socket.h, e.socket.o = fd, h, o
	return e.socket, nil
}

// used checks that a call may be made at all.
func (s *fakeDatagram) used(call string) {
	s.Helper()
	if s.closed {
		s.Errorf("%s after Close", call)
	}
}

func (s *fakeDatagram) StartReading() error {
	s.used("start")
	s.reading = s.readErr == nil
	return s.readErr
}

func (s *fakeDatagram) StopReading() { s.used("stop"); s.reading = false }
func (s *fakeDatagram) FD() uintptr  { return s.fd }

func (s *fakeDatagram) AwaitWritable() error {
	s.used("await")
	if s.awaiting {
		s.Error("a second AwaitWritable before Writable")
	}
	s.awaiting = s.waitErr == nil
	return s.waitErr
}

func (s *fakeDatagram) Close() error {
	s.used("close")
	s.closed, s.reading, s.awaiting, s.held = true, false, false, nil
	return nil
}

func (s *fakeDatagram) Send(p []byte, to sock.Addr) (bool, error) {
	s.used("send")
	if err := s.err; err != nil {
		s.err = nil
		return false, err
	}
	if s.room == 0 {
		return false, nil
	}
	s.room--
	l := letter{string(p), int(to.Port())}
	if s.batches {
		s.held = append(s.held, l)
	} else {
		s.wire = append(s.wire, l)
	}
	return true, nil
}

// goes sends what was taken, but for the last rest of it, which is given back.
func (s *fakeDatagram) goes(rest int) {
	n := max(0, len(s.held)-rest)
	back := slices.Clone(s.held[n:])
	s.wire = append(s.wire, s.held[:n]...)
	s.held = nil
	if len(back) > 0 {
		s.room = 0 // it refuses all others until they are given back
	}
	for _, l := range back {
		if s.closed {
			return
		}
		s.h.Unsent([]byte(l.text), peer(l.to))
	}
}

// writable says that there is room for so many.
func (s *fakeDatagram) writable(room int) {
	if !s.closed {
		s.room = room
	}
	if s.awaiting {
		s.awaiting = false
		s.h.Writable()
	}
}

// brings has a datagram come, if that is wanted.
func (s *fakeDatagram) brings(data string, from int) {
	if s.reading {
		s.h.Received([]byte(data), peer(from))
	}
}

// sent is what has gone, in one line.
func (s *fakeDatagram) sent() string {
	var all []string
	for _, l := range s.wire {
		all = append(all, l.String())
	}
	return strings.Join(all, " ")
}
