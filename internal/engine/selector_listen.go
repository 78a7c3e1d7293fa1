package engine

import (
	"github.com/go-asyncio/asyncio/internal/sock"
)

// listener is a listening socket over readiness.
type listener struct {
	source
	accepting bool
	backlog   int
	h         ListenHandler
}

// Listener implements Engine.
func (e *SelectorEngine) Listener(fd uintptr, h ListenHandler) (Listener, error) {
	l := &listener{source: source{e: e, fd: fd}, h: h}
	if err := e.claim(fd, l); err != nil {
		return nil, err
	}
	return l, nil
}

// Complete accepts until nobody waits, or as many as may be in one pass.
func (l *listener) Complete(uint64) {
	for range l.backlog {
		if !l.accepting {
			break
		}
		var peer sock.Addr
		fd, err := sock.AcceptFrom(l.fd, &peer)
		switch {
		case err == nil:
			l.h.Accepted(fd, peer)
		case sock.WouldBlock(err):
			return
		case sock.Disconnected(err): // that one gave up; the next may not have
		default:
			l.accepting = false
			l.h.AcceptFailed(err)
		}
	}
	if !l.accepting {
		_ = l.want(0, l)
	}
}

// StartAccepting implements Listener.
func (l *listener) StartAccepting(backlog int) error {
	if l.closed {
		return ErrClosed
	}
	l.backlog = max(backlog, 1)
	l.accepting = true
	err := l.want(Read, l)
	if err != nil {
		l.accepting = false
	}
	return err
}

// StopAccepting implements Listener.
func (l *listener) StopAccepting() {
	l.accepting = false
	_ = l.want(0, l)
}

// Close implements Listener.
func (l *listener) Close() error {
	if l.closed {
		return nil
	}
	l.accepting = false
	l.release()
	return sock.Close(l.fd)
}

func (l *listener) owner() any { return l.h }

func (l *listener) abandon() { _ = l.Close() }
