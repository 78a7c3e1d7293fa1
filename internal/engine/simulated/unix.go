package simulated

import (
	"fmt"
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// pathName is the name of a unix socket: a file of the host's, or, if it begins with '@', a
// name without one.
type pathName struct {
	host   *Host
	path   string
	life   int     // of the host's, in which it was made
	socket *socket // who has it; nil: a file that nobody has any more
}

// abstract reports whether a path is a name without a file.
func abstract(path string) bool { return strings.HasPrefix(path, "@") }

// bindUnix gives a unix socket its name. With replace it takes a file's that nobody has.
func (s *socket) bindUnix(a sock.Addr, replace bool) error {
	h, path := s.host, a.Path()
	switch {
	case s.named != nil || a.Family() != sock.Unix:
		return errInvalid
	}
	if path == "" {
		h.unnamed++
		path = fmt.Sprintf("@%05x", h.unnamed)
		var err error
		if a, err = sock.UnixAddr(path); err != nil {
			return err
		}
	}
	if old := h.names[path]; old != nil && (old.socket != nil || !replace) {
		return errInUse
	}
	s.named = &pathName{host: h, path: path, life: h.lives, socket: s}
	h.names[path] = s.named
	s.local = a
	return nil
}

// unname has nobody have the socket's name any more. A file stays.
func (s *socket) unname() {
	p := s.named
	if p == nil {
		return
	}
	s.named, p.socket = nil, nil
	if h := s.host; abstract(p.path) && h.names[p.path] == p {
		delete(h.names, p.path)
	}
}

// file is that of the socket's name, nil if it has none.
func (s *socket) file() engine.SocketFile {
	if p := s.named; p != nil && !abstract(p.path) && s.host.names[p.path] == p {
		return p
	}
	return nil
}

// Path implements engine.SocketFile.
func (p *pathName) Path() string { return p.path }

// Remove implements engine.SocketFile. A program that a crash has ended removes nothing, though
// it unwinds.
func (p *pathName) Remove() error {
	n := p.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := p.host; h.lives == p.life && h.names[p.path] == p {
		delete(h.names, p.path)
	}
	return nil
}

// connectUnix connects a unix socket, at once or not at all.
func (s *socket) connectUnix(a sock.Addr) error {
	h := s.host
	if a.Family() != sock.Unix {
		return errInvalid
	}
	p := h.names[a.Path()]
	switch {
	case p == nil && !abstract(a.Path()):
		return errNoFile
	case p == nil || p.socket == nil || !p.socket.listening:
		return errRefused
	case len(p.socket.queue) > p.socket.backlog:
		return errAgain
	}
	c := pair(s)
	l := p.socket
	c[0].remote, c[1].local = a, l.local
	c[0].local, c[1].remote = s.localAddr(), s.localAddr()
	l.queue = append(l.queue, &c[1])
	l.changed()
	s.changed()
	return nil
}

// pair makes a connection between two ends of one host that nothing disturbs; the other
// end is nobody's yet.
func pair(s *socket) *connection {
	c := new(connection)
	for i := range c {
		e, other := &c[i], &c[1-i]
		other.host = s.host
		e.host, e.peer, e.state = s.host, other, open
		e.local, e.remote = unnamed, unnamed
		e.out.begin(e, other, nil)
	}
	c[0].socket, s.end = s, &c[0]
	return c
}

// unnamed is the address of a unix socket that has no name.
var unnamed, _ = sock.UnixAddr("")
