package simulated

import (
	"hash/crc64"
	"slices"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// What a unix socket for datagrams takes, as on Linux.
const (
	mostUnixgrams   = 11 // that wait to be received
	longestUnixgram = 212960
)

// unixgrams is what a unix socket for datagrams has that one of UDP does not: who sends to it
// waits for room.
type unixgrams struct {
	unixPeer *socket   // whom it is connected to
	fans     []*socket // who is connected to it
	full     *socket   // who had no room for what it was to send
	waiters  []*socket // who waits so for this one
	over     bool      // it is closed
}

// crowded reports whether there is no room for one more.
func (g *grams) crowded() bool { return g.count >= mostUnixgrams }

// writable reports whether it is worth while to send.
func (g *grams) writable() bool {
	return g.full == nil && (g.unixPeer == nil || g.unixPeer.grams.over || !g.unixPeer.grams.crowded())
}

// hasRoom tells those who wait for room.
func (g *grams) hasRoom() {
	waiters := g.waiters
	g.waiters = nil
	for _, w := range waiters {
		w.grams.full = nil
		w.changed()
	}
	for _, f := range g.fans {
		f.changed()
	}
}

// part ends what it has to do with others.
func (g *grams) part(s *socket) {
	g.over = true
	g.leavePeer(s)
	if g.full != nil {
		f := g.full.grams
		f.waiters = slices.DeleteFunc(f.waiters, func(w *socket) bool { return w == s })
		g.full = nil
	}
	g.hasRoom() // they find out
	g.fans = nil
}

// leavePeer ends a connection.
func (g *grams) leavePeer(s *socket) {
	if p := g.unixPeer; p != nil {
		p.grams.fans = slices.DeleteFunc(p.grams.fans, func(f *socket) bool { return f == s })
		g.unixPeer = nil
	}
}

// unixgramAt is the socket for datagrams of a name.
func (s *socket) unixgramAt(a sock.Addr) (*socket, error) {
	if a.Family() != sock.Unix {
		return nil, errInvalid
	}
	p := s.host.names[a.Path()]
	switch {
	case p == nil && !abstract(a.Path()):
		return nil, errNoFile
	case p == nil || p.socket == nil:
		return nil, errRefused
	case p.socket.grams == nil:
		return nil, errKind
	}
	return p.socket, nil
}

// hears reports whether a socket takes what another sends.
func (g *grams) hears(from *socket) bool { return g.unixPeer == nil || g.unixPeer == from }

// connectUnixgram connects a unix socket for datagrams.
func (s *socket) connectUnixgram(a sock.Addr) error {
	to, err := s.unixgramAt(a)
	if err != nil {
		return err
	}
	if !to.grams.hears(s) {
		return errPermission
	}
	g := s.grams
	g.leavePeer(s)
	g.unixPeer, g.remote = to, a
	to.grams.fans = append(to.grams.fans, s)
	s.changed()
	return nil
}

// sendUnixgram is sendGram for a unix socket: at once, or not as long as there is no room.
func (s *socket) sendUnixgram(p []byte, a sock.Addr) error {
	g := s.grams
	to := g.unixPeer
	if a.IsValid() {
		var err error
		if to, err = s.unixgramAt(a); err != nil {
			return err
		}
	}
	switch {
	case to == nil:
		return errNotOpen
	case to.grams.over:
		return errRefused
	case !to.grams.hears(s):
		return errPermission
	case len(p) > longestUnixgram:
		return errTooLong
	case to.grams.crowded():
		if g.full == nil {
			g.full = to
			to.grams.waiters = append(to.grams.waiters, s)
		}
		return errAgain
	}
	n := s.host.network
	m := n.message(p)
	m.at, m.dest = s.host, s.host
	if s.named != nil {
		m.sender = s.local
	}
	if n.told != nil {
		n.ids++
		m.id = n.ids
		if len(p) > 0 {
			m.sum = crc64.Checksum(p, sums)
		}
		m.label = "unix " + s.localAddr().String() + " > " + to.localAddr().String()
		n.tellOfMessage("send", m, s.host, s.host, "")
		n.tellOfMessage("arrive", m, s.host, s.host, "")
	}
	to.grams.push(to, m)
	return nil
}
