package asyncio_test

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// sockRow is a row about sockets without transports, in a coroutine, over each mechanism.
func sockRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	netRow(t, row, func(n *netTest) { n.run(func(ctx context.Context) { f(ctx, n) }) })
}

// sockSweep is sockRow for a sweep, which a simulated loop is put through, too.
func sockSweep(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	sweepRow(t, row, func(n *netTest) { n.run(func(ctx context.Context) { f(ctx, n) }) })
}

// acceptedPair returns two Sockets that are connected by the loop's own calls, made by the task
// that runs.
func (n *netTest) acceptedPair() (a, b *asyncio.Socket) {
	n.Helper()
	listening := n.listening()
	a = n.newSocket("tcp4", "")
	must(n, n.l.SockConnect(context.Background(), a, listening.LocalAddr().String()))
	b, _, err := n.l.SockAccept(context.Background(), listening)
	must(n, err)
	n.Cleanup(func() { n.check(b.Close()) })
	must(n, listening.Close())
	return a, b
}

// newSocket makes a Socket that is closed at the end of the test.
func (n *netTest) newSocket(network, address string) *asyncio.Socket {
	n.Helper()
	s, err := asyncio.NewSocket(network, address)
	must(n, err)
	n.Cleanup(func() { n.check(s.Close()) })
	return s
}

// connected returns a Socket and its peer, which Go has.
func (n *netTest) connected(ctx context.Context) (*asyncio.Socket, *net.TCPConn) {
	n.Helper()
	peer, err := net.Listen("tcp4", "127.0.0.1:0")
	must(n, err)
	defer peer.Close()
	s := n.newSocket("tcp4", "")
	must(n, n.l.SockConnect(ctx, s, peer.Addr().String()))
	c, err := peer.Accept()
	must(n, err)
	n.Cleanup(func() { c.Close() })
	return s, c.(*net.TCPConn)
}

// listening returns a Socket that takes connections.
func (n *netTest) listening() *asyncio.Socket {
	n.Helper()
	s := n.newSocket("tcp4", "127.0.0.1:0")
	must(n, s.Listen(0))
	return s
}

// pairOfSockets returns two Sockets that are connected to each other.
func (n *netTest) pairOfSockets() (a, b *asyncio.Socket) {
	n.Helper()
	if asyncio.IsSimulated(n.l) {
		return n.acceptedPair()
	}
	x, y, err := sock.Pair()
	must(n, err)
	for i, fd := range []uintptr{x, y} {
		s, err := asyncio.SocketFromFD(fd)
		must(n, err)
		n.Cleanup(func() { n.check(s.Close()) })
		if i == 0 {
			a = s
		} else {
			b = s
		}
	}
	return a, b
}

// receiveAll receives until so many bytes have come.
func (n *netTest) receiveAll(ctx context.Context, s *asyncio.Socket, size int) []byte {
	n.Helper()
	var got bytes.Buffer
	for got.Len() < size {
		p, err := n.l.SockRecv(ctx, s, size-got.Len())
		if err != nil {
			n.Errorf("after %d of %d bytes: %v", got.Len(), size, err)
			break
		}
		got.Write(p)
	}
	return got.Bytes()
}

// waits lets the loop turn until something waits for the socket to be ready.
func (n *netTest) waits(ctx context.Context, s *asyncio.Socket, for_ string) {
	n.Helper()
	n.until(ctx, "a call that waits for "+for_, func() bool { return n.interest(s.FD()) == for_ })
}

// unwatched fails the test if something is watched of the socket.
func (n *netTest) unwatched(s *asyncio.Socket) {
	n.Helper()
	if asyncio.IsSimulated(n.l) {
		return // its engine is nobody's to look at
	}
	want(n, "what is watched", n.interest(s.FD()), "")
}

// released fails the test if a call waits for the socket: nobody else could have its
// descriptor then.
func (n *netTest) released(s *asyncio.Socket) {
	n.Helper()
	must(n, n.l.AddReader(s.FD(), func() {}))
	_, err := n.l.RemoveReader(s.FD())
	must(n, err)
	n.unwatched(s)
}

// recordedSockets counts what is made and closed, and can have a try block.
type recordedSockets struct {
	system.Sockets
	blocked error // what says so

	mu     sync.Mutex
	blocks map[string]int // how often the next tries of a name block
	tries  []string
	open   []uintptr // accepted, and not closed
}

// record puts recordedSockets under the loop, which must not have run yet.
func (n *netTest) record() *recordedSockets {
	n.Helper()
	r := &recordedSockets{blocks: map[string]int{}}
	fd, err := r.Sockets.Open(sock.Inet4, sock.Datagram)
	must(n, err)
	own, err := sock.AddrOf(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(n, err)
	must(n, r.Sockets.Bind(fd, own))
	_, r.blocked = r.Sockets.Receive(fd, make([]byte, 1))
	must(n, r.Sockets.Close(fd))
	n.script().sockets = r
	return r
}

// try notes a try and reports whether it is to block.
func (r *recordedSockets) try(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, name)
	r.blocks[name]--
	return r.blocks[name] >= 0
}

func (r *recordedSockets) SendTo(fd uintptr, p []byte, to sock.Addr) (int, error) {
	if r.try("SendTo") {
		return 0, r.blocked
	}
	return r.Sockets.SendTo(fd, p, to)
}

func (r *recordedSockets) Accept(fd uintptr) (uintptr, sock.Addr, error) {
	if r.try("Accept") {
		return sock.Invalid, sock.Addr{}, r.blocked
	}
	c, peer, err := r.Sockets.Accept(fd)
	if err == nil {
		r.mu.Lock()
		r.open = append(r.open, c)
		r.mu.Unlock()
	}
	return c, peer, err
}

func (r *recordedSockets) Close(fd uintptr) error {
	r.mu.Lock()
	r.open = slices.DeleteFunc(r.open, func(o uintptr) bool { return o == fd })
	r.mu.Unlock()
	return r.Sockets.Close(fd)
}

// left is how many sockets were accepted and not closed.
func (r *recordedSockets) left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}
