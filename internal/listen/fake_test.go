package listen_test

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

var errOdd = errors.New("odd")

// addr is an address by its text.
func addr(t testing.TB, text string) sock.Addr {
	t.Helper()
	a, err := sock.InetAddr(netip.MustParseAddrPort(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// world is sockets that do as they are told, with the record of what is open.
type world struct {
	*testing.T
	engine.Sockets // none: what is not below is not called
	last           uintptr
	open           map[uintptr]sock.Addr
	peers          map[uintptr]sock.Addr
	options        []string

	refuseOpen   func(f sock.Family) error
	refuseBind   func(a sock.Addr) error
	refuseOption func(o engine.Option) error
	refuseListen error
	refuseLocal  error
	refuseClose  error
	picks        func() uint16 // a port of the system's
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, open: map[uintptr]sock.Addr{}, peers: map[uintptr]sock.Addr{}, last: 100}
	port := uint16(1000)
	w.picks = func() uint16 { port++; return port }
	return w
}

// connect makes an open descriptor, as of a connection.
func (w *world) connect() uintptr {
	w.last++
	w.open[w.last] = sock.Addr{}
	return w.last
}

func (w *world) Open(f sock.Family, typ sock.Type) (uintptr, error) {
	if typ != sock.Stream {
		w.Errorf("a %v socket", typ)
	}
	if w.refuseOpen != nil {
		if err := w.refuseOpen(f); err != nil {
			return 0, err
		}
	}
	return w.connect(), nil
}

func (w *world) Bind(fd uintptr, a sock.Addr) error {
	if w.refuseBind != nil {
		if err := w.refuseBind(a); err != nil {
			return err
		}
	}
	if a.Port() == 0 {
		a = a.WithPort(w.picks())
	}
	w.open[fd] = a
	return nil
}

func (w *world) SetOption(fd uintptr, o engine.Option, value int) error {
	names := map[engine.Option]string{engine.ReuseAddr: "reuse-addr", engine.ReusePort: "reuse-port", engine.KeepAlive: "keep-alive", engine.IPv6Only: "v6only"}
	if w.refuseOption != nil {
		if err := w.refuseOption(o); err != nil {
			return err
		}
	}
	w.options = append(w.options, names[o])
	return nil
}

func (w *world) Listen(uintptr, int) error               { return w.refuseListen }
func (w *world) LocalAddr(fd uintptr) (sock.Addr, error) { return w.open[fd], w.refuseLocal }
func (w *world) RemoteAddr(fd uintptr) (sock.Addr, error) {
	a, ok := w.peers[fd]
	if !ok {
		return sock.Addr{}, errOdd
	}
	return a, nil
}

func (w *world) Close(fd uintptr) error {
	if _, ok := w.open[fd]; !ok {
		w.Errorf("descriptor %d is closed, and was not open", fd)
	}
	delete(w.open, fd)
	return w.refuseClose
}

// fakeEngine makes one listener, in a world.
type fakeEngine struct {
	engine.Engine
	w        *world
	listener *fakeListener
	err      error
}

func (e fakeEngine) Sockets() engine.Sockets { return e.w }

func (e fakeEngine) Listener(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
	if e.err != nil {
		return nil, e.err
	}
	e.listener.fd, e.listener.h = fd, h
	return e.listener, nil
}

// fakeListener does as it is told, and sees to it that it is used as the contract says.
type fakeListener struct {
	*testing.T
	h         engine.ListenHandler
	fd        uintptr
	starts    int
	accepting bool
	closed    bool
	refuse    error
	closeErr  error
}

func (l *fakeListener) StartAccepting(int) error {
	if l.closed {
		l.Error("start after Close")
	}
	l.starts++
	l.accepting = l.refuse == nil
	return l.refuse
}

func (l *fakeListener) StopAccepting() { l.accepting = false }
func (l *fakeListener) FD() uintptr    { return l.fd }

func (l *fakeListener) Close() error {
	if l.closed {
		l.Error("closed twice")
	}
	l.closed, l.accepting = true, false
	return l.closeErr
}

// fails has accepting fail, if it is under way.
func (l *fakeListener) fails(err error) {
	if l.accepting {
		l.accepting = false
		l.h.AcceptFailed(err)
	}
}

// server is a listen.Outside that keeps a log.
type server struct {
	*testing.T
	w      *world
	log    []string
	steps  []*listen.Conn
	active int
	setUp  func(c *listen.Conn) (any, error)
	leaves bool // the next who is told does not return
	timers []*timer

	assign  func() (*listen.Receiver, error) // whose a connection is to be
	closed  bool                             // nothing is handed over to it
	arrives func() bool                      // false: its loop is closed
	arrived []*listen.Conn
}

type timer struct {
	d         time.Duration
	a         *listen.Acceptor
	cancelled bool
}

func (t *timer) Cancel() bool { was := !t.cancelled; t.cancelled = true; return was }

func (s *server) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *server) told() {
	if s.leaves {
		s.leaves = false
		runtime.Goexit()
	}
}

func (s *server) Accepted(c *listen.Conn) {
	s.active++
	s.note("accepted %v", c.Peer)
	s.steps = append(s.steps, c)
}

func (s *server) Assign() (*listen.Receiver, error) {
	if s.assign == nil {
		return nil, nil
	}
	return s.assign()
}

func (s *server) Reserve() bool {
	if !s.closed {
		s.active++
	}
	return !s.closed
}

func (s *server) Arrives(c *listen.Conn) bool {
	if s.arrives != nil && !s.arrives() {
		return false
	}
	s.arrived = append(s.arrived, c)
	return true
}

func (s *server) SetUp(c *listen.Conn) (any, error) {
	s.note("set up %v", c.Peer)
	if s.setUp != nil {
		return s.setUp(c)
	}
	delete(s.w.open, c.FD) // its transport's
	return nil, nil
}

func (s *server) Dropped(c *listen.Conn) {
	s.active--
	s.note("dropped %v", c.Peer)
	s.told()
}

func (s *server) NotSetUp(c *listen.Conn, protocol any, err, closed error) {
	s.note("not set up %v: %v %v %v", c.Peer, protocol, err, closed)
	s.told()
}

func (s *server) AcceptFailed(_ *listen.Acceptor, err error) {
	s.note("failed %v", err)
	s.told()
}

func (s *server) After(d time.Duration, a *listen.Acceptor) listen.Timer {
	t := &timer{d: d, a: a}
	s.timers = append(s.timers, t)
	return t
}

// do runs f as a callback of a loop's, which may leave by Goexit.
func (s *server) do(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// pass runs the steps that are scheduled.
func (s *server) pass() {
	steps := s.steps
	s.steps = nil
	for _, c := range steps {
		s.do(c.SetUp)
	}
}

// wants fails the test if the log is another, and begins a new one.
func (s *server) wants(log string) {
	s.Helper()
	if got := strings.Join(s.log, ", "); got != log {
		s.Errorf("log: %s\nwant: %s", got, log)
	}
	s.log = nil
}

// running are the timers that are set.
func (s *server) running() (list []*timer) {
	for _, t := range s.timers {
		if !t.cancelled {
			list = append(list, t)
		}
	}
	return list
}

// bench is an acceptor in a world.
type bench struct {
	*server
	w       *world
	l       *fakeListener
	a       *listen.Acceptor
	waiting *listen.Waiting
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchAt(t, addr(t, "127.0.0.1:80"))
}

// newBenchAt is newBench at an address.
func newBenchAt(t *testing.T, a sock.Addr) *bench {
	t.Helper()
	w := newWorld(t)
	fd := w.connect()
	w.open[fd] = a
	b := &bench{server: &server{T: t, w: w}, w: w, l: &fakeListener{T: t}, waiting: &listen.Waiting{}}
	var err error
	to := &listen.Receiver{Outside: b.server, Waiting: b.waiting, Sockets: w}
	if b.a, err = listen.NewAcceptor(to, fakeEngine{w: w, listener: b.l}, fd); err != nil {
		t.Fatal(err)
	}
	delete(w.open, fd) // the listener's
	t.Cleanup(func() {
		if len(w.open) != 0 {
			t.Errorf("left open: %v", w.open)
		}
	})
	return b
}

// comes has a connection come from a port of the peer's.
func (b *bench) comes(port uint16) uintptr {
	fd := b.w.connect()
	if !b.l.accepting {
		b.Errorf("a connection comes and is not accepted")
	}
	b.l.h.Accepted(fd, addr(b, "10.0.0.1:0").WithPort(port))
	return fd
}
