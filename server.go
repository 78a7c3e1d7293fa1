package asyncio

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// ErrServerClosed: the server is closed. It is a net.ErrClosed.
// (RuntimeError "server is closed")
var ErrServerClosed = fmt.Errorf("server is closed: %w", net.ErrClosed)

// Server is what CreateServer makes: sockets that a loop accepts connections
// on, and the connections that came through them. (asyncio.Server)
//
// Close stops accepting and leaves the connections alone; CloseClients and
// AbortClients end them; WaitClosed waits until all is over. These and the
// questions may be called from any goroutine: what changes something takes
// effect at once on the loop's own goroutine and as soon as the loop gets to it
// from another.
type Server struct {
	loop      *baseLoop
	factory   func() Protocol
	backlog   int
	keepAlive bool
	layered   func(Protocol) Protocol // the protocol of what is nearest to the socket
	acceptors []*listen.Acceptor
	assign    func() *Server
	receiver  listen.Receiver

	serving atomic.Bool
	closed  atomic.Bool
	active  atomic.Int64 // connections that are not over

	// Loop only.
	started bool
	files   []*serverFile // of unix sockets
	keeps   bool          // them, when it is closed
	forever *Future[struct{}]

	mu    sync.Mutex
	over  bool      // closed, and the last connection has gone
	ended list.List // of *Future[struct{}]: who waits for that
}

// onLoop runs f at once if the caller owns the loop, else as soon as the loop gets to it.
func (s *Server) onLoop(f func()) {
	if !s.loop.ifOwner(f) {
		s.loop.post(callback(f), 0)
	}
}

// GetLoop returns the loop that the server belongs to. Any goroutine may call
// it. (Server.get_loop)
func (s *Server) GetLoop() EventLoop { return s.loop.self }

// IsServing reports whether the server accepts connections. Any goroutine may
// call it. (Server.is_serving)
func (s *Server) IsServing() bool { return s.serving.Load() }

// Addrs returns the addresses that the server listens on, none once it is
// closed. Any goroutine may call it. (Server.sockets)
func (s *Server) Addrs() []net.Addr {
	if s.closed.Load() {
		return nil
	}
	addrs := make([]net.Addr, len(s.acceptors))
	for i, a := range s.acceptors {
		addrs[i] = a.Addr().NetAddr(sock.Stream)
	}
	return addrs
}

// Sockets returns the descriptors that the server listens on, for information;
// none once it is closed. Any goroutine may call it. (Server.sockets)
func (s *Server) Sockets() []uintptr {
	if s.closed.Load() {
		return nil
	}
	fds := make([]uintptr, len(s.acceptors))
	for i, a := range s.acceptors {
		fds[i] = a.FD()
	}
	return fds
}

// String describes the server by its addresses.
func (s *Server) String() string {
	var b strings.Builder
	b.WriteString("<Server")
	if s.closed.Load() {
		b.WriteString(" closed")
	}
	for _, a := range s.Addrs() {
		b.WriteString(" " + a.String())
	}
	return b.String() + ">"
}

// start begins to listen and to accept. Loop only.
func (s *Server) start() error {
	if s.closed.Load() {
		return ErrServerClosed
	}
	if s.started {
		return nil
	}
	s.started = true
	for _, a := range s.acceptors {
		if err := a.Start(s.backlog); err != nil {
			s.close()
			return err
		}
	}
	s.serving.Store(true)
	return nil
}

// Close stops accepting. Connections stay; those that were accepted and not yet
// set up are set up. It ends ServeForever with a cancellation. Closing again is
// harmless. Any goroutine may call it. (Server.close)
func (s *Server) Close() { s.onLoop(s.close) }

// close is Close on the loop.
func (s *Server) close() {
	if s.closed.Swap(true) {
		return
	}
	s.serving.Store(false)
	stays := s.removeFiles() // while the sockets are open nobody takes the files for abandoned
	var failed []error
	for _, a := range s.acceptors {
		failed = append(failed, a.Close())
	}
	if s.forever != nil {
		s.forever.Cancel()
		s.forever = nil
	}
	s.settle()
	if err := errors.Join(failed...); err != nil { // last: a logger may not return
		s.loop.logger().Debug(fmt.Sprintf("close of listening sockets: %v", err))
	}
	if stays != nil {
		s.loop.logger().Error(stays.Error())
	}
}

// removeFiles removes the files that are still the server's, and returns what stays, and
// why.
func (s *Server) removeFiles() error {
	var failed []error
	for _, f := range s.files {
		if s.keeps {
			break
		}
		failed = append(failed, s.loop.transports.removeFile(f))
	}
	s.files = nil
	return errors.Join(failed...)
}

// Connections returns how many connections the server has: from the moment at which one
// is accepted until it is over. Any goroutine may call it.
func (s *Server) Connections() int { return int(s.active.Load()) }

// attach counts a connection in, from the moment at which it is accepted.
func (s *Server) attach() { s.active.Add(1) }

// detach counts a connection out. Any goroutine may call it.
func (s *Server) detach() {
	if s.active.Add(-1) == 0 {
		s.settle()
	}
}

// settle tells those who wait, if all is over.
func (s *Server) settle() {
	if !s.closed.Load() {
		return
	}
	s.mu.Lock()
	if s.active.Load() > 0 {
		s.mu.Unlock()
		return
	}
	s.over = true
	var ended []*Future[struct{}]
	for e := s.ended.Front(); e != nil; e = s.ended.Front() {
		ended = append(ended, s.ended.Remove(e).(*Future[struct{}]))
	}
	s.mu.Unlock()
	for _, f := range ended {
		_ = f.SetResult(struct{}{}) // one that was cancelled is done already
	}
}

// WaitClosed waits until the server is closed and the last of its connections
// has gone. It suspends or blocks: any goroutine. (Server.wait_closed)
func (s *Server) WaitClosed(ctx context.Context) error {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return nil
	}
	f := newFuture[struct{}](s.loop)
	place := s.ended.PushBack(f)
	s.mu.Unlock()
	defer func() { // also of a wait that is cancelled or unwound
		s.mu.Lock()
		s.ended.Remove(place) // nothing is done if settle was first
		s.mu.Unlock()
	}()
	_, err := f.Await(ctx)
	if err != nil {
		return opError("WaitClosed", err)
	}
	return nil
}

// ServerOptions changes how CreateServer listens. The zero value is the
// default. (the keyword arguments of create_server)
type ServerOptions struct {
	// Addresses are more addresses to listen on. Repetitions count once, and one that
	// this machine does not have is passed over, unless it is so with all of them.
	Addresses []string
	// Sock is a bound stream socket to listen on; then network and address stay
	// empty. Zero is none. It is the call's from its start, and then the server's: a
	// call that fails closes it, as with ConnectionOptions.Sock, and leaves
	// alone what is left alone there. (sock)
	Sock uintptr
	// Listener is a listener to use, like Sock: the server gets a duplicate of
	// its descriptor, and the original is the caller's to close. So is the file of a
	// unix listener.
	Listener net.Listener

	// Backlog is how many connections may wait to be accepted, and how many are
	// accepted in one pass of the loop. Zero: 100. (backlog)
	Backlog int
	// NoReuseAddress leaves SO_REUSEADDR off, which is set otherwise, except on
	// Windows. (reuse_address)
	NoReuseAddress bool
	// ReusePort lets several sockets listen on one address, if all of them say
	// so. ErrInvalidArgument where the system cannot. (reuse_port)
	ReusePort bool
	// KeepAlive has idle connections probed. It is set on the sockets that listen, too.
	// (keep_alive)
	KeepAlive bool
	// DeferServing makes the server, but has it accept nothing before
	// StartServing or ServeForever. (start_serving=False)
	DeferServing bool

	// Assign, if it is not nil, is asked for each connection that is accepted, and returns
	// the server that it is to be one of, which may be another loop's; nil is this one. That
	// server counts it at once and sets it up on its own loop. One that is closed, or of a
	// loop that is, gets none: the connection stays here. Assign is called on the loop; a
	// connection for which it panics is closed, and the exception handler hears of that. On a
	// simulated loop Assign and Assigned are errors.ErrUnsupported.
	Assign func() *Server
	// Assigned makes a server that listens on nothing: it has what other servers assign to
	// it. Network and address stay empty, and StartServing has nothing to do.
	Assigned bool

	// KeepSocketFile leaves the file of a unix socket where it is when the server is
	// closed. Otherwise the file that the server has made is removed then, and that of
	// Sock, unless another one has come in its place. (cleanup_socket=False)
	KeepSocketFile bool

	// TLS makes the server one of TLS. A protocol meets its transport when the handshake
	// is done; a client with which there is none is told of in the log. (ssl)
	TLS *tls.Config
	// TLSHandshakeTimeout bounds the handshake; zero: 60 s. Only with TLS.
	// (ssl_handshake_timeout)
	TLSHandshakeTimeout time.Duration
	// TLSShutdownTimeout bounds the closing of TLS; zero: 30 s. Only with TLS.
	// (ssl_shutdown_timeout)
	TLSShutdownTimeout time.Duration
	// TLSStrictEnd makes an end of the connection that the peer has not announced, by
	// close_notify, an io.ErrUnexpectedEOF: something may be missing. Otherwise it is an end
	// of stream as another one. Only with TLS. (suppress_ragged_eofs=False)
	TLSStrictEnd bool
	// TLSExecutor works with the private keys of the configuration, so that many new clients
	// do not hold up the loop. nil: the loop does that itself. Only with TLS.
	TLSExecutor Executor
}

// defaultBacklog is the backlog of a server that says none.
const defaultBacklog = 100

// check finds what contradicts itself in a server's arguments.
func (o *ServerOptions) check(op, network string) error {
	switch {
	case network == netaddr.Unix && o.ReusePort:
		return invalid(op, "ReusePort is for TCP: a unix socket has no port")
	case network == netaddr.Unix && o.KeepAlive:
		return invalid(op, "KeepAlive is for TCP: the system sees at once that the peer of a unix socket has gone")
	case network != netaddr.Unix && o.KeepSocketFile:
		return invalid(op, "KeepSocketFile is for unix sockets, and the network is %q", network)
	case o.Sock != 0 && o.Listener != nil:
		return invalid(op, "Sock and Listener can not be specified at the same time")
	case o.Backlog < 0:
		return invalid(op, "a backlog of %d", o.Backlog)
	}
	return nil
}
