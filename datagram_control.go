package asyncio

import (
	"fmt"
	"net"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// SendTo implements DatagramTransport.
func (t *datagramTransport) SendTo(p []byte, addr net.Addr) error {
	if core := &t.loop.core; !core.QuicklyInBody() && !core.Here() { // neither a callback of the loop's nor a coroutine
		return t.sendElsewhere(p, addr)
	}
	return t.send(p, addr)
}

// sendElsewhere is SendTo while the loop does not run, or where it is refused.
func (t *datagramTransport) sendElsewhere(p []byte, addr net.Addr) (err error) {
	if failed := t.control("SendTo", func() { err = t.send(p, addr) }); failed != nil {
		return failed
	}
	return err
}

// send is SendTo of the loop's owner.
func (t *datagramTransport) send(p []byte, addr net.Addr) error {
	to, err := t.destination(addr)
	if err != nil {
		return err
	}
	switch err := t.core.Send(p, to); err {
	case nil:
		return nil
	case transport.ErrLost:
		t.loop.noteLateWrite(t.core.LateSends(), t.core.Released(), lateWriteToSocket, t)
		return opError("SendTo", net.ErrClosed)
	default:
		return opError("SendTo", err)
	}
}

// destination is whom the system is to send to: the zero Addr on a connected socket.
func (t *datagramTransport) destination(addr net.Addr) (sock.Addr, error) {
	if addr == nil {
		switch {
		case t.remote.IsValid():
			return sock.Addr{}, nil
		case t.only.IsValid():
			return t.only, nil
		}
		return sock.Addr{}, invalid("SendTo", "the address is nil, and the endpoint has no remote address to send to")
	}
	to, known := sock.Addr{}, false
	if t.user != nil { // mostly it is an answer
		to, known = t.user.peers.Answered(addr)
	}
	var err error
	if !known || to.Family() != t.family {
		to, err = t.addressOf(addr)
	}
	switch {
	case err != nil:
		return sock.Addr{}, err
	case !t.only.IsValid():
		return to, nil
	case to != t.only:
		return sock.Addr{}, invalid("SendTo", "the address %v: it must be nil or %v, the remote address of the endpoint", addr, t.only)
	case t.remote.IsValid():
		return sock.Addr{}, nil
	}
	return to, nil
}

// addressOf is the address in the form that the socket takes.
func (t *datagramTransport) addressOf(addr net.Addr) (sock.Addr, error) {
	wrong := func(why any) (sock.Addr, error) {
		return sock.Addr{}, invalid("SendTo", "the address %v of type %T: %v", addr, addr, why)
	}
	switch addr.(type) {
	case *net.UDPAddr:
	case *net.UnixAddr:
	default:
		return wrong("a *net.UDPAddr or a *net.UnixAddr is wanted")
	}
	to, err := sock.AddrOf(addr)
	if err != nil {
		return sock.Addr{}, fmt.Errorf("asyncio: SendTo: %w: the address is a %T: %w", ErrInvalidArgument, addr, err)
	}
	if t.family == 0 {
		return to, nil
	}
	to, ok := to.In(t.family)
	if !ok {
		return wrong(fmt.Sprintf("the socket takes addresses of family %v", t.family))
	}
	return to, nil
}

// control runs f as the loop's owner, for methods that change the transport.
func (t *datagramTransport) control(op string, f func()) error { return t.loop.control(op, f) }

// Close implements DatagramTransport.
func (t *datagramTransport) Close() error { return t.control("Transport.Close", t.core.Close) }

// Abort implements DatagramTransport. It has no error to return, so that from another
// goroutine it goes to the loop instead of being refused.
func (t *datagramTransport) Abort() { t.loop.ownerOrLater(func() { t.core.Abort(nil) }) }

// IsClosing implements DatagramTransport.
func (t *datagramTransport) IsClosing() bool { return t.core.Closing() }

// SetProtocol implements DatagramTransport.
func (t *datagramTransport) SetProtocol(p DatagramProtocol) error {
	if p == nil {
		return invalid("SetProtocol", "the protocol is nil")
	}
	return t.control("SetProtocol", func() {
		if t.user != nil {
			t.user.adopt(p)
		}
	})
}

// GetProtocol implements DatagramTransport.
func (t *datagramTransport) GetProtocol() DatagramProtocol {
	if t.user == nil {
		return nil
	}
	return t.user.protocol
}

// GetWriteBufferSize implements DatagramTransport.
func (t *datagramTransport) GetWriteBufferSize() int { return t.core.Size() }

// GetWriteBufferLimits implements DatagramTransport.
func (t *datagramTransport) GetWriteBufferLimits() (low, high int) { return t.core.Limits() }

// SetWriteBufferLimits implements DatagramTransport.
func (t *datagramTransport) SetWriteBufferLimits(high, low int) error {
	return t.loop.setLimits(high, low, t.core.SetLimits)
}

// JoinGroup implements DatagramTransport.
func (t *datagramTransport) JoinGroup(g MulticastGroup) error {
	return t.membership("JoinGroup", g, t.loop.eng.Sockets().JoinGroup)
}

// LeaveGroup implements DatagramTransport.
func (t *datagramTransport) LeaveGroup(g MulticastGroup) error {
	return t.membership("LeaveGroup", g, t.loop.eng.Sockets().LeaveGroup)
}

// membership changes what the socket is a member of.
func (t *datagramTransport) membership(op string, g MulticastGroup, change func(fd uintptr, group sock.Addr, iface int) error) error {
	parsed, err := g.parse(op)
	if err != nil {
		return err
	}
	if parsed.addr.Family() != t.family {
		return invalid(op, "the multicast group %v is not of the address family %v of the socket", g.Addr, t.family)
	}
	failed := t.control(op, func() {
		if t.core.Closing() {
			err = net.ErrClosed // the descriptor may be somebody else's
			return
		}
		err = change(t.core.FD(), parsed.addr, parsed.iface)
	})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return opError(op, err)
	}
	return nil
}
