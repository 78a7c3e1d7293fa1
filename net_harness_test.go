package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/selectors"
)

// patience is when a test that waits for something gives up.
const patience = 30 * time.Second

// netRow is a row about connections: f runs as the subtest named row, once in a subtest
// for each mechanism of the system.
func netRow(t *testing.T, row string, f func(n *netTest)) {
	t.Helper()
	netRowOver(t, row, testkit.Unpinned, f)
}

// sweepRow is netRow for a sweep, which a simulated loop is put through, too: it reaches for
// nothing of the system's beside its loop.
func sweepRow(t *testing.T, row string, f func(n *netTest)) {
	t.Helper()
	netRowOver(t, row, testkit.OrSimulated(testkit.Unpinned), f)
}

// netRowOver is netRow over the mechanisms that a filter takes.
func netRowOver(t *testing.T, row string, which func(testkit.Mechanism) bool, f func(n *netTest)) {
	t.Helper()
	test := func(t *testing.T) { f(newNetTest(t)) }
	if words, lost := lostUnderWine[row]; lost && testkit.UnderWine() {
		which = testkit.Proactors
		t.Run(words, func(t *testing.T) { overLoops(t, testkit.Selectors, test) })
	}
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, which, test)
	})
}

// lostUnderWine are rows that cannot be shown with select under Wine, which loses
// resets. There the tests are not named after the row: that they fail says nothing
// of it. They are run all the same, and listed in .ci/wine.
var lostUnderWine = map[string]string{
	"selev.023a.fatal-error-os-quiet": "fatal-error-os-quiet",
	"selev.033.read-conn-reset":       "read-conn-reset",
	"selev.057.buffered-conn-reset":   "buffered-conn-reset",
}

// netTest is a loop under test. Unless a test says that it expects them, errors
// that reach the exception handler fail it.
type netTest struct {
	*testing.T
	l     asyncio.EventLoop
	clock aheadClock
	log   *testkit.LogBook

	expectErrors bool
	reported     []asyncio.ExceptionContext // loop only
}

// aheadClock is the system's clock, and what a test has it go ahead.
type aheadClock struct {
	epoch time.Time
	ahead atomic.Int64
}

func (c *aheadClock) Now() time.Duration {
	return time.Since(c.epoch) + time.Duration(c.ahead.Load())
}

// skip has it go ahead by d.
func (c *aheadClock) skip(d time.Duration) { c.ahead.Add(int64(d)) }

// newNetTest makes a loop over what the test is for.
func newNetTest(t *testing.T) *netTest {
	t.Helper()
	m, _ := mechanismOf(t)
	return newNetTestOn(t, m)
}

func newNetTestOn(t *testing.T, m testkit.Mechanism) *netTest {
	t.Helper()
	return newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) { return loops.New(m, o...) })
}

func newTestOf(t *testing.T, open func(...asyncio.LoopOption) (asyncio.EventLoop, error)) *netTest {
	t.Helper()
	n := &netTest{T: t, log: &testkit.LogBook{}}
	n.clock.epoch = time.Now()
	loop, err := open(asyncio.WithLogger(n.log.Logger()), asyncio.WithClock(&n.clock))
	if err != nil {
		t.Fatal(err)
	}
	n.l = loop
	n.check(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		n.reported = append(n.reported, c)
		if !n.expectErrors {
			n.Errorf("exception handler: %s: %v", c.Message, c.Err)
		}
	}))
	t.Cleanup(func() { n.check(loop.Close()) })
	return n
}

// selector is the loop's, or nil if it runs over a proactor.
func (n *netTest) selector() selectors.Selector {
	if l, ok := n.l.(*asyncio.SelectorEventLoop); ok {
		return l.Selector()
	}
	return nil
}

// check fails the test for an error, and goes on.
func (n *netTest) check(err error) {
	n.Helper()
	if err != nil {
		n.Error(err)
	}
}

// run runs f as a coroutine of the loop.
func (n *netTest) run(f func(ctx context.Context)) {
	n.Helper()
	task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
		f(ctx)
		return struct{}{}, nil
	})
	n.check(n.l.RunUntilComplete(task))
}

// until waits, in a coroutine, until cond holds: it looks after each pass.
func (n *netTest) until(ctx context.Context, what string, cond func() bool) {
	n.Helper()
	for waited, last := time.Duration(0), time.Now(); !cond(); {
		now := time.Now()
		// A machine that stands still for long is no reason to give up.
		waited, last = waited+min(now.Sub(last), time.Second), now
		if waited > patience {
			n.Fatalf("waited in vain: %s; reported: %v; logged: %v\n%s", what, n.reported, n.log, n.state())
		}
		// Not Sleep(ctx, 0): the loop is to block between the events it is here for.
		n.check(asyncio.Sleep(ctx, time.Millisecond))
	}
}

// state is what the loop, its transports and its tasks say of themselves, for who has waited
// in vain.
func (n *netTest) state() string {
	var b strings.Builder
	fmt.Fprintln(&b, n.l)
	for _, t := range asyncio.Transports(n.l) {
		fmt.Fprintf(&b, "%v, for %T", t, t.GetProtocol())
		if r, ok := t.GetProtocol().(*recorder); ok {
			fmt.Fprintf(&b, " that had %d bytes and %q", len(r.data), r.events)
		}
		fmt.Fprintln(&b)
	}
	for _, task := range asyncio.AllTasks(n.l) {
		fmt.Fprintf(&b, "%v\n%s\n", task, task.Stack())
	}
	return b.String()
}

// receive waits, in a coroutine, for what another goroutine sends: the loop goes
// on meanwhile.
func receive[T any](ctx context.Context, n *netTest, what string, from <-chan T) (v T) {
	n.Helper()
	n.until(ctx, what, func() bool {
		select {
		case v = <-from:
			return true
		default:
			return false
		}
	})
	return v
}

// passes lets the loop turn a few times.
func (n *netTest) passes(ctx context.Context) {
	n.Helper()
	for range 5 {
		n.check(asyncio.Sleep(ctx, 0))
	}
}

// serve makes a server on a port of the loopback interface whose protocols are
// returned as they are made.
func (n *netTest) serve(ctx context.Context, made func(*recorder)) (*asyncio.Server, string) {
	n.Helper()
	s, err := n.l.CreateServer(ctx, func() asyncio.Protocol {
		r := &recorder{}
		if made != nil {
			made(r)
		}
		return r
	}, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		n.Fatal(err)
	}
	return s, s.Addrs()[0].String()
}

// pair makes a connection between two recorders.
func (n *netTest) pair(ctx context.Context, options ...func(client, server *recorder)) (client, server *recorder) {
	n.Helper()
	client = &recorder{}
	s, addr := n.serve(ctx, func(r *recorder) {
		server = r
		for _, o := range options {
			o(client, server)
		}
	})
	if _, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", addr, nil); err != nil {
		n.Fatal(err)
	}
	n.until(ctx, "the server's side", func() bool { return server != nil && server.transport != nil })
	s.Close()
	return client, server
}

// raw connects a plain connection to a server's protocol.
func (n *netTest) raw(ctx context.Context, options ...func(*recorder)) (*net.TCPConn, *recorder) {
	n.Helper()
	var server *recorder
	s, addr := n.serve(ctx, func(r *recorder) {
		server = r
		for _, o := range options {
			o(r)
		}
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { c.Close() })
	n.until(ctx, "the server's side", func() bool { return server != nil && server.transport != nil })
	s.Close()
	return c.(*net.TCPConn), server
}

// connectionRow runs f, as netRow does, in a coroutine, with a plain
// peer and the protocol that it is connected to, and ends the connection after it.
func connectionRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder)) {
	t.Helper()
	netRow(t, row, func(n *netTest) {
		n.run(func(ctx context.Context) {
			c, r := n.raw(ctx)
			f(ctx, n, c, r)
			r.transport.Abort()
			n.until(ctx, "the end", func() bool { return r.lost })
		})
	})
}

// interest is what the loop looks for on a descriptor, "" for
// nothing.
func (n *netTest) interest(fd uintptr) string {
	n.Helper()
	eng := asyncio.Engine(n.l)
	if s, ok := eng.(*scripted); ok {
		eng = s.Engine
	}
	if e, ok := eng.(*completion.Engine); ok {
		if m := e.Interest(fd); m != 0 {
			return selectors.EventMask(m).String()
		}
		return ""
	}
	k, err := n.selector().GetKey(fd)
	if errors.Is(err, selectors.ErrNotRegistered) {
		return ""
	}
	n.check(err)
	return k.Events.String()
}

// held is how many of the bytes that were written in this pass the system does not have
// yet: all of them over a proactor.
func (n *netTest) held(written int) int {
	if n.selector() != nil {
		return 0
	}
	return written
}

// reads has the peer read so many bytes, or fewer if its end of stream comes
// before. It blocks: what the loop had to do for them it has done before.
func (n *netTest) reads(c net.Conn, size int) []byte {
	n.Helper()
	if asyncio.OnLoop(n.l) {
		n.check(asyncio.Engine(n.l).Flush()) // a proactor has them only queued
	}
	n.check(c.SetReadDeadline(time.Now().Add(patience)))
	p := make([]byte, size)
	k, err := io.ReadFull(c, p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		n.Errorf("the peer: %v", err)
	}
	n.check(c.SetReadDeadline(time.Time{}))
	return p[:k]
}

// someBytes reads what is there for the peer, or the first that comes.
func (n *netTest) someBytes(c net.Conn) []byte {
	n.Helper()
	n.check(c.SetReadDeadline(time.Now().Add(patience)))
	p := make([]byte, 1<<16)
	k, err := c.Read(p)
	n.check(err)
	n.check(c.SetReadDeadline(time.Time{}))
	return p[:k]
}

// recorder is a protocol that writes down what happens to it.
type recorder struct {
	events    []string
	transport asyncio.Transport
	data      []byte
	lost      bool
	lostErr   error
	keepOpen  bool // what EOFReceived answers

	onMade   func(asyncio.Transport)
	onData   func([]byte)
	onEOF    func()
	onLost   func(error)
	onPause  func()
	onResume func()
}

func (r *recorder) note(format string, args ...any) {
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *recorder) ConnectionMade(t asyncio.Transport) {
	r.transport = t
	r.note("made")
	if r.onMade != nil {
		r.onMade(t)
	}
}

func (r *recorder) DataReceived(p []byte) {
	if len(r.events) == 0 || r.events[len(r.events)-1] != "data" {
		r.note("data")
	}
	r.data = append(r.data, p...)
	if r.onData != nil {
		r.onData(p)
	}
}

func (r *recorder) EOFReceived() bool {
	r.note("eof")
	if r.onEOF != nil {
		r.onEOF()
	}
	return r.keepOpen
}

func (r *recorder) ConnectionLost(err error) {
	r.note("lost")
	r.lost, r.lostErr = true, err
	if r.onLost != nil {
		r.onLost(err)
	}
}

func (r *recorder) PauseWriting() {
	r.note("pause")
	if r.onPause != nil {
		r.onPause()
	}
}

func (r *recorder) ResumeWriting() {
	r.note("resume")
	if r.onResume != nil {
		r.onResume()
	}
}

func (r *recorder) history() string { return strings.Join(r.events, " ") }

// bufferedRecorder offers memory instead of taking data.
type bufferedRecorder struct {
	recorder
	size  int
	hints []int
	buf   []byte
	get   func(hint int) []byte
	upd   func(n int)
}

func (b *bufferedRecorder) GetBuffer(hint int) []byte {
	b.hints = append(b.hints, hint)
	if b.get != nil {
		return b.get(hint)
	}
	b.buf = make([]byte, b.size)
	return b.buf
}

func (b *bufferedRecorder) BufferUpdated(n int) {
	b.note("updated %d", n)
	b.data = append(b.data, b.buf[:n]...)
	if b.upd != nil {
		b.upd(n)
	}
}

// scripted is a loop's engine whose streams and sockets are a test's.
type scripted struct {
	engine.Engine
	stream   func(fd uintptr, h engine.StreamHandler) (engine.Stream, error)
	sockets  engine.Sockets
	connect  func(fd uintptr, addr sock.Addr, done func(error)) (func(), error)
	listener func(fd uintptr, h engine.ListenHandler) (engine.Listener, error)
	datagram func(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error)
}

func (s *scripted) Stream(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
	if s.stream != nil {
		return s.stream(fd, h)
	}
	return s.Engine.Stream(fd, h)
}

func (s *scripted) Listener(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
	if s.listener != nil {
		return s.listener(fd, h)
	}
	return s.Engine.Listener(fd, h)
}

func (s *scripted) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	if s.datagram != nil {
		return s.datagram(fd, h, o)
	}
	return s.Engine.Datagram(fd, h, o)
}

func (s *scripted) Connect(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
	if s.connect != nil {
		return s.connect(fd, addr, done)
	}
	return s.Engine.Connect(fd, addr, done)
}

func (s *scripted) Sockets() engine.Sockets {
	if s.sockets != nil {
		return s.sockets
	}
	return s.Engine.Sockets()
}

// script puts a scripted engine under the loop, which must not have run yet.
func (n *netTest) script() *scripted {
	s := &scripted{Engine: asyncio.Engine(n.l)}
	asyncio.SetEngine(n.l, s)
	return s
}

// fakeStream is an engine's stream that does as it is told.
type fakeStream struct {
	h       engine.StreamHandler
	fd      uintptr
	wrote   []byte
	accept  int   // how many bytes a write takes; -1: all
	err     error // what a write returns
	reading bool
	sending bool
	closed  bool
	lends   bool
	sendErr error
}

func (s *fakeStream) StartReading() error   { s.reading = true; return nil }
func (s *fakeStream) StopReading()          { s.reading = false }
func (s *fakeStream) UseReadBuffer(on bool) { s.lends = on }
func (s *fakeStream) StopSending()          { s.sending = false }
func (s *fakeStream) CloseWrite() error     { return nil }
func (s *fakeStream) Close() error          { s.closed = true; return nil }
func (s *fakeStream) FD() uintptr           { return s.fd }

func (s *fakeStream) Send() error {
	s.sending = s.sendErr == nil
	return s.sendErr
}

func (s *fakeStream) Sendfile(engine.File, int64, int64) error { return errors.ErrUnsupported }

func (s *fakeStream) Write(p []byte) (n, held int, err error) {
	n, err = s.WriteVec([][]byte{p})
	return n, 0, err
}

// Pending: what it takes it has sent.
func (s *fakeStream) Pending() bool { return false }

func (s *fakeStream) Held() int { return 0 }

func (s *fakeStream) WriteVec(bufs [][]byte) (int, error) {
	p := bytes.Join(bufs, nil)
	if s.accept >= 0 {
		p = p[:min(s.accept, len(p))]
	}
	s.wrote = append(s.wrote, p...)
	return len(p), s.err
}

// writable lets a Send take n bytes, all of them if n is negative.
func (s *fakeStream) writable(n int, err error) {
	if !s.sending {
		return
	}
	out := bytes.Join(s.h.Outgoing(nil), nil)
	if n >= 0 {
		out = out[:min(n, len(out))]
	}
	s.wrote = append(s.wrote, out...)
	s.sending = false
	s.h.Sent(len(out), err)
}

// faked makes a transport over a fake stream, and has its protocol connected.
// Coroutines only.
func (n *netTest) faked(ctx context.Context, p asyncio.Protocol) (asyncio.Transport, *fakeStream) {
	n.Helper()
	fs := &fakeStream{fd: 12345, accept: -1}
	eng := asyncio.Engine(n.l).(*scripted)
	eng.stream = func(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
		fs.h, fs.fd = h, fd
		return fs, nil
	}
	eng.sockets = noSockets{}
	t, err := asyncio.NewTransport(n.l, fs.fd, p, sock.Addr{}, nil)
	if err != nil {
		n.Fatal(err)
	}
	n.passes(ctx)
	return t, fs
}

// noSockets knows no socket.
type noSockets struct{ system.Sockets }

func (noSockets) LocalAddr(uintptr) (sock.Addr, error)        { return sock.Addr{}, net.ErrClosed }
func (noSockets) RemoteAddr(uintptr) (sock.Addr, error)       { return sock.Addr{}, net.ErrClosed }
func (noSockets) SetOption(uintptr, engine.Option, int) error { return net.ErrClosed }
func (noSockets) Close(uintptr) error                         { return nil }

// fakeRow runs f, as the subtest named row, with a transport over a fake
// stream.
func fakeRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		n := newNetTest(t)
		n.script()
		n.run(func(ctx context.Context) { f(ctx, n) })
	})
}

// spuriously has the stream hear that it is ready, as a selector may say in
// error. Over a proactor there is nothing like it, but see spurious.
func spuriously(t asyncio.Transport, m engine.Mask) {
	if s, ok := asyncio.StreamOf(t).(engine.Completer); ok {
		s.Complete(uint64(m))
	}
}
