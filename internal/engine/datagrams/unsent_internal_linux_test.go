package datagrams

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// teller is a handler that records, and the room's passes.
type teller struct {
	*testing.T
	waiting []engine.Completer
	log     []string
	on      func()
}

func (h *teller) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
	if h.on != nil {
		h.on()
	}
}

func (h *teller) Received(p []byte, _ sock.Addr)  { h.note("received %s", p) }
func (h *teller) Truncated(size int, _ sock.Addr) { h.note("truncated %d", size) }
func (h *teller) Unsent(p []byte, to sock.Addr)   { h.note("unsent %s", p) }
func (h *teller) Writable()                       { h.note("writable") }
func (h *teller) Failed(err error, to sock.Addr)  { h.note("failed %v", err) }
func (h *teller) Broken(err error)                { h.note("broken %v", err) }
func (h *teller) later(c engine.Completer)        { h.waiting = append(h.waiting, c) }
func (h *teller) must(_ any, err error)           { h.Helper(); h.want(err == nil, "%v", err) }
func (h *teller) want(ok bool, f string, a ...any) {
	h.Helper()
	if !ok {
		h.Fatalf(f, a...)
	}
}

// pass is the next pass; it survives a handler's panic.
func (h *teller) pass() {
	waiting := h.waiting
	h.waiting = nil
	for _, c := range waiting {
		func() {
			defer func() { _ = recover() }()
			c.Complete(0)
		}()
	}
}

// unix makes a socket with a name of its own.
func (h *teller) unix(name string) (uintptr, sock.Addr) {
	h.Helper()
	fd, err := sock.Open(sock.Unix, sock.Datagram)
	h.must(nil, err)
	h.Cleanup(func() { _ = sock.Close(fd) })
	a, err := sock.UnixAddr(filepath.Join(h.TempDir(), name))
	h.must(nil, err)
	h.must(nil, sock.Bind(fd, a))
	return fd, a
}

// TestUnsent: of what is gathered that comes back for which there is no room, once and in
// order, whatever the handler does; and meanwhile nothing else is taken. (The socket is one
// of AF_UNIX, of which nothing is gathered otherwise: the loopback interface always has
// room for UDP.)
func TestUnsent(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{false, true} {
		h := &teller{T: t}
		r := NewRoom(h.later)
		from, _ := h.unix("x")
		to, a := h.unix("y")
		var s Socket
		h.must(nil, s.Init(r, from, h, engine.DatagramOptions{MaxSize: 100}))
		s.gathers, r.Gathers = true, true
		var want []string
		for i := range 40 {
			sent, err := s.Send(fmt.Append(nil, i), a)
			h.want(sent == Went && err == nil, "%v, %v", sent, err)
			want = append(want, fmt.Sprint(i))
		}
		h.want(len(h.log) == 0, "told inside a call: %v", h.log)
		r.Over()
		h.want(s.Returning(), "all 40 have gone")
		if sent, err := s.Send([]byte("more"), a); sent != Wait || err != nil {
			t.Errorf("one more: %v, %v", sent, err)
		}
		if panics {
			h.on = func() { panic("on purpose") }
		}
		for range 100 {
			h.pass()
		}
		h.want(!s.Returning() && len(h.waiting) == 0, "something is still to be told")
		var came []string
		var in sock.Inbox
		n, err := in.Receive(to, 100, false)
		h.must(nil, err)
		for i := range n {
			came = append(came, string(in.At(i).Data))
		}
		for _, l := range h.log {
			var p string
			if _, err := fmt.Sscanf(l, "unsent %s", &p); err != nil {
				t.Errorf("told: %s", l)
			}
			came = append(came, p)
		}
		if !slices.Equal(came, want) || n == 0 {
			t.Errorf("%d came, and then %v came back", n, h.log)
		}
		if sent, err := s.Send([]byte("again"), a); sent != Went || err != nil {
			t.Errorf("afterwards: %v, %v", sent, err)
		}
	}
}

// TestUnsentClosed: what would come back of a socket that is closed is forgotten.
func TestUnsentClosed(t *testing.T) {
	t.Parallel()
	h := &teller{T: t}
	r := NewRoom(h.later)
	from, _ := h.unix("x")
	_, a := h.unix("y")
	var s Socket
	h.must(nil, s.Init(r, from, h, engine.DatagramOptions{}))
	s.gathers, r.Gathers = true, true
	for range 40 {
		h.must(s.Send([]byte("x"), a))
	}
	s.Shut()
	h.pass()
	h.want(len(h.log) == 0 && r.out.Len() == 0, "%v", h.log)
}

// TestGatheredRefused: one that the system refuses is reported, and the others go.
func TestGatheredRefused(t *testing.T) {
	t.Parallel()
	h := &teller{T: t}
	r := NewRoom(h.later)
	from, _ := h.unix("x")
	to, a := h.unix("y")
	nowhere, err := sock.UnixAddr(filepath.Join(t.TempDir(), "nobody"))
	h.must(nil, err)
	var s Socket
	h.must(nil, s.Init(r, from, h, engine.DatagramOptions{}))
	s.gathers, r.Gathers = true, true
	for _, to := range []sock.Addr{a, nowhere, nowhere, a} {
		h.must(s.Send([]byte("x"), to))
	}
	r.Over()
	h.pass()
	h.pass()
	if len(h.log) != 1 {
		t.Errorf("told %v, want one failure of one address", h.log)
	}
	var in sock.Inbox
	if n, err := in.Receive(to, 100, false); n != 2 || err != nil {
		t.Errorf("%d came, %v", n, err)
	}
}
