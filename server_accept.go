package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// serverSocket is one listening socket of a server.
type serverSocket struct {
	server   *Server
	listener engine.Listener
	addr     sock.Addr
	retry    TimerHandle
}

// start makes the socket listen and accept.
func (k *serverSocket) start() error {
	s := k.server
	if err := s.loop.eng.Sockets().Listen(k.listener.FD(), s.backlog); err != nil {
		return fmt.Errorf("listen on %v: %w", k.addr, err)
	}
	return k.listener.StartAccepting(s.backlog)
}

func (k *serverSocket) close() {
	k.retry.Cancel()
	if err := k.listener.Close(); err != nil {
		k.server.loop.logger().Debug(fmt.Sprintf("close of listening socket %v: %v", k.addr, err))
	}
}

func (k *serverSocket) String() string {
	return fmt.Sprintf("<Server socket fd=%d, address=%v>", k.listener.FD(), k.addr)
}

// Accepted implements engine.ListenHandler. Each connection is set up in a step
// of its own, so that one that fails leaves the others alone. The server counts
// it from now on: it is served even if the server is closed before its step.
func (k *serverSocket) Accepted(fd uintptr, peer sock.Addr) {
	l := k.server.loop
	k.server.attach()
	if l.debug.Load() {
		l.logger().Debug(fmt.Sprintf("%v got a new connection from %v: fd=%d", k.server, peer, fd))
	}
	a := &accepted{k.server, fd, peer}
	if l.netState.accepted == nil {
		l.netState.accepted = make(map[*accepted]struct{})
	}
	l.netState.accepted[a] = struct{}{}
	l.schedule(a, 0)
}

// accepted is a connection that waits to be set up.
type accepted struct {
	server *Server
	fd     uintptr
	peer   sock.Addr
}

func (a *accepted) callbackName() string { return fmt.Sprintf("set up connection from %v", a.peer) }

func (a *accepted) Complete(uint64) {
	s := a.server
	l := s.loop
	delete(l.netState.accepted, a)
	p, err := makeProtocol(l, s.factory)
	if err == nil {
		if s.keepAlive {
			_ = l.eng.Sockets().SetOption(a.fd, engine.KeepAlive, true) // as with NoDelay
		}
		if _, err = newStreamTransport(l, a.fd, p, s, a.peer, nil); err == nil {
			return
		}
	}
	l.handle(ExceptionContext{
		Message: "Error on transport creation for incoming connection", Err: err, Protocol: p,
	})
	if err := l.eng.Sockets().Close(a.fd); err != nil {
		l.logger().Debug(fmt.Sprintf("close of fd=%d: %v", a.fd, err))
	}
	s.detach()
}

// AcceptFailed implements engine.ListenHandler. There is nowhere to send the
// error but the exception handler. Accepting rests for a while: most systems go
// on to report the socket, and the loop would spin.
func (k *serverSocket) AcceptFailed(err error) {
	l := k.server.loop
	message := "socket.accept() failed"
	if sock.OutOfDescriptors(err) {
		message = "socket.accept() out of system resource"
	}
	l.handle(ExceptionContext{
		Message: message, Err: err,
		Extra: map[string]any{"socket": k.String(), "pause": acceptRetryDelay},
	})
	if !k.server.closed.Load() {
		k.retry = l.scheduleAt(addTime(l.now(), acceptRetryDelay), (*acceptAgain)(k), 0)
	}
}

// acceptAgain ends the rest.
type acceptAgain serverSocket

func (a *acceptAgain) Complete(uint64) {
	k := (*serverSocket)(a)
	if k.server.closed.Load() {
		return
	}
	if err := k.listener.StartAccepting(k.server.backlog); err != nil {
		k.AcceptFailed(err)
	}
}

// makeProtocol calls a user's factory.
func makeProtocol(l *baseLoop, factory func() Protocol) (p Protocol, err error) {
	if err = l.guard(func() { p = factory() }); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, invalid("protocol factory", "the protocol is nil")
	}
	return p, nil
}
