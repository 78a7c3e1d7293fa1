package listen

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Acceptor is one listening socket of a server.
type Acceptor struct {
	to       *Receiver
	listener engine.Listener
	addr     sock.Addr
	backlog  int
	retry    Timer // not nil while accepting rests
	closed   bool
}

// NewAcceptor makes the acceptor of a bound socket, which is the acceptor's from then on
// and is closed if there is an error. What it accepts comes to a receiver.
func NewAcceptor(to *Receiver, eng engine.Engine, fd uintptr) (*Acceptor, error) {
	a := &Acceptor{to: to}
	var err error
	if a.addr, err = to.Sockets.LocalAddr(fd); err == nil {
		a.listener, err = eng.Listener(fd, a)
	}
	if err != nil {
		_ = to.Sockets.Close(fd)
		return nil, err
	}
	return a, nil
}

// Start makes the socket listen and accept, up to one more than backlog in one pass.
func (a *Acceptor) Start(backlog int) error {
	a.backlog = backlog
	if err := a.to.Sockets.Listen(a.listener.FD(), backlog); err != nil {
		return fmt.Errorf("listen on %v: %w", a.addr, err)
	}
	return a.listener.StartAccepting(backlog)
}

// Close stops accepting. What is accepted goes on to wait.
func (a *Acceptor) Close() error {
	a.closed = true
	a.stopResting()
	if err := a.listener.Close(); err != nil {
		return fmt.Errorf("%v: %w", a.addr, err)
	}
	return nil
}

// FD is the descriptor, for information. It stays what it was after Close.
func (a *Acceptor) FD() uintptr { return a.listener.FD() }

// Addr is where the acceptor listens.
func (a *Acceptor) Addr() sock.Addr { return a.addr }

// Resting reports whether accepting has failed and goes on by itself.
func (a *Acceptor) Resting() bool { return a.retry != nil }

// String describes the acceptor.
func (a *Acceptor) String() string {
	return fmt.Sprintf("<Server socket fd=%d, address=%v>", a.listener.FD(), a.addr)
}

// Accepted implements engine.ListenHandler.
func (a *Acceptor) Accepted(fd uintptr, peer sock.Addr) {
	if !peer.IsValid() && a.addr.Family() == sock.Unix {
		peer = a.addr.Unnamed() // as clients of unix sockets are
	}
	if !peer.IsValid() {
		// A system that does not say whom it has accepted knows it as long as the
		// connection stands. Who is gone by now has given up while it waited.
		var err error
		if peer, err = a.to.Sockets.RemoteAddr(fd); err != nil {
			_ = a.to.Sockets.Close(fd)
			return
		}
	}
	c := &Conn{FD: fd, Peer: peer, at: a.to, local: a.addr}
	a.to.Waiting.list.PushBack(&c.place)
	a.to.Outside.Accepted(c)
}

// AcceptFailed implements engine.ListenHandler.
func (a *Acceptor) AcceptFailed(err error) {
	if !a.closed {
		a.stopResting()
		a.retry = a.to.Outside.After(RetryDelay, a)
	}
	a.to.Outside.AcceptFailed(a, err)
}

// Again ends a rest.
func (a *Acceptor) Again() {
	a.stopResting()
	if a.closed {
		return
	}
	if err := a.listener.StartAccepting(a.backlog); err != nil {
		a.AcceptFailed(err)
	}
}

// stopResting forgets the timer.
func (a *Acceptor) stopResting() {
	if a.retry != nil {
		a.retry.Cancel()
		a.retry = nil
	}
}
