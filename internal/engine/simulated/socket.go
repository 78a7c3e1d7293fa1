package simulated

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// firstDescriptor is the first number of a simulated socket: none that a system gives out,
// so that one that is taken for the other is noticed.
const firstDescriptor = 1 << 20

// socket is a socket of a host's. With the network's lock held, all of it.
type socket struct {
	host     *Host
	fd       uintptr
	family   sock.Family
	typ      sock.Type
	protocol protocol
	source   *source // what of an engine's has it, or nil
	held     bool    // a Stream, a Listener or somebody who has taken it has it

	bound     binding
	local     sock.Addr
	named     *pathName // of a unix socket, or nil
	reuseAddr bool
	reusePort bool
	v6only    bool
	keepAlive bool
	abrupt    bool // Close ends a connection by a reset

	end   *end   // of a connection, or nil
	grams *grams // of a socket for datagrams, or nil

	listening bool
	backlog   int
	asked     int    // connections that are not made yet
	queue     []*end // those that are, and not accepted
}

// open makes a socket.
func (h *Host) open(family sock.Family, typ sock.Type) *socket {
	n := h.network
	n.last++
	s := &socket{host: h, fd: n.last, family: family, typ: typ}
	if typ == sock.Datagram {
		s.protocol, s.grams = udp, newGrams()
	}
	n.sockets[s.fd] = s
	h.sockets++
	return s
}

// localAddr is the socket's own address: that of none, if it has none.
func (s *socket) localAddr() sock.Addr {
	switch {
	case s.local.IsValid():
		return s.local
	case s.family == sock.Unix:
		return unnamed
	}
	return addrOf(netip.AddrPortFrom(wildcard(s.family), 0), s.family)
}

// readiness is what the socket is ready for.
func (s *socket) readiness() (m engine.Mask) {
	switch {
	case s.grams != nil:
		m = s.grams.readiness()
	case s.listening:
		if len(s.queue) > 0 {
			m = engine.Read
		}
	case s.end != nil:
		if s.end.state != opening && s.end.readable() || s.end.dead {
			m = engine.Read
		}
		if s.end.writable() {
			m |= engine.Write
		}
	}
	return m
}

// changed has the engine look at the socket if that is ready for what is wanted of it.
func (s *socket) changed() {
	if o := s.source; o != nil && !o.queued && o.want != 0 && s.readiness()&o.want != 0 {
		o.queued = true
		o.e.ready = append(o.e.ready, o)
		o.e.host.network.driver.Ready(o.e)
	}
}

// close closes the socket: nobody knows its number any more.
func (s *socket) close() {
	s.vanish()
	if e := s.end; e != nil {
		e.socket = nil
		if s.abrupt {
			e.abort()
		} else {
			e.close()
		}
	}
	for _, e := range s.queue {
		e.abort()
	}
	s.queue = nil
}

// vanish has the socket be none of its host's.
func (s *socket) vanish() {
	delete(s.host.network.sockets, s.fd)
	s.host.sockets--
	if s.source != nil {
		s.source.gone()
	}
	s.held = false
	if s.grams != nil {
		s.grams.end(s)
	}
	s.leave()
	s.unname()
	s.listening = false
}

// socket is the one of a number, or says what else that is.
func (h *Host) socket(fd uintptr) (*socket, error) {
	n := h.network
	s := n.sockets[fd]
	switch {
	case s != nil && s.host == h:
		return s, nil
	case s != nil:
		return nil, fmt.Errorf("%w: descriptor %d is none of simulated host %q%s: it is one of host %q", errors.ErrUnsupported, fd, h.name, h.caller(), s.host.name)
	case fd >= firstDescriptor && fd <= n.last:
		return nil, errDescriptor // it was closed
	}
	return nil, fmt.Errorf("%w: descriptor %d is none of simulated host %q%s: files, pipes and sockets of the system cannot be used here; "+
		"open sockets through the host's loop", errors.ErrUnsupported, fd, h.name, h.caller())
}

// caller says at which line of the program an error comes, if that is known.
func (h *Host) caller() string {
	if g, ok := h.network.driver.(Guard); ok {
		return ", at " + g.Caller()
	}
	return ""
}
