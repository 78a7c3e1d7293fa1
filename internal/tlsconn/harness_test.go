package tlsconn_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// versions are those that the tests are about.
var versions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// configs go together, and speak one version.
func configs(version uint16) (client, server *tls.Config) {
	client, server = certs.Default().Client(), certs.Default().Server()
	client.ServerName = "localhost"
	for _, c := range []*tls.Config{client, server} {
		c.MinVersion, c.MaxVersion = version, version
	}
	return client, server
}

// end is one end of a connection in memory. What it has to say is taken, and given to the
// other, by one goroutine: nothing happens by itself.
type end interface {
	take() []byte
	give(p []byte)
	giveEnd()
}

// side is a Conn with all that is outside of it and below: a script, and a record of what
// happens. Its handshake runs in a coroutine.
type side struct {
	tlsconn.Conn
	testing.TB

	out      []byte
	writeErr error // of what is below, once it has taken
	taken    int   // so many writes
	closed   bool
	heldBack bool // what is below is paused
	kept     [][]byte

	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	awake   bool
	began   bool
	agreed  bool
	failure error // of the handshake

	due     int // steps
	idle    [][]byte
	lent    int // memory that was not given back
	closing bool
	failed  error
	noHalf  int

	data     []byte
	calls    []string
	keepOpen bool
	onData   func(p []byte)
	onEOF    func()
	onPause  func()
	onResume func()
}

// newSide makes one end, whose handshake begins with the first move.
func newSide(t testing.TB, isClient bool, c *tls.Config) *side {
	s := &side{TB: t}
	s.Init(s, s, s, tlsconn.Config{TLS: c, Client: isClient})
	s.next, s.stop = iter.Pull(func(yield func(struct{}) bool) {
		s.yield = yield
		s.failure = s.Handshake(context.Background())
		s.agreed = s.failure == nil
	})
	t.Cleanup(s.stop)
	s.awake = true
	return s
}

// move does all that is due.
func (s *side) move() {
	for s.awake || s.due > 0 || len(s.kept) > 0 && !s.heldBack {
		if s.awake {
			s.awake = false
			if _, more := s.next(); !more && s.agreed && !s.began {
				s.began = true
				s.Open()
				s.Begin()
			}
			continue
		}
		if s.due > 0 {
			s.due--
			s.Step()
			continue
		}
		p := s.kept[0]
		s.kept = s.kept[1:]
		s.Feed(p)
	}
}

func (s *side) take() []byte {
	s.move()
	p := s.out
	s.out = nil
	return p
}

func (s *side) give(p []byte) {
	if s.heldBack {
		s.kept = append(s.kept, bytes.Clone(p))
		return
	}
	lent := bytes.Clone(p)
	s.Feed(lent)
	clear(lent) // it was lent for the length of the call
	s.move()
}

func (s *side) giveEnd() { s.FeedEOF(); s.move() }

// Below.

func (s *side) Write(p []byte) (int, error) {
	if s.writeErr != nil {
		if s.taken == 0 {
			return 0, s.writeErr
		}
		s.taken--
	}
	s.out = append(s.out, p...)
	return len(p), nil
}
func (s *side) Close()         { s.closed = true }
func (s *side) PauseReading()  { s.heldBack = true }
func (s *side) ResumeReading() { s.heldBack = false }
func (*side) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
}
func (*side) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}
}

// Outside.

func (s *side) Wait() error {
	if s.awake {
		s.awake = false
		return nil
	}
	if !s.yield(struct{}{}) {
		return errors.New("unwound")
	}
	return nil
}
func (s *side) Wake() { s.awake = true }
func (s *side) Take() []byte {
	s.lent++
	if n := len(s.idle); n > 0 {
		p := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return p
	}
	return make([]byte, tlsconn.BufferSize)
}
func (s *side) Give(p []byte) { s.lent--; s.idle = append(s.idle, p) }
func (s *side) PauseWriting() {
	s.calls = append(s.calls, "pause")
	if s.onPause != nil {
		s.onPause()
	}
}
func (s *side) ResumeWriting() {
	s.calls = append(s.calls, "resume")
	if s.onResume != nil {
		s.onResume()
	}
}
func (s *side) Later()           { s.due++ }
func (s *side) Closing()         { s.closing = true }
func (s *side) Failed(err error) { s.failed = err }
func (s *side) NoHalfClose()     { s.noHalf++ }

// Protocol.

func (s *side) DataReceived(p []byte) {
	s.data = append(s.data, p...)
	if s.onData != nil {
		s.onData(p)
	}
}

func (s *side) EOFReceived() bool {
	s.calls = append(s.calls, "eof")
	if s.onEOF != nil {
		s.onEOF()
	}
	return s.keepOpen
}

// write writes all of it.
func (s *side) write(p []byte) {
	s.Helper()
	if n, err := s.Conn.Write(p); err != nil || n != len(p) {
		s.Fatal(n, err)
	}
}

// goes is an end that Go's own TLS speaks at, by a script that runs in a coroutine.
type goes struct {
	testing.TB
	in, out []byte
	ended   bool
	closed  bool
	next    func() (struct{}, bool)
	yield   func(struct{}) bool
	err     error
	done    bool
}

// newGoes makes one end.
func newGoes(t testing.TB, isClient bool, c *tls.Config, script func(c *tls.Conn) error) *goes {
	g := &goes{TB: t}
	make := tls.Server
	if isClient {
		make = tls.Client
	}
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		g.yield = yield
		g.err = script(make(g, c))
		g.done = true
	})
	g.next = next
	t.Cleanup(stop)
	return g
}

func (g *goes) take() []byte {
	g.next()
	p := g.out
	g.out = nil
	return p
}
func (g *goes) give(p []byte) { g.in = append(g.in, p...); g.next() }
func (g *goes) giveEnd()      { g.ended = true; g.next() }

func (g *goes) Read(p []byte) (int, error) {
	for len(g.in) == 0 {
		if g.ended {
			return 0, io.EOF
		}
		if !g.yield(struct{}{}) {
			return 0, net.ErrClosed
		}
	}
	n := copy(p, g.in)
	g.in = g.in[n:]
	return n, nil
}
func (g *goes) Write(p []byte) (int, error)      { g.out = append(g.out, p...); return len(p), nil }
func (g *goes) Close() error                     { g.closed = true; return nil }
func (*goes) LocalAddr() net.Addr                { return &net.TCPAddr{} }
func (*goes) RemoteAddr() net.Addr               { return &net.TCPAddr{} }
func (*goes) SetDeadline(time.Time) error        { return nil }
func (*goes) SetReadDeadline(t time.Time) error  { return nil }
func (*goes) SetWriteDeadline(t time.Time) error { return nil }

// whole gives what there is in one piece.
func whole(int) int { return 1 << 30 }

// exchange takes from both ends and gives to the other, in pieces as cut says, which gets how
// many are there, until neither has anything to say.
func exchange(a, b end, cut func(n int) int) {
	for quiet := 0; quiet < 2; a, b = b, a {
		p := a.take()
		if quiet++; len(p) > 0 {
			quiet = 0
		}
		for len(p) > 0 {
			n := min(max(1, cut(len(p))), len(p))
			b.give(p[:n])
			p = p[n:]
		}
	}
}

// pair makes two ends that have agreed.
func pair(t testing.TB, version uint16) (client, server *side) {
	t.Helper()
	c, s := configs(version)
	client, server = newSide(t, true, c), newSide(t, false, s)
	exchange(client, server, whole)
	if !client.began || !server.began {
		t.Fatal(client.failure, server.failure)
	}
	return client, server
}

// sound fails the test if something is out of order that never may be.
func (s *side) sound() {
	s.Helper()
	if s.lent != 0 {
		s.Errorf("%d pieces of memory were not given back", s.lent)
	}
	if s.due > 1 {
		s.Errorf("%d steps are due", s.due)
	}
}
