package completion

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// listener is a listening socket over completion.
type listener struct {
	e       *Engine
	fd      uintptr
	h       engine.ListenHandler
	accept  func(fd uintptr, from *sock.Addr) (uintptr, error) // sock.AcceptFrom, or a test's
	op      proactors.Operation
	peer    sock.RawAddr // where the system puts that of the next one
	got     []incoming   // accepted and not told of yet
	backlog int
	pass    uint64 // in which
	told    int    // as many were told of

	accepting bool
	armed     bool
	waking    bool
	closed    bool
}

// incoming is a connection that was accepted. Whose it is the system says when it accepts:
// it does not know any more when the peer has gone.
type incoming struct {
	fd   uintptr
	peer sock.Addr
}

// Listener implements engine.Engine.
func (e *Engine) Listener(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
	l := &listener{e: e, fd: fd, h: h, accept: sock.AcceptFrom}
	if err := e.claim(fd, l); err != nil {
		return nil, err
	}
	system.Hold(fd)
	l.op.To = l
	return l, nil
}

// Complete tells of a connection, or keeps it, and takes all that wait behind it: each
// operation brings one, and has room for one address.
func (l *listener) Complete(ev uint64) {
	c := proactors.FromEv(ev)
	l.armed = false
	err := c.Err()
	if err == nil {
		fd := l.e.p.Accepted(c)
		if l.closed {
			_ = sock.Close(fd)
			return
		}
		l.got = append(l.got, incoming{fd, sock.DecodePadded(l.peer.B[:])})
	}
	if !l.accepting {
		return
	}
	if err != nil && !c.Cancelled() && !sock.Disconnected(err) {
		l.accepting = false
		l.h.AcceptFailed(err)
		return
	}
	l.takeMore()
	if err := l.arm(); err != nil {
		l.accepting = false
		l.h.AcceptFailed(err)
		return
	}
	l.tell()
}

// takeMore accepts who waits, as many as may be told of in this pass.
func (l *listener) takeMore() {
	for len(l.got) < l.room() {
		var c incoming
		var err error
		if c.fd, err = l.accept(l.fd, &c.peer); err == nil {
			l.got = append(l.got, c)
		} else if !sock.Disconnected(err) { // that one gave up; the next may not have
			return // nobody waits; if it is something else the operation says so, too
		}
	}
}

// room is how many more may be told of in this pass.
func (l *listener) room() int {
	if l.pass != l.e.polls {
		l.pass, l.told = l.e.polls, 0
	}
	return l.backlog + 1 - l.told
}

// tell hands over connections, as many as may be in one pass.
func (l *listener) tell() {
	for l.accepting && len(l.got) > 0 {
		if l.room() <= 0 {
			l.wakeUp()
			return
		}
		if len(l.got) > 1 {
			l.wakeUp() // should the handler not return
		}
		c := l.got[0]
		l.got = l.got[1:]
		l.told++
		l.h.Accepted(c.fd, c.peer)
	}
	if len(l.got) == 0 {
		l.got = nil
	}
}

func (l *listener) wakeUp() {
	if !l.waking {
		l.waking = true
		l.e.later((*waiting)(l))
	}
}

// waiting is the listener as what hears that there is another pass.
type waiting listener

func (w *waiting) Complete(uint64) {
	l := (*listener)(w)
	l.waking = false
	l.tell()
}

func (l *listener) arm() error {
	err := l.e.submit(&l.op, proactors.Request{Kind: proactors.Accept, FD: l.fd, Addr: l.peer.B[:]})
	l.armed = err == nil
	return err
}

// StartAccepting implements engine.Listener.
func (l *listener) StartAccepting(backlog int) error {
	if l.closed || l.e.closed {
		return engine.ErrClosed
	}
	l.backlog = max(backlog, 0)
	l.accepting = true
	if len(l.got) > 0 {
		l.wakeUp()
	}
	if l.armed {
		return nil
	}
	err := l.arm()
	if err != nil {
		l.accepting = false
	}
	return err
}

// StopAccepting implements engine.Listener.
func (l *listener) StopAccepting() {
	l.accepting = false
	if !l.closed && !l.e.closed {
		l.e.p.Cancel(&l.op)
	}
}

// Close implements engine.Listener.
func (l *listener) Close() error {
	if l.closed {
		return nil
	}
	l.StopAccepting()
	l.closed = true
	for _, c := range l.got {
		_ = sock.Close(c.fd)
	}
	l.got = nil
	if !l.e.closed {
		l.e.forget(l.fd)
	}
	return l.e.closeNow(l.fd)
}

// FD implements engine.Listener.
func (l *listener) FD() uintptr { return l.fd }

func (l *listener) owner() any { return l.h }

func (l *listener) interest() engine.Mask {
	if l.accepting {
		return engine.Read
	}
	return 0
}

func (l *listener) abandon() { _ = l.Close() }
