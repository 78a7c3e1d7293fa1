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

func (k *serverSocket) close() error {
	k.retry.Cancel()
	if err := k.listener.Close(); err != nil {
		return fmt.Errorf("%v: %w", k.addr, err)
	}
	return nil
}

func (k *serverSocket) String() string {
	return fmt.Sprintf("<Server socket fd=%d, address=%v>", k.listener.FD(), k.addr)
}

// Accepted implements engine.ListenHandler. Each connection is set up in a step
// of its own, so that one that fails leaves the others alone. The server counts
// it from now on: it is served even if the server is closed before its step, unless
// its clients are ended, too.
func (k *serverSocket) Accepted(fd uintptr, peer sock.Addr) {
	l := k.server.loop
	if !peer.IsValid() {
		// A system that does not say whom it has accepted knows it as long as the
		// connection stands. Who is gone by now has given up while it waited.
		var err error
		if peer, err = l.eng.Sockets().RemoteAddr(fd); err != nil {
			_ = l.eng.Sockets().Close(fd)
			return
		}
	}
	k.server.attach()
	a := &accepted{server: k.server, fd: fd, peer: peer, local: k.addr}
	l.netState.accepted.add(a)
	l.schedule(a, 0)
	if l.debug.Load() {
		l.logger().Debug(fmt.Sprintf("%v got a new connection from %v: fd=%d", k.server, peer, fd))
	}
}

// accepted is a connection that waits to be set up.
type accepted struct {
	server     *Server
	fd         uintptr
	peer       sock.Addr
	local      sock.Addr // where the server listens
	dropped    bool
	prev, next *accepted // in loopNet
}

func (a *accepted) callbackName() string { return fmt.Sprintf("set up connection from %v", a.peer) }

// Complete sets the connection up.
func (a *accepted) Complete(uint64) {
	if a.dropped {
		return
	}
	var p Protocol
	err := ErrGoexit // should the factory not return
	defer func() {
		if err != nil {
			a.failed(p, err)
		}
	}()
	if p, err = makeProtocol(a.server.loop, a.server.factory); err == nil && !a.dropped {
		err = a.setUp(p)
	}
}

// failed is the end of a connection that could not be set up. All is in order again
// before anybody is told.
func (a *accepted) failed(p Protocol, err error) {
	l := a.server.loop
	closed := a.drop()
	l.handleExit(err, ExceptionContext{Message: "Error on transport creation for incoming connection", Protocol: p})
	if closed != nil {
		l.logger().Debug(fmt.Sprintf("close of fd=%d: %v", a.fd, closed))
	}
}

// setUp makes the transport, which has the descriptor then.
func (a *accepted) setUp(p Protocol) error {
	s := a.server
	l := s.loop
	if s.keepAlive {
		_ = l.eng.Sockets().SetOption(a.fd, engine.KeepAlive, 1) // as with NoDelay
	}
	t, err := newStreamTransport(l, a.fd, p, s, a.peer, nil)
	if err != nil {
		return err
	}
	if !t.local.IsValid() { // as some systems have it once the peer has gone
		t.local = a.local
	}
	l.netState.accepted.remove(a)
	return nil
}

// drop closes the connection, of which nobody has heard.
func (a *accepted) drop() error {
	if a.dropped {
		return nil
	}
	a.dropped = true
	l := a.server.loop
	l.netState.accepted.remove(a)
	err := l.eng.Sockets().Close(a.fd)
	a.server.detach()
	return err
}

// AcceptFailed implements engine.ListenHandler. There is nowhere to send the
// error but the exception handler. Accepting rests for a while: most systems go
// on to report the socket, and the loop would spin.
func (k *serverSocket) AcceptFailed(err error) {
	l := k.server.loop
	if !k.server.closed.Load() {
		k.retry = l.scheduleAt(addTime(l.now(), acceptRetryDelay), (*acceptAgain)(k), 0)
	}
	message := "socket.accept() failed"
	if sock.OutOfDescriptors(err) {
		message = "socket.accept() out of system resource"
	}
	l.handle(ExceptionContext{
		Message: message, Err: err,
		Extra: map[string]any{"socket": k.String(), "pause": acceptRetryDelay},
	})
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

// makeProtocol calls a user's factory. If that leaves by Goexit, makeProtocol does not
// return either.
func makeProtocol(l *baseLoop, factory func() Protocol) (p Protocol, err error) {
	if err = l.guard(func() { p = factory() }); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, invalid("protocol factory", "the protocol is nil")
	}
	return p, nil
}
