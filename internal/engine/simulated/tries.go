package simulated

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// read is a try to read a stream.
func (s *socket) read(p []byte) (int, error) {
	if s.grams != nil {
		n, _, err := s.receiveGram(p)
		return n, err
	}
	if s.end == nil || s.end.state == opening && !s.end.dead {
		return 0, errNotOpen
	}
	return s.end.readInto(p)
}

// waiting is how many bytes a read could bring.
func (s *socket) waiting() int {
	if s.end == nil {
		return 0
	}
	return s.end.unread
}

// write is a try to write a stream.
func (s *socket) write(p []byte, more [][]byte) (int, error) {
	if s.end == nil {
		return 0, errNotOpen
	}
	return s.end.take(p, more)
}

// shutdown ends the writing of a stream.
func (s *socket) shutdown() error {
	if s.end == nil || s.end.state == opening || s.end.dead {
		return errNotOpen
	}
	s.end.shutdown()
	return nil
}

// listen has the socket wait for connections, or for as many as it says now.
func (s *socket) listen(backlog int) error {
	switch {
	case s.typ != sock.Stream:
		return errOperation
	case s.end != nil:
		return errInvalid
	case s.family == sock.Unix && s.named == nil:
		return errInvalid
	}
	if s.family != sock.Unix && !s.listening {
		if err := s.bindFor(wildcard(s.family)); err != nil {
			return err
		}
		if s.host.listened(s) {
			return errInUse
		}
	}
	s.listening = true
	s.backlog = min(max(backlog, 0), s.host.stack.Backlog)
	s.host.note("listen", s.local.String())
	return nil
}

// note tells of something at the host.
func (h *Host) note(what, text string) {
	if n := h.network; n.told != nil {
		n.tell(Happening{Host: h.name, What: what, Text: text})
	}
}

// accept is a try to take a connection that waits.
func (s *socket) accept() (*socket, error) {
	switch {
	case !s.listening:
		return nil, errInvalid
	case len(s.queue) == 0:
		return nil, errAgain
	}
	e := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	k := s.host.open(s.family, s.typ)
	k.local, k.end, k.keepAlive = e.local, e, s.keepAlive
	e.socket, e.listener = k, nil
	e.watchIdle()
	e.note("accept")
	return k, nil
}

// connectTo begins to connect.
func (s *socket) connectTo(a sock.Addr) error {
	switch {
	case s.listening:
		return errInvalid
	case s.end != nil && s.end.state == opening && !s.end.dead:
		return errConnecting
	case s.end != nil:
		return errOpenAlready
	case s.grams != nil:
		return s.connectGram(a)
	case s.family == sock.Unix:
		return s.connectUnix(a)
	case a.Family() != s.family:
		return errFamily
	}
	p := pointOf(a)
	return s.connect(p.Addr(), p.Port())
}

// FamilyOf implements engine.Tries.
func (k sockets) FamilyOf(fd uintptr) (family sock.Family, err error) {
	err = k.with(fd, func(s *socket) error { family = s.family; return nil })
	return family, err
}

// Receive implements engine.Tries.
func (k sockets) Receive(fd uintptr, p []byte) (n int, err error) {
	err = k.with(fd, func(s *socket) error { n, err = s.read(p); return err })
	return n, err
}

// ReceiveFrom implements engine.Tries.
func (k sockets) ReceiveFrom(fd uintptr, p []byte) (n int, from sock.Addr, err error) {
	err = k.with(fd, func(s *socket) error {
		if s.grams != nil {
			n, from, err = s.receiveGram(p)
		} else {
			n, err = s.read(p)
		}
		return err
	})
	return n, from, err
}

// Send implements engine.Tries.
func (k sockets) Send(fd uintptr, p []byte) (n int, err error) {
	err = k.with(fd, func(s *socket) error {
		if s.grams != nil {
			n, err = s.tryGram(p, sock.Addr{})
		} else {
			n, err = s.write(p, nil)
		}
		return err
	})
	return n, err
}

// SendTo implements engine.Tries.
func (k sockets) SendTo(fd uintptr, p []byte, to sock.Addr) (n int, err error) {
	err = k.with(fd, func(s *socket) error {
		if s.grams == nil {
			return errOperation
		}
		n, err = s.tryGram(p, to)
		return err
	})
	return n, err
}

// Sendfile implements engine.Tries: see that of a stream.
func (k sockets) Sendfile(fd uintptr, f engine.File, offset, n int64) (int, error) {
	return 0, fmt.Errorf("%w: a simulated socket sends no file of the system's", errors.ErrUnsupported)
}

// Accept implements engine.Tries.
func (k sockets) Accept(fd uintptr) (accepted uintptr, peer sock.Addr, err error) {
	accepted = sock.Invalid
	err = k.with(fd, func(s *socket) error {
		t, err := s.accept()
		if err == nil {
			t.held = true
			accepted, peer = t.fd, t.end.remote
		}
		return err
	})
	return accepted, peer, err
}

// Connect implements engine.Tries.
func (k sockets) Connect(fd uintptr, addr sock.Addr) error {
	return k.with(fd, func(s *socket) error { return s.connectTo(addr) })
}

// Connected implements engine.Tries.
func (k sockets) Connected(fd uintptr) error {
	return k.with(fd, func(s *socket) error {
		if s.end == nil {
			return nil
		}
		return s.connecting()
	})
}
