package readiness

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/selectors"
)

// counting counts the changes of registrations.
type counting struct {
	selectors.Selector
	changes int
}

func (c *counting) Register(f any, m selectors.EventMask, d any) (*selectors.SelectorKey, error) {
	c.changes++
	return c.Selector.Register(f, m, d)
}

func (c *counting) Unregister(f any) (*selectors.SelectorKey, error) {
	c.changes++
	return c.Selector.Unregister(f)
}

func (c *counting) Modify(f any, m selectors.EventMask, d any) (*selectors.SelectorKey, error) {
	c.changes++
	return c.Selector.Modify(f, m, d)
}

// openDefault opens the best mechanism of this system.
func openDefault(tb testing.TB) selectors.Selector {
	tb.Helper()
	s, err := selectors.NewDefaultSelector()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// tcpPair returns one end as a descriptor and the other as a connection.
func tcpPair(tb testing.TB) (uintptr, *net.TCPConn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { peer.Close() })
	conn, err := l.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	fd, err := sock.FromConn(conn)
	if err != nil {
		tb.Fatal(err)
	}
	conn.Close()
	return fd, peer.(*net.TCPConn)
}

// echo is the shortest StreamHandler: it writes back what it gets.
type echo struct {
	s    engine.Stream
	n    int
	ends int
	err  error
}

func (h *echo) ReadBuffer() ([]byte, bool) { return nil, false }
func (h *echo) Received(p []byte) {
	h.n++
	if n, _, err := h.s.Write(p); err != nil || n < len(p) {
		h.err = errors.Join(err, errors.New("short write"))
	}
}
func (h *echo) ReadEOF()                       { h.ends++ }
func (h *echo) ReadFailed(err error)           { h.err = err }
func (h *echo) Outgoing(vec [][]byte) [][]byte { return vec }
func (h *echo) Sent(int, error)                {}
func (h *echo) Unsent(_ []byte, err error)     { h.err = errors.Join(err, errors.New("given back")) }
func (h *echo) run(tb testing.TB, e engine.Engine, n int) { // until it has seen n messages
	for h.n < n && h.err == nil {
		events, err := e.Poll(10 * time.Second)
		if err != nil || len(events) == 0 {
			tb.Fatalf("Poll = %v, %v", events, err)
		}
		for _, ev := range events {
			ev.To.Complete(ev.Ev)
		}
	}
	if h.err != nil {
		tb.Fatal(h.err)
	}
}

// TestSteadyState: a message costs no allocation and changes no registration.
func TestSteadyState(t *testing.T) {
	sel := &counting{Selector: openDefault(t)}
	e, err := New(sel)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	fd, peer := tcpPair(t)
	h := &echo{}
	if h.s, err = e.Stream(fd, h); err != nil {
		t.Fatal(err)
	}
	if err := h.s.StartReading(); err != nil {
		t.Fatal(err)
	}
	msg := make([]byte, 64)
	round := func() {
		if _, err := peer.Write(msg); err != nil {
			t.Fatal(err)
		}
		h.run(t, e, h.n+1)
		if _, err := peer.Read(msg); err != nil {
			t.Fatal(err)
		}
	}
	round()
	before := sel.changes
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
	// Stopping and going on between messages is free too.
	for range 10 {
		h.s.StopReading()
		if err := h.s.StartReading(); err != nil {
			t.Fatal(err)
		}
	}
	if sel.changes != before {
		t.Errorf("%d changes of registrations", sel.changes-before)
	}
	if err := h.s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sel.GetKey(fd); !errors.Is(err, selectors.ErrNotRegistered) {
		t.Errorf("a closed stream is still registered: %v", err)
	}
}

// TestStoppedReadingSettles: a stream that is not read although data are there
// does not keep the loop awake.
func TestStoppedReadingSettles(t *testing.T) {
	t.Parallel()
	e, err := New(openDefault(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	fd, peer := tcpPair(t)
	h := &echo{}
	if h.s, err = e.Stream(fd, h); err != nil {
		t.Fatal(err)
	}
	if err := h.s.StartReading(); err != nil {
		t.Fatal(err)
	}
	h.s.StopReading()
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	events, err := e.Poll(10 * time.Second)
	if err != nil || len(events) != 1 {
		t.Fatalf("Poll = %v, %v", events, err)
	}
	events[0].To.Complete(events[0].Ev)
	if events, err = e.Poll(0); err != nil || len(events) != 0 {
		t.Fatalf("Poll = %v, %v after the stream was found not to be wanted", events, err)
	}
	if err := h.s.StartReading(); err != nil {
		t.Fatal(err)
	}
	h.run(t, e, 1)
	h.s.Close()
}

// fakeWaker drains as told, and fails to wake as often as told.
type fakeWaker struct {
	waker
	drain error
	fails atomic.Int32
}

func (w *fakeWaker) Wake() error {
	if w.fails.Add(-1) >= 0 {
		return errors.New("cannot wake")
	}
	return w.waker.Wake()
}

func (w *fakeWaker) Drain() error {
	if w.drain != nil {
		return w.drain
	}
	return w.waker.Drain()
}

func withFakeWaker(t *testing.T) (*Engine, *fakeWaker) {
	t.Helper()
	e, err := New(openDefault(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	w := &fakeWaker{waker: e.waker}
	e.waker, e.wake = w, w.Wake
	return e, w
}

func TestWakeUps(t *testing.T) {
	t.Parallel()
	t.Run("selev.004a.wakeup-read-would-block", func(t *testing.T) {
		t.Parallel()
		e, w := withFakeWaker(t)
		if err := w.Drain(); err != nil { // nothing there: reading would block
			t.Errorf("draining when nothing is there: %v", err)
		}
		e.Wake()
		if _, err := e.Poll(10 * time.Second); err != nil {
			t.Errorf("Poll: %v", err)
		}
		if events, err := e.Poll(0); err != nil || len(events) != 0 {
			t.Errorf("Poll = %v, %v: the wake-up was not drained", events, err)
		}
	})
	t.Run("selev.004b.wakeup-read-error", func(t *testing.T) {
		t.Parallel()
		e, w := withFakeWaker(t)
		w.drain = errors.New("cannot drain")
		e.Wake()
		if _, err := e.Poll(10 * time.Second); !errors.Is(err, w.drain) {
			t.Errorf("Poll returns %v, want %v", err, w.drain)
		}
	})
}

func TestWakeUpFailures(t *testing.T) {
	t.Parallel()
	t.Run("selev.005a.wakeup-write-would-block", func(t *testing.T) {
		t.Parallel()
		e, _ := withFakeWaker(t)
		for range 100_000 { // more than any pipe or socket holds
			e.Wake()
		}
		if _, err := e.Poll(10 * time.Second); err != nil {
			t.Errorf("Poll: %v", err)
		}
		if events, err := e.Poll(0); err != nil || len(events) != 0 {
			t.Errorf("Poll = %v, %v", events, err)
		}
	})
	t.Run("selev.005b.wakeup-write-other-error", func(t *testing.T) {
		t.Parallel()
		e, w := withFakeWaker(t)
		for range 3 {
			w.fails.Store(5)
			go e.Wake()
			if events, err := e.Poll(selectors.Forever); err != nil || len(events) != 0 {
				t.Errorf("Poll = %v, %v", events, err)
			}
			if left := w.fails.Load(); left >= 0 {
				t.Errorf("Poll ended %d failures early", left+1)
			}
		}
	})
}

// TestCloseReleases: nothing of the engine's own is left.
func TestCloseReleases(t *testing.T) {
	t.Parallel()
	sel := openDefault(t)
	e, err := New(sel)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Descriptors()) == 0 {
		t.Error("an engine that cannot be woken")
	}
	if e.Selector() != sel {
		t.Error("Selector is not the one given")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if fds := e.Descriptors(); len(fds) != 0 {
		t.Errorf("descriptors %v after Close", fds)
	}
	if _, err := sel.Select(0); !errors.Is(err, selectors.ErrClosed) {
		t.Errorf("the selector is not closed: %v", err)
	}
}

// TestNewFailsClosed: an engine that cannot be made closes the selector it got.
func TestNewFailsClosed(t *testing.T) {
	t.Parallel()
	sel := openDefault(t)
	if err := sel.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New(sel); !errors.Is(err, selectors.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkEcho is the engine's part of one echoed message, system calls
// included, beside the same system calls without it.
func BenchmarkEcho(b *testing.B) {
	b.Run("engine", func(b *testing.B) {
		sel, err := selectors.NewDefaultSelector()
		if err != nil {
			b.Fatal(err)
		}
		e, err := New(sel)
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		fd, other, err := sock.Pair()
		if err != nil {
			b.Fatal(err)
		}
		defer sock.Close(other)
		h := &echo{}
		if h.s, err = e.Stream(fd, h); err != nil {
			b.Fatal(err)
		}
		h.s.StartReading()
		msg := make([]byte, 64)
		b.ReportAllocs()
		for b.Loop() {
			sock.Write(other, msg)
			h.run(b, e, h.n+1)
			sock.Read(other, msg)
		}
	})
	b.Run("calls", func(b *testing.B) {
		sel, err := selectors.NewDefaultSelector()
		if err != nil {
			b.Fatal(err)
		}
		defer sel.Close()
		fd, other, err := sock.Pair()
		if err != nil {
			b.Fatal(err)
		}
		defer sock.Close(fd)
		defer sock.Close(other)
		if _, err := sel.Register(fd, selectors.EventRead, nil); err != nil {
			b.Fatal(err)
		}
		msg, buf := make([]byte, 64), make([]byte, readSize)
		for b.Loop() {
			sock.Write(other, msg)
			sel.Select(10 * time.Second)
			n, _ := sock.Read(fd, buf)
			sock.Write(fd, buf[:n])
			sock.Read(other, msg)
		}
	})
}
