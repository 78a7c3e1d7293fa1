//go:build unix

package golden_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestDatagramsUnix needs a system that tells that nobody is there, which Windows does and
// Wine does not, and unix sockets of datagrams, which at some time take no more.
func TestDatagramsUnix(t *testing.T) {
	compareBy(t, playInTime, "datagrams_unix", []any{
		nobodyIsThere, afterARefusalItGoesOn,
		pausedAndResumed, pausedOnce, closedWithDatagramsQueued, abortedWithDatagramsQueued,
		closedAndThenAborted, aLowerMarkPausesAtOnce, sentOutOfResumed,
	})
}

// gone is a socket that is connected elsewhere: it refuses others, as if it were not there.
func (s *stage) gone() *asyncio.Socket {
	s.needsSystem("sockets")
	gone, err := asyncio.NewSocket("udp4", here)
	s.must(err)
	s.connects(gone, testkit.NewUDPPeer(s.t).LocalAddr())
	return gone
}

// connects connects a socket of datagrams, which is done at once.
func (s *stage) connects(c *asyncio.Socket, to net.Addr) {
	addr, err := sock.AddrOf(to)
	s.must(err)
	s.must(sock.Connect(c.FD(), addr))
}

func nobodyIsThere(ctx context.Context, s *stage) error {
	gone := s.gone()
	client := s.connectedTo(ctx, "client", gone.LocalAddr())
	client.send("anybody?", nil)
	client.until(ctx, 2)
	s.out("closing", client.transport.IsClosing())
	client.send("anybody now?", nil)
	client.until(ctx, 3)
	s.ends(ctx, client)
	s.closes(gone)
	return nil
}

func afterARefusalItGoesOn(ctx context.Context, s *stage) error {
	gone := s.gone()
	client := s.connectedTo(ctx, "client", gone.LocalAddr())
	client.send("anybody?", nil)
	client.until(ctx, 2)
	s.connects(gone, client.transport.LocalAddr())
	_, err := sock.SendTo(gone.FD(), []byte("now I am"), sock.Addr{})
	s.must(err)
	client.until(ctx, 3)
	s.ends(ctx, client)
	s.closes(gone)
	return nil
}

// slow is an endpoint that is connected to a socket that nobody reads.
type slow struct {
	endpoint
	sent int // how many datagrams
	peer *asyncio.Socket
}

// datagramSize is how long each datagram is.
const datagramSize = 2000

func (s *stage) slow(ctx context.Context) *slow {
	s.needsSystem("sockets")
	path := testkit.SocketPath(s.t)
	peer, err := asyncio.SocketFromFD(testkit.BoundUnix(s.t, path, sock.Datagram))
	s.must(err)
	p := &slow{endpoint: endpoint{witness: s.witness("one")}, peer: peer}
	s.endpointOf(ctx, &p.endpoint, asyncio.DatagramOptions{Network: "unixgram", RemoteAddress: path})
	return p
}

// sends sends one datagram, which begins with its number.
func (p *slow) sends() {
	p.stage.must(p.transport.SendTo(fmt.Appendf(nil, "%-*d", datagramSize, p.sent), net.Addr(nil)))
	p.sent++
}

// paused sends until the protocol is told to pause, which it is at once.
func (p *slow) paused() {
	for p.events < 2 && p.sent < 100_000 {
		p.sends()
	}
}

// read reads all that has been sent from the first on, and returns whether it came in order.
func (p *slow) read(ctx context.Context, first int) bool {
	last := p.sent
	inOrder := true
	for want := first; want < last; want++ {
		data, err := p.stage.loop.SockRecv(ctx, p.peer, datagramSize)
		p.stage.must(err)
		got, err := strconv.Atoi(strings.TrimRight(string(data), " "))
		inOrder = inOrder && err == nil && got == want
	}
	return inOrder
}

func pausedAndResumed(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.paused()
	s.out("buffered", p.transport.GetWriteBufferSize() > 0)
	inOrder := p.read(ctx, 0)
	p.until(ctx, 3)
	s.out("all came in order", inOrder)
	s.out("buffered", p.transport.GetWriteBufferSize())
	s.must(p.transport.Close())
	p.until(ctx, 4)
	s.closes(p.peer)
	return nil
}

func pausedOnce(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.paused()
	for range 5 {
		p.sends()
	}
	s.out("five more")
	inOrder := p.read(ctx, 0)
	p.until(ctx, 3)
	s.out("all came in order", inOrder)
	p.transport.Abort()
	p.until(ctx, 4)
	s.closes(p.peer)
	return nil
}

func closedWithDatagramsQueued(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.paused()
	s.must(p.transport.Close())
	s.out("closing", p.transport.IsClosing())
	s.must(ticks(ctx, 0))
	s.must(ticks(ctx, 0))
	s.out("still there")
	inOrder := p.read(ctx, 0)
	p.until(ctx, 4)
	s.out("all came in order", inOrder)
	s.closes(p.peer)
	return nil
}

func abortedWithDatagramsQueued(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.paused()
	p.transport.Abort()
	s.out("closing", p.transport.IsClosing())
	s.soon(s.say("a pass later"))
	p.until(ctx, 3)
	s.must(ticks(ctx, 0))
	s.closes(p.peer)
	return nil
}

func closedAndThenAborted(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.paused()
	s.must(p.transport.Close())
	s.must(ticks(ctx, 0))
	p.transport.Abort()
	s.soon(s.say("a pass later"))
	p.until(ctx, 3)
	s.must(ticks(ctx, 0))
	s.closes(p.peer)
	return nil
}

func aLowerMarkPausesAtOnce(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	s.must(p.transport.SetWriteBufferLimits(1<<20, -1))
	for p.transport.GetWriteBufferSize() < 100_000 && p.sent < 100_000 {
		p.sends()
	}
	s.out("not yet")
	s.must(p.transport.SetWriteBufferLimits(50_000, 0))
	low, high := p.transport.GetWriteBufferLimits()
	s.out(low, high)
	inOrder := p.read(ctx, 0)
	p.until(ctx, 3)
	s.out("all came in order", inOrder)
	s.must(p.transport.Close())
	p.until(ctx, 4)
	s.closes(p.peer)
	return nil
}

func sentOutOfResumed(ctx context.Context, s *stage) error {
	p := s.slow(ctx)
	p.on["resumed"] = func() {
		p.sends()
		s.out("one", "sent more")
	}
	p.paused()
	sent := p.sent
	var inOrder bool
	reading := s.task(func(ctx context.Context) (any, error) {
		inOrder = p.read(ctx, 0)
		return nil, nil
	})
	p.until(ctx, 3)
	s.wait(ctx, reading)
	s.out("all came in order", inOrder)
	clear(p.on)
	s.out("what was sent then came", p.read(ctx, sent))
	s.must(p.transport.Close())
	p.until(ctx, 4)
	s.closes(p.peer)
	return nil
}
