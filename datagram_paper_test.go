package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// paperSockets are sockets on paper: what is asked of them is written down, and they
// answer as they are told.
type paperSockets struct {
	engine.Sockets
	asked []string
	open  map[uintptr]bool
	last  uintptr
	local map[uintptr]sock.Addr
	peers map[uintptr]sock.Addr
	types map[uintptr]sock.Type // of sockets that are given
	fails func(what string) error
}

// asks writes a question down, and answers it.
func (s *paperSockets) asks(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	s.asked = append(s.asked, what)
	if s.fails == nil {
		return nil
	}
	return s.fails(what)
}

// was reports whether a question was asked.
func (s *paperSockets) was(what string) bool { return slices.Contains(s.asked, what) }

func (s *paperSockets) Open(family sock.Family, typ sock.Type) (uintptr, error) {
	if err := s.asks("open %v %v", family, typ); err != nil {
		return sock.Invalid, err
	}
	s.last++
	s.open[s.last] = true
	var unbound sock.Addr
	switch family {
	case sock.Inet4:
		unbound = address("0.0.0.0:0")
	case sock.Inet6:
		unbound = address("[::]:0")
	}
	s.local[s.last] = unbound
	return s.last, nil
}

func (s *paperSockets) Take(fd uintptr) (sock.Type, error) {
	s.open[fd] = true
	return s.types[fd], s.asks("take %d", fd)
}

func (s *paperSockets) Bind(fd uintptr, a sock.Addr) error {
	s.local[fd] = a
	return s.asks("bind %v", a)
}

func (s *paperSockets) Connect(fd uintptr, a sock.Addr) error {
	if err := s.asks("connect %v", a); err != nil {
		return err
	}
	s.peers[fd] = a
	return nil
}

func (s *paperSockets) SetOption(fd uintptr, o engine.Option, value int) error {
	return s.asks("option %d=%d", o, value)
}

func (s *paperSockets) JoinGroup(fd uintptr, group sock.Addr, iface int) error {
	return s.asks("join %v %d", group, iface)
}

func (s *paperSockets) LeaveGroup(fd uintptr, group sock.Addr, iface int) error {
	return s.asks("leave %v %d", group, iface)
}

func (s *paperSockets) LocalAddr(fd uintptr) (sock.Addr, error) { return s.local[fd], nil }

func (s *paperSockets) RemoteAddr(fd uintptr) (sock.Addr, error) {
	if a, ok := s.peers[fd]; ok {
		return a, nil
	}
	return sock.Addr{}, syscall.ENOTCONN
}

func (s *paperSockets) Close(fd uintptr) error {
	if !s.open[fd] {
		s.asked = append(s.asked, "close of what is closed")
	}
	delete(s.open, fd)
	return nil
}

// address is an address by its text.
func address(text string) sock.Addr {
	a, err := sock.AddrOf(udpAddr(text))
	if err != nil {
		panic(err)
	}
	return a
}

// udpAddr is the same in the form of package net.
func udpAddr(text string) *net.UDPAddr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(text)) }

// paperSocket is an engine's datagram socket that does as it is told.
type paperSocket struct {
	of       *paperSockets
	h        engine.DatagramHandler
	fd       uintptr
	o        engine.DatagramOptions
	room     int   // how many it takes
	err      error // what the next Send says
	sent     []string
	sends    int
	reading  bool
	awaiting bool
	closed   bool
}

func (s *paperSocket) StartReading() error  { s.reading = true; return nil }
func (s *paperSocket) StopReading()         { s.reading = false }
func (s *paperSocket) AwaitWritable() error { s.awaiting = true; return nil }
func (s *paperSocket) FD() uintptr          { return s.fd }
func (s *paperSocket) Close() error         { s.closed = true; return s.of.Close(s.fd) }

func (s *paperSocket) Send(p []byte, to sock.Addr) (bool, error) {
	s.sends++
	if err := s.err; err != nil {
		s.err = nil
		return false, err
	}
	if s.room == 0 {
		return false, nil
	}
	s.room--
	whom := "peer"
	if to.IsValid() {
		whom = to.String()
	}
	s.sent = append(s.sent, fmt.Sprintf("%s>%s", p, whom))
	return true, nil
}

// line is what was sent, in one line.
func (s *paperSocket) line() string { return strings.Join(s.sent, " ") }

// writable says that there is room for so many.
func (s *paperSocket) writable(room int) {
	s.room = room
	if s.awaiting {
		s.awaiting = false
		s.h.Writable()
	}
}

// paper puts sockets on paper under a loop that has not run yet.
func (n *netTest) paper() (*paperSockets, func() *paperSocket) {
	s := &paperSockets{open: map[uintptr]bool{}, local: map[uintptr]sock.Addr{}, peers: map[uintptr]sock.Addr{}, types: map[uintptr]sock.Type{}, last: 10_000}
	var made *paperSocket
	eng := n.script()
	eng.sockets = s
	eng.datagram = func(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
		if err := s.asks("datagram"); err != nil {
			return nil, err
		}
		made = &paperSocket{of: s, h: h, fd: fd, o: o, room: 1 << 30}
		return made, nil
	}
	return s, func() *paperSocket { return made }
}

// errNoSystem is an error that is not the system's.
var errNoSystem = errors.New("not the system's")

// whom and other are addresses to send to.
var (
	whom  = udpAddr("127.0.0.1:9")
	other = udpAddr("127.0.0.1:10")
)

// mailbox is an endpoint over a socket on paper.
type mailbox struct {
	*netTest
	*receiver
	s       *paperSocket
	sockets *paperSockets
}

// paperRow runs f, in a coroutine of each kind of loop, with an endpoint over a socket on
// paper, which is connected or not. Rows of proactors run on those.
func paperRow(t *testing.T, row string, connected bool, f func(ctx context.Context, m *mailbox)) {
	t.Helper()
	which := testkit.Unpinned
	if strings.HasPrefix(row, "proactor.") {
		which = testkit.Proactors
	}
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, which, func(t *testing.T) {
			n := newNetTest(t)
			sockets, made := n.paper()
			n.run(func(ctx context.Context) {
				o := asyncio.DatagramOptions{LocalAddress: "127.0.0.1:5"}
				if connected {
					o = asyncio.DatagramOptions{RemoteAddress: whom.String()}
				}
				r := n.endpoint(ctx, o)
				m := &mailbox{n, r, made(), sockets}
				f(ctx, m)
				n.aborts(ctx, r)
				if len(sockets.open) > 0 || !m.s.closed {
					n.Errorf("left open: %v, closed=%v", sockets.open, m.s.closed)
				}
			})
		})
	})
}

// sends sends, and wants no error.
func (m *mailbox) sends(text string, to net.Addr) {
	m.Helper()
	m.check(m.transport.SendTo([]byte(text), to))
}
