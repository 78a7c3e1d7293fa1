package asyncio

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// What tests see of the inside is here, and is all they see. A loop's goroutine asks, or
// nobody runs the loop.

// DefaultHighWater is where a transport's protocol is told to pause.
const DefaultHighWater = transport.DefaultHighWater

// The errors of the system that tests wait for.
var (
	ErrAddrInUse        = listen.AddrInUse
	ErrAddrNotAvailable = listen.AddrNotAvailable
	ErrConnRefused      = errConnRefused
	ErrConnReset        = errConnReset
)

// Combine is what becomes of the errors of several attempts.
func Combine(errs []error) error { return combine("test", errs, false) }

// LoopOn makes a loop over an engine.
func LoopOn(e engine.Engine) EventLoop {
	l := &SelectorEventLoop{}
	l.init(e, l, nil)
	return l
}

// Engine is what the loop stands on.
func Engine(l EventLoop) engine.Engine { return l.base().eng }

// SetEngine puts another engine under a loop that has not run yet; what wakes the loop
// stays the former's.
func SetEngine(l EventLoop, e engine.Engine) { l.base().eng = e }

// ResolverOf is who the loop asks for addresses, nil for the system.
func ResolverOf(l EventLoop) netaddr.Resolver { return l.base().lookups.resolver }

// SetResolver has the loop ask another one.
func SetResolver(l EventLoop, r netaddr.Resolver) { l.base().lookups.resolver = r }

// OnLoop tells whether the loop's goroutine asks.
func OnLoop(l EventLoop) bool { return l.base().onLoop() }

// IdleCoroutines is how many coroutines of the loop wait for work. Loop only.
func IdleCoroutines(l EventLoop) int { return l.base().core.Pool.Idle() }

// SignalCame has the loop hear of a signal as if one had come.
func SignalCame(l EventLoop, sig syscall.Signal) { l.base().signals.Signal(sig) }

// Transports are those of the loop that are not over.
func Transports(l EventLoop) (all []Transport) {
	for t := range l.base().transports.open.All() {
		all = append(all, t)
	}
	return all
}

// TransportsOf are those of a server.
func TransportsOf(s *Server) (all []Transport) {
	for _, t := range s.loop.transports.of(s) {
		all = append(all, t)
	}
	return all
}

// ProtocolOf is a transport's, set up or not.
func ProtocolOf(t Transport) Protocol { return t.(*streamTransport).protocol() }

// Accepted tells whether a connection waits to be set up.
func Accepted(l EventLoop) bool { return l.base().transports.waiting.First() != nil }

// Active is how many connections a server counts.
func Active(s *Server) int { return s.Connections() }

// Served tells whether ServeForever runs.
func Served(s *Server) bool { return s.forever != nil }

// Awaiting is how many wait for a server's end.
func Awaiting(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended.Len()
}

// Acceptor is what a server has of its first socket.
func Acceptor(s *Server) *listen.Acceptor { return s.acceptors[0] }

// StartServing begins to serve with another backlog than the server was made with.
func StartServing(s *Server, backlog int) error {
	s.backlog = backlog
	return s.start()
}

// AcceptIdle is an accept that the loop hears of while it does not run.
func AcceptIdle(s *Server, fd uintptr) {
	s.loop.ifOwner(func() { s.acceptors[0].Accepted(fd, sock.Addr{}) })
}

// NewTransport makes a transport; made is called when its protocol is connected.
func NewTransport(l EventLoop, fd uintptr, p Protocol, remote sock.Addr, made func()) (Transport, error) {
	var done engine.Completer
	if made != nil {
		done = callback(made)
	}
	t, err := newStreamTransport(l.base(), fd, p, nil, remote, done)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// NewPipe makes the transport of a pipe that is written, or read; made is called when its
// protocol is connected.
func NewPipe(l EventLoop, fd uintptr, written bool, p Protocol, made func()) (Transport, error) {
	open := newReadPipe
	if written {
		open = newWritePipe
	}
	t, err := open(l.base(), fd, p, callback(made))
	if err != nil {
		return nil, err
	}
	return t, nil
}

// StreamOf is what a transport has of its engine.
func StreamOf(t Transport) engine.Stream { return t.(*streamTransport).core.Engine() }

// Sending tells whether a transport has what was not written yet.
func Sending(t Transport) bool { return t.(*streamTransport).core.Sending() }

// LostWrites is how many writes went nowhere because the connection was lost.
func LostWrites(t Transport) int { return t.(*streamTransport).core.LateWrites() }

// LateSends is how many datagrams went nowhere because the endpoint was lost.
func LateSends(t DatagramTransport) int { return t.(*datagramTransport).core.LateSends() }

// DatagramOf is what an endpoint has of its engine.
func DatagramOf(t DatagramTransport) engine.Datagram { return t.(*datagramTransport).core.Engine() }

// RemoteOf is the address that a transport was made for.
func RemoteOf(t Transport) sock.Addr { return t.(*streamTransport).ends.Remote() }

// Connect is the first half of CreateConnection: a connected socket.
func Connect(ctx context.Context, l EventLoop, network, addr string) (fd uintptr, peer sock.Addr, err error) {
	target, err := parseTCP("test", network, addr)
	if err != nil {
		return 0, peer, err
	}
	return l.base().dial(ctx, "test", target, ConnectionOptions{})
}

// Connected is the second half: a protocol on it.
func Connected(ctx context.Context, l EventLoop, fd uintptr, peer sock.Addr, factory func() Protocol) (Transport, error) {
	c, err := l.base().connected(ctx, "test", fd, peer, factory, nil)
	if err != nil {
		return nil, err
	}
	return c.transport, nil
}

// PlainChildren has the loop notice the ends of its children as where the system gives no
// descriptor for it.
func PlainChildren(l EventLoop) { l.base().subprocesses.plain = true }

// StartHere has the loop start children in the pass that asks for it.
func StartHere(l EventLoop) { l.base().subprocesses.here = true }

// SetKill replaces what a signal to a child of the loop's does.
func SetKill(l EventLoop, f func(os.Signal) error) { l.base().subprocesses.kill = f }

// Children are those of the loop that are not over.
func Children(l EventLoop) (all []SubprocessTransport) {
	for s := range l.base().subprocesses.open.All() {
		all = append(all, s.child.(*subprocessTransport))
	}
	return all
}

// Reaped tells whether a child has ended, also if the loop has not heard of it; it is reaped
// then.
func Reaped(t SubprocessTransport) bool {
	_, ended := t.(*subprocessTransport).proc.Reap()
	return ended
}

// NoticedBy says how the end of a child is noticed.
func NoticedBy(t SubprocessTransport) string { return t.(*subprocessTransport).proc.By() }

// Race is a race of attempts, of which those that fail by an error of the system leave
// it to the next.
type Race[T any] struct {
	Loop     EventLoop
	Delay    time.Duration
	Attempts []func(context.Context) (T, error)
	Discard  func(T)
}

// Run runs the race.
func (r *Race[T]) Run(ctx context.Context) (value T, winner int, errs []error, err error) {
	inner := staggered[T]{loop: r.Loop.base(), delay: r.Delay, attempts: r.Attempts, retryable: isSystemError, drop: r.Discard}
	return inner.run(ctx)
}
