package asyncio

import (
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// serverOutside is the server as its acceptors see it.
type serverOutside Server

// Accepted implements listen.Outside. The server counts the connection from now on.
func (o *serverOutside) Accepted(c *listen.Conn) {
	s := (*Server)(o)
	s.attach()
	s.loop.schedule((*connSetUp)(c), 0)
	if s.loop.GetDebug() {
		s.loop.logger().Debug(fmt.Sprintf("%v got a new connection from %v: fd=%d", s, c.Peer, c.FD))
	}
}

// connSetUp is a connection that waits to be set up, as work of the loop's.
type connSetUp listen.Conn

// Complete implements engine.Completer.
func (c *connSetUp) Complete(uint64) { (*listen.Conn)(c).SetUp() }

// callbackName names the step in reports.
func (c *connSetUp) callbackName() string { return fmt.Sprintf("set up connection from %v", c.Peer) }

// SetUp implements listen.Outside.
func (o *serverOutside) SetUp(c *listen.Conn) (any, error) {
	s := (*Server)(o)
	p, err := makeProtocol(s.loop, s.factory)
	switch {
	case err != nil:
		return nil, err
	case c.Dropped():
		return p, nil
	}
	if s.keepAlive {
		_ = s.loop.eng.Sockets().SetOption(c.FD, engine.KeepAlive, 1) // as with NoDelay
	}
	t, err := newStreamTransport(s.loop, c.FD, s.layered(p), s, c.Peer, nil)
	if err != nil {
		return p, err
	}
	if !t.ends.Local().IsValid() { // as some systems have it once the peer has gone
		t.ends.SetLocal(c.Local())
	}
	return p, nil
}

// Dropped implements listen.Outside.
func (o *serverOutside) Dropped(*listen.Conn) { (*Server)(o).detach() }

// NotSetUp implements listen.Outside.
func (o *serverOutside) NotSetUp(c *listen.Conn, protocol any, err, closed error) {
	if err == nil {
		err = ErrGoexit
	}
	o.loop.reportExit(err, ExceptionContext{Message: "Error on transport creation for incoming connection", Protocol: protocol})
	if closed != nil {
		o.loop.logger().Debug(fmt.Sprintf("close of fd=%d: %v", c.FD, closed))
	}
}

// AcceptFailed implements listen.Outside. There is nowhere to send the error but the
// exception handler.
func (o *serverOutside) AcceptFailed(a *listen.Acceptor, err error) {
	message := "socket.accept() failed"
	if sock.OutOfDescriptors(err) {
		message = "socket.accept() out of system resource"
	}
	o.loop.report(ExceptionContext{
		Message: message, Err: err,
		Extra: map[string]any{"socket": a.String(), "pause": listen.RetryDelay},
	})
}

// After implements listen.Outside.
func (o *serverOutside) After(d time.Duration, a *listen.Acceptor) listen.Timer {
	return o.loop.scheduleAt(o.loop.core.Later(d), (*acceptAgain)(a), 0)
}

// acceptAgain is the end of an acceptor's rest, as work of the loop's.
type acceptAgain listen.Acceptor

// Complete implements engine.Completer.
func (a *acceptAgain) Complete(uint64) { (*listen.Acceptor)(a).Again() }
