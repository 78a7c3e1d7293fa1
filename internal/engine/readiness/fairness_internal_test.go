package readiness

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// endless is a StreamHandler that always has more to send, to a peer that reads all of it at
// once, and to which somebody sends without end.
type endless struct {
	s        engine.Stream
	piece    []byte
	peer     uintptr
	sends    int // since the last look
	sent     int
	receives int
	received int
}

func (h *endless) ReadBuffer() ([]byte, bool) { return nil, false }
func (h *endless) Received(p []byte) {
	h.receives++
	h.received += len(p)
}
func (h *endless) ReadEOF()                       {}
func (h *endless) ReadFailed(error)               {}
func (h *endless) Unsent([]byte, error)           {}
func (h *endless) Outgoing(vec [][]byte) [][]byte { return append(vec, h.piece, h.piece) }
func (h *endless) Sent(n int, err error) {
	h.sends++
	h.sent += n
	for k := 1; k > 0; k, _ = sock.Read(h.peer, make([]byte, 1<<20)) {
	}
	if err == nil {
		_ = h.s.Send()
	}
}

// TestOnePassOfAStream: what a stream may do with one event while there is always more to do.
func TestOnePassOfAStream(t *testing.T) {
	t.Parallel()
	e, err := New(openDefault(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	own, peer, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close(peer)
	h := &endless{piece: make([]byte, 32<<10), peer: peer}
	if h.s, err = e.Stream(own, h); err != nil {
		t.Fatal(err)
	}
	if err := h.s.StartReading(); err != nil {
		t.Fatal(err)
	}
	if err := h.s.Send(); err != nil {
		t.Fatal(err)
	}
	full := make([]byte, 1<<20)
	for range 10 {
		for k := 1; k > 0; k, _ = sock.Write(peer, full) {
		}
		h.sends, h.sent, h.receives, h.received = 0, 0, 0, 0
		events, err := e.Poll(0)
		if err != nil || len(events) != 1 {
			t.Fatalf("Poll = %v, %v", events, err)
		}
		events[0].To.Complete(events[0].Ev)
		if h.receives != 1 || h.received > readSize {
			t.Errorf("%d receives of %d bytes with one event", h.receives, h.received)
		}
		if h.sends < 2 || h.sends > sendRounds || h.sent >= sendMost+2*len(h.piece) {
			t.Errorf("%d gathered writes of %d bytes with one event", h.sends, h.sent)
		}
	}
}
