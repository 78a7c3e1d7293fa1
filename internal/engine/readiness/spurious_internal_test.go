package readiness

import (
	"net/netip"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// noise is a handler that must hear of nothing.
type noise struct {
	*testing.T
	out  []byte
	went bool // the system had room after all
}

func (n *noise) ReadBuffer() ([]byte, bool)          { return make([]byte, 10), true }
func (n *noise) Received(p []byte)                   { n.Errorf("received %q", p) }
func (n *noise) ReadEOF()                            { n.Error("an end") }
func (n *noise) ReadFailed(err error)                { n.Errorf("reading failed: %v", err) }
func (n *noise) Outgoing(vec [][]byte) [][]byte      { return append(vec, n.out) }
func (n *noise) Unsent(rest []byte, err error)       { n.Errorf("unsent: %d, %v", len(rest), err) }
func (n *noise) Accepted(fd uintptr, peer sock.Addr) { n.Errorf("accepted %d, %v", fd, peer) }
func (n *noise) AcceptFailed(err error)              { n.Errorf("accepting failed: %v", err) }

func (n *noise) Sent(k int, err error) {
	if n.went = true; k == 0 || err != nil {
		n.Errorf("sent %d, %v", k, err)
	}
}

// TestSpuriousEvents: a selector may say at any time that anything is ready. Nobody
// hears of a try that would block.
func TestSpuriousEvents(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, err := New(openDefault(t))
	must(err)
	defer e.Close()
	fd, _ := tcpPair(t)
	h := &noise{T: t, out: make([]byte, 1<<20)}
	s, err := e.Stream(fd, h)
	must(err)
	lie := func(what any) {
		t.Helper()
		for _, m := range []engine.Mask{engine.Read, engine.Write, engine.Read | engine.Write} {
			what.(engine.Completer).Complete(uint64(m))
		}
		if _, err := e.Poll(0); err != nil {
			t.Fatal(err)
		}
	}
	lie(s) // new
	must(s.StartReading())
	lie(s)
	s.UseReadBuffer(true)
	lie(s)
	s.StopReading()
	lie(s)
	// Until nothing more goes. The system may have moved something on by the next try.
	for deadline := time.Now().Add(10 * time.Second); ; {
		h.went = false
		must(s.Send())
		if lie(s); !h.went {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the system takes everything")
		}
	}
	must(s.StartReading())
	lie(s)
	s.StopSending()
	lie(s)
	must(s.Close())
	lie(s)

	lfd, err := sock.Open(sock.Inet4, sock.Stream)
	must(err)
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	must(err)
	must(sock.Bind(lfd, a))
	must(sock.Listen(lfd, 5))
	l, err := e.Listener(lfd, h)
	must(err)
	lie(l)
	must(l.StartAccepting(5))
	lie(l)
	l.StopAccepting()
	lie(l)
	must(l.Close())
	lie(l)
}
