package simulated

import (
	"github.com/go-asyncio/asyncio/internal/engine"
)

// listener is a listening socket of an engine's.
type listener struct {
	source
	backlog int
	h       engine.ListenHandler
}

// Listener implements engine.Engine.
func (e *Engine) Listener(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
	if err := e.lock(); err != nil {
		return nil, err
	}
	defer e.unlock()
	l := &listener{h: h}
	if err := e.claim(fd, l, &l.source); err != nil {
		return nil, err
	}
	l.s.held = true
	return l, nil
}

// Complete accepts until nobody waits, or as many as may be in one pass.
func (l *listener) Complete(uint64) {
	for range l.backlog + 1 {
		if l.lock() != nil {
			return
		}
		if l.want == 0 {
			l.e.unlock()
			return
		}
		s, err := l.s.accept()
		if err != nil && err != errAgain {
			l.want = 0
		}
		l.e.unlock()
		switch {
		case err == nil:
			l.h.Accepted(s.fd, s.end.remote)
		case err == errAgain:
			return
		default:
			l.h.AcceptFailed(err)
			return
		}
	}
}

// StartAccepting implements engine.Listener.
func (l *listener) StartAccepting(backlog int) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.e.unlock()
	l.backlog = max(backlog, 0)
	l.wants(engine.Read)
	return nil
}

// StopAccepting implements engine.Listener.
func (l *listener) StopAccepting() {
	if l.lock() == nil {
		l.want = 0
		l.e.unlock()
	}
}

// Close implements engine.Listener.
func (l *listener) Close() error {
	l.h = nil
	return l.close()
}

func (l *listener) owner() any        { return l.h }
func (l *listener) found(engine.Mask) {}

func (l *listener) abandon(s *socket) {
	l.h = nil
	s.close()
}
