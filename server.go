package asyncio

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/listen"
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

	serving atomic.Bool
	closed  atomic.Bool

	// Loop only.
	started bool
	files   []*serverFile // of unix sockets
	keeps   bool          // them, when it is closed
	active  int           // connections that are not over
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

// attach counts a connection in, from the moment at which it is accepted.
func (s *Server) attach() { s.active++ }

// detach counts a connection out.
func (s *Server) detach() {
	s.active--
	s.settle()
}

// settle tells those who wait, if all is over.
func (s *Server) settle() {
	if !s.closed.Load() || s.active > 0 {
		return
	}
	s.mu.Lock()
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
