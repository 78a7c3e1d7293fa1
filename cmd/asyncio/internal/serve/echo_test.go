package serve

import (
	"testing"

	"github.com/go-asyncio/asyncio"
)

// sink is a transport that takes all.
type sink struct {
	asyncio.UnimplementedTransport
	written, pauses, resumes int
}

func (s *sink) Write(p []byte) (int, error) { s.written += len(p); return len(p), nil }
func (s *sink) PauseReading() error         { s.pauses++; return nil }
func (s *sink) ResumeReading() error        { s.resumes++; return nil }

// TestEchoAllocatesNothing is not parallel: it counts all allocations there are.
func TestEchoAllocatesNothing(t *testing.T) {
	w, s := &worker{}, &sink{}
	e := newEcho(w).(*echo)
	e.ConnectionMade(s)
	message := make([]byte, 64)
	const rounds = 100
	if n := testing.AllocsPerRun(rounds, func() { e.DataReceived(message) }); n != 0 {
		t.Errorf("%v allocations per message", n)
	}
	if w.messages != rounds+1 || w.bytes != (rounds+1)*64 || s.written != (rounds+1)*64 {
		t.Errorf("%+v, %d written", w.counters, s.written)
	}
	e.PauseWriting()
	if s.pauses != 1 || s.resumes != 0 {
		t.Errorf("paused %d times, resumed %d", s.pauses, s.resumes)
	}
	e.ResumeWriting()
	if s.pauses != 1 || s.resumes != 1 {
		t.Errorf("paused %d times, resumed %d", s.pauses, s.resumes)
	}
	e.ConnectionLost(nil)
	if w.clients.n != 0 || w.accepted != 1 {
		t.Errorf("%d clients of %d", w.clients.n, w.accepted)
	}
}
