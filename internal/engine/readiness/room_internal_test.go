package readiness

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/selectors"
)

// tight is a selector with little room.
type tight struct {
	selectors.Selector
	limits selectors.Limits
}

func (s tight) Limits() selectors.Limits { return s.limits }

// tightServer is an engine over such a selector that listens, and what came of it.
type tightServer struct {
	e        *Engine
	l        engine.Listener
	accepted []uintptr
	failed   []error
}

func (s *tightServer) Accepted(fd uintptr, _ sock.Addr) { s.accepted = append(s.accepted, fd) }
func (s *tightServer) AcceptFailed(err error)           { s.failed = append(s.failed, err) }

// poll polls once and acts on what has happened.
func (s *tightServer) poll(t *testing.T, timeout time.Duration) {
	t.Helper()
	events, err := s.e.Poll(timeout)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		ev.To.Complete(ev.Ev)
	}
}

func newTightServer(t *testing.T, limits selectors.Limits) (*tightServer, string) {
	t.Helper()
	e, err := New(tight{openDefault(t), limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	s := &tightServer{e: e}
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	fd, err := sock.FromConn(listening)
	if err != nil {
		t.Fatal(err)
	}
	if s.l, err = e.Listener(fd, s); err != nil {
		t.Fatal(err)
	}
	if err := s.l.StartAccepting(100); err != nil {
		t.Fatal(err)
	}
	return s, listening.Addr().String()
}

// TestNoRoom: clients for whom the selector has no room wait where they are, are
// told of once, and are accepted when there is room.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	const room, clients = 3, 10
	s, addr := newTightServer(t, selectors.Limits{MaxFiles: 2 + room}) // the waker, the listener
	for range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	var streams []engine.Stream
	for len(s.failed) == 0 {
		s.poll(t, 10*time.Second)
		for _, fd := range s.accepted {
			st, err := s.e.Stream(fd, &echo{})
			if err != nil {
				t.Fatal(err)
			}
			streams = append(streams, st)
		}
		s.accepted = nil
	}
	if len(streams) != room || len(s.failed) != 1 || !errors.Is(s.failed[0], selectors.ErrTooManyDescriptors) {
		t.Errorf("%d accepted, %v", len(streams), s.failed)
	}
	if s.poll(t, 0); len(s.failed) != 1 {
		t.Errorf("told again: %v", s.failed)
	}
	if _, err := s.e.Stream(streams[0].FD()+1000, &echo{}); !errors.Is(err, selectors.ErrTooManyDescriptors) {
		t.Errorf("a stream more: %v", err)
	}
	for _, st := range streams[1:] {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.l.StartAccepting(100); err != nil {
		t.Fatal(err)
	}
	for len(s.accepted) == 0 {
		s.poll(t, 10*time.Second)
	}
	if len(s.accepted) != room-1 {
		t.Errorf("%d accepted where there was room for %d", len(s.accepted), room-1)
	}
	for _, fd := range s.accepted {
		if err := sock.Close(fd); err != nil {
			t.Error(err)
		}
	}
}

// TestDescriptorTooHigh: a client whose descriptor the selector cannot watch is
// closed, and ends the turn.
func TestDescriptorTooHigh(t *testing.T) {
	t.Parallel()
	s, addr := newTightServer(t, selectors.Limits{})
	for range 3 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	s.e.limits.MaxDescriptor = 1
	for len(s.failed) == 0 {
		s.poll(t, 10*time.Second)
	}
	if len(s.accepted) != 0 || len(s.failed) != 1 || !errors.Is(s.failed[0], selectors.ErrTooManyDescriptors) {
		t.Errorf("%d accepted, %v", len(s.accepted), s.failed)
	}
	if s.poll(t, 0); len(s.failed) != 1 {
		t.Errorf("told again: %v", s.failed)
	}
}
