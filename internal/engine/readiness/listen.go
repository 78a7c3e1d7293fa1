package readiness

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// listener is a listening socket over readiness.
type listener struct {
	source
	accepting bool
	backlog   int
	h         engine.ListenHandler
	accept    func(fd uintptr, from *sock.Addr) (uintptr, error) // sock.AcceptFrom, or a test's
}

// Listener implements engine.Engine.
func (e *Engine) Listener(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
	l := &listener{source: source{e: e, fd: fd}, h: h, accept: sock.AcceptFrom}
	if err := e.claim(fd, l); err != nil {
		return nil, err
	}
	system.Hold(fd)
	return l, nil
}

// Complete accepts until nobody waits, or as many as may be in one pass.
func (l *listener) Complete(uint64) {
	for n := range l.backlog + 1 {
		if !l.accepting {
			break
		}
		// Those of this turn are claimed by their user later.
		if err := l.e.room(n); err != nil {
			if n == 0 {
				l.fail(err)
			}
			break
		}
		var peer sock.Addr
		fd, err := l.accept(l.fd, &peer)
		if err == nil {
			if err = l.e.fits(fd); err != nil {
				_ = sock.Close(fd)
			}
		}
		switch {
		case err == nil:
			l.h.Accepted(fd, peer)
		case sock.WouldBlock(err):
			return
		case sock.Disconnected(err): // that one gave up; the next may not have
		default:
			l.fail(err)
		}
	}
	if !l.accepting {
		_ = l.want(0, l)
	}
}

// fail ends the accepting with an error.
func (l *listener) fail(err error) {
	l.accepting = false
	l.h.AcceptFailed(err)
}

// StartAccepting implements engine.Listener.
func (l *listener) StartAccepting(backlog int) error {
	if l.closed {
		return engine.ErrClosed
	}
	l.backlog = max(backlog, 0)
	l.accepting = true
	err := l.want(engine.Read, l)
	if err != nil {
		l.accepting = false
	}
	return err
}

// StopAccepting implements engine.Listener.
func (l *listener) StopAccepting() {
	l.accepting = false
	_ = l.want(0, l)
}

// Close implements engine.Listener.
func (l *listener) Close() error {
	if l.closed {
		return nil
	}
	l.accepting = false
	l.release()
	return system.Sockets{}.Close(l.fd)
}

func (l *listener) owner() any { return l.h }

func (l *listener) abandon() { _ = l.Close() }
