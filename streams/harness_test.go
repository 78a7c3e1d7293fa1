package streams

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// patience is when a test that waits for something gives up.
const patience = 30 * time.Second

// opener makes a loop.
type opener = func() (asyncio.EventLoop, error)

// eachLoop runs f in a subtest for each kind of loop: those of the system and the simulated one.
func eachLoop(t *testing.T, f func(t *testing.T, open opener)) {
	t.Helper()
	testkit.Over(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T, m testkit.Mechanism) {
		f(t, func() (asyncio.EventLoop, error) { return loops.New(m) })
	})
}

// stage is a loop under test, and the coroutine that tests on it. Unless a test
// says that it expects reports, those that reach the exception handler fail it.
type stage struct {
	*testing.T
	ctx  context.Context
	loop asyncio.EventLoop

	mu            sync.Mutex
	expectReports bool
	reports       []asyncio.ExceptionContext
}

// overLoops runs f, as the subtest named row, on each kind of loop.
func overLoops(t *testing.T, row string, f func(s *stage)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		eachLoop(t, func(t *testing.T, open opener) { play(t, open, f) })
	})
}

// unixOverLoops is overLoops with a path for a unix socket, where the system has such.
func unixOverLoops(t *testing.T, row string, f func(s *stage, path string)) {
	t.Helper()
	if testkit.HasUnixSockets() {
		overLoops(t, row, func(s *stage) { f(s, testkit.SocketPath(s)) })
	}
}

func newStage(t *testing.T, open opener) *stage {
	t.Helper()
	if open == nil {
		open = func() (asyncio.EventLoop, error) { return asyncio.NewSelectorEventLoop(nil) }
	}
	loop, err := open()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, loop: loop}
	s.check(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reports = append(s.reports, c)
		if !s.expectReports {
			s.Errorf("reported: %s: %v", c.Message, c.Err)
		}
	}))
	t.Cleanup(func() { s.check(loop.Close()) })
	return s
}

// play runs f as a coroutine of a new loop.
func play(t *testing.T, open opener, f func(s *stage)) {
	t.Helper()
	s := newStage(t, open)
	task := asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
		s.ctx = ctx
		f(s)
		return struct{}{}, nil
	})
	if err := s.loop.RunUntilComplete(task); err != nil && !((t.Failed() || t.Skipped()) && errors.Is(err, asyncio.ErrGoexit)) {
		t.Errorf("the test's coroutine: %v", err)
	}
}

// needs skips a test that needs something that a simulated loop does not have.
func (s *stage) needs(what string) {
	s.Helper()
	if asyncio.IsSimulated(s.loop) {
		s.Skip("a simulated host has none:", what) // the same test runs over the system's loops
	}
}

// runLoop runs the loop in a goroutine of its own until the end of the test.
func (s *stage) runLoop() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.check(s.loop.RunForever())
	}()
	s.Cleanup(func() {
		s.loop.Stop()
		<-ended
	})
}

// check fails the test for an error, and goes on.
func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// must stops the test at an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) wantError(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("error %v, want %v", err, target)
	}
}

// want fails the test unless a read returned the text and no error.
func (s *stage) want(text string) func(p []byte, err error) {
	s.Helper()
	return func(p []byte, err error) {
		s.Helper()
		if err != nil || string(p) != text {
			s.Errorf("read %q, %v; want %q", p, err, text)
		}
	}
}

// wantEnd fails the test unless a read returned the end of the stream.
func (s *stage) wantEnd(p []byte, err error) {
	s.Helper()
	if len(p) != 0 || !errors.Is(err, io.EOF) {
		s.Errorf("read %q, %v; want the end", p, err)
	}
}

// held fails the test unless the reader holds just this.
func (s *stage) held(r *StreamReader, text string) {
	s.Helper()
	if got := string(r.buf.bytes()); got != text {
		s.Errorf("buffered %q, want %q", got, text)
	}
}

// reader makes a reader that has been fed.
func (s *stage) reader(limit int, pieces ...string) *StreamReader {
	s.Helper()
	r, err := NewStreamReader(WithLimit(limit))
	s.must(err)
	for _, p := range pieces {
		s.must(r.FeedData([]byte(p)))
	}
	return r
}

// soon runs f in the next pass.
func (s *stage) soon(f func()) {
	s.Helper()
	_, err := s.loop.CallSoon(f)
	s.must(err)
}

// feedSoon feeds a piece in each of the next passes.
func (s *stage) feedSoon(r *StreamReader, pieces ...string) {
	s.soon(func() {
		s.check(r.FeedData([]byte(pieces[0])))
		if len(pieces) > 1 {
			s.feedSoon(r, pieces[1:]...)
		}
	})
}

// start runs f as another task.
func (s *stage) start(f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
}

// passes lets the loop turn a few times.
func (s *stage) passes() {
	s.Helper()
	for range 5 {
		s.must(asyncio.Sleep(s.ctx, 0))
	}
}

// until waits, in a coroutine, until cond holds.
func (s *stage) until(what string, cond func() bool) {
	s.Helper()
	for end := s.loop.Time() + patience; !cond(); {
		if s.loop.Time() > end {
			s.Fatalf("waited in vain: %s", what)
		}
		// Not Sleep(ctx, 0): the loop is to block between the events that it is here for.
		s.must(asyncio.Sleep(s.ctx, time.Millisecond))
	}
}

// reported returns the reports so far.
func (s *stage) reported() []asyncio.ExceptionContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asyncio.ExceptionContext(nil), s.reports...)
}

// serve starts a server on a port of the loopback interface.
func (s *stage) serve(h func(ctx context.Context, r *StreamReader, w *StreamWriter) error, more ...Option) (*asyncio.Server, string) {
	s.Helper()
	server, err := StartServer(s.ctx, h, "tcp", "127.0.0.1:0", nil, more...)
	s.must(err)
	return server, server.Addrs()[0].String()
}

// open connects to an address.
func (s *stage) open(addr string, more ...Option) (*StreamReader, *StreamWriter) {
	s.Helper()
	r, w, err := OpenConnection(s.ctx, "tcp", addr, nil, more...)
	s.must(err)
	return r, w
}

// finish ends both ends of a server's connections.
func (s *stage) finish(server *asyncio.Server, ws ...*StreamWriter) {
	s.Helper()
	for _, w := range ws {
		s.check(w.Close())
	}
	server.Close()
	s.check(server.WaitClosed(s.ctx))
}

// valve is a transport that only notes what is asked of it.
type valve struct {
	asyncio.Transport
	calls     []string
	pauseErr  error
	resumeErr error // for the first call
	info      map[string]any
	closing   bool
	aborted   bool
	addr      string
}

func (v *valve) PauseReading() error          { v.calls = append(v.calls, "pause"); return v.pauseErr }
func (v *valve) GetExtraInfo(name string) any { return v.info[name] }
func (v *valve) IsClosing() bool              { return v.closing }
func (v *valve) Close() error                 { v.closing = true; return nil }
func (v *valve) Abort()                       { v.aborted = true }
func (v *valve) LocalAddr() net.Addr          { return &net.UnixAddr{Name: v.addr, Net: "unix"} }
func (v *valve) RemoteAddr() net.Addr         { return nil }
func (v *valve) ResumeReading() (err error) {
	v.calls = append(v.calls, "resume")
	err, v.resumeErr = v.resumeErr, nil
	return err
}
func (v *valve) String() string { return "<valve>" }
