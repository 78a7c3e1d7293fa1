package asyncio

import (
	"net"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// datagramTransport is an endpoint of datagrams, as its users and its loop have it: what it
// does is the core's, and here are the loop's words, addresses and checks of who calls.
type datagramTransport struct {
	open openTransport
	core transport.Datagram
	loop *baseLoop
	user *datagramUser // nil after the end

	typ           sock.Type
	family        sock.Family // 0 if the system does not tell
	local, remote sock.Addr   // remote: whom the socket is connected to
	only          sock.Addr   // whom alone one may send to
	limit         int         // of a datagram that is received
}

var _ DatagramTransport = (*datagramTransport)(nil)

// datagramSocket is a socket that is to become a transport.
type datagramSocket struct {
	fd     uintptr
	typ    sock.Type
	only   sock.Addr // whom alone one may send to, if it is not connected
	remote sock.Addr // whom it was connected to, if the system does not know any more
}

// newDatagramTransport makes the transport of a socket, which is the transport's
// from then on, and schedules its start: ConnectionMade, then receiving, then done. Loop
// only.
func newDatagramTransport(l *baseLoop, s datagramSocket, o *DatagramOptions, p DatagramProtocol, done engine.Completer) (*datagramTransport, error) {
	t := &datagramTransport{loop: l, typ: s.typ, only: s.only}
	sockets := l.eng.Sockets()
	t.local, _ = sockets.LocalAddr(s.fd)
	if remote, err := sockets.RemoteAddr(s.fd); err == nil {
		t.remote = remote
	} else {
		t.remote = s.remote
	}
	if t.remote.IsValid() {
		t.only = t.remote
	}
	t.family = t.local.Family()
	t.limit = o.maxSize(t.family)
	t.user = newDatagramUser(t, p)
	reports := t.family != sock.Unix && sockets.SetOption(s.fd, engine.RecvErr, 1) == nil
	if err := t.core.Init((*datagramOutside)(t), l.eng, s.fd, t.user, engine.DatagramOptions{
		MaxSize: t.limit, Coalesced: o.Coalesce, ErrorQueue: reports,
	}, &l.transports.packets); err != nil {
		return nil, err
	}
	t.open.discarded = t
	l.transports.others.PushBack(&t.open.place)
	t.core.Start()
	l.schedule(done, 0)
	return t, nil
}

// datagramUser is the user's protocol, as the core calls it.
type datagramUser struct {
	of       *datagramTransport
	protocol DatagramProtocol
	flow     FlowControl // the protocol, if it has that
	peers    netaddr.Peers
}

// newDatagramUser returns a protocol as the core calls it.
func newDatagramUser(t *datagramTransport, p DatagramProtocol) *datagramUser {
	u := &datagramUser{of: t, peers: netaddr.NewPeers(t.typ)}
	u.adopt(p)
	return u
}

// adopt makes p the protocol.
func (u *datagramUser) adopt(p DatagramProtocol) {
	u.protocol = p
	u.flow, _ = p.(FlowControl)
}

// PauseWriting implements transport.DatagramProtocol.
func (u *datagramUser) PauseWriting() {
	if u.flow != nil {
		u.flow.PauseWriting()
	}
}

// ResumeWriting implements transport.DatagramProtocol.
func (u *datagramUser) ResumeWriting() {
	if u.flow != nil {
		u.flow.ResumeWriting()
	}
}

// ConnectionLost implements transport.DatagramProtocol.
func (u *datagramUser) ConnectionLost(err error) { u.protocol.ConnectionLost(err) }

// DatagramReceived implements transport.DatagramProtocol. An empty message of a socket of
// connected messages is the end of what its peer sends, which would come again and again.
func (u *datagramUser) DatagramReceived(p []byte, from sock.Addr) {
	if len(p) == 0 && u.of.typ == sock.SeqPacket {
		u.of.core.Close()
		return
	}
	u.protocol.DatagramReceived(p, u.peers.Of(from))
}

// ErrorReceived implements transport.DatagramProtocol.
func (u *datagramUser) ErrorReceived(err error, of sock.Addr) {
	if !of.IsValid() {
		of = u.of.remote
	}
	u.protocol.ErrorReceived(&DatagramError{Addr: u.peers.Of(of), Err: err})
}

// Truncated implements transport.DatagramProtocol.
func (u *datagramUser) Truncated(size int, from sock.Addr) {
	u.protocol.ErrorReceived(&DatagramTooLongError{Addr: u.peers.Of(from), Size: size, Limit: u.of.limit})
}

// datagramOutside is the transport as its core sees it, and as work of the loop's.
type datagramOutside datagramTransport

// Made implements transport.Outside.
func (o *datagramOutside) Made() { o.user.protocol.ConnectionMade((*datagramTransport)(o)) }

// Later implements transport.Outside.
func (o *datagramOutside) Later(step transport.Step, reason error) {
	if reason == nil {
		o.loop.schedule(o, uint64(step))
		return
	}
	o.loop.schedule(callback(func() { o.core.Run(step, reason) }), 0)
}

// Complete implements engine.Completer.
func (o *datagramOutside) Complete(step uint64) { o.core.Run(transport.Step(step), nil) }

// callbackName names the transport in reports.
func (o *datagramOutside) callbackName() string { return o.String() }

// Exited implements transport.Outside.
func (o *datagramOutside) Exited(panicked any) transport.Exit { return o.loop.exitOf(panicked) }

// Failed implements transport.Outside. What the system says about a socket is nobody's
// mistake and is not reported, except in debug mode.
func (o *datagramOutside) Failed(message string, err error, of transport.BaseProtocol) {
	t := (*datagramTransport)(o)
	if isSystemError(err) {
		t.debugf("%s: %v", message, err)
	} else {
		t.loop.reportExit(err, ExceptionContext{Message: message, Transport: t, Protocol: of.(*datagramUser).protocol})
	}
}

// Note implements transport.Outside.
func (o *datagramOutside) Note(what string) { (*datagramTransport)(o).debugf("%s", what) }

// Queue implements transport.Outside.
func (o *datagramOutside) Queue() *buffers.Queue { return o.loop.transports.pool.Take() }

// Released implements transport.Outside.
func (o *datagramOutside) Released(err error) {
	t := (*datagramTransport)(o)
	t.user = nil
	t.loop.transports.others.Remove(&t.open.place)
	if err != nil {
		t.debugf("close: %v", err)
	}
	t.loop.tellLateWrites(t.core.LateSends()-lateWrites, lateWriteToSocket, t.String())
}

// String describes the transport by its state.
func (o *datagramOutside) String() string { return (*datagramTransport)(o).String() }

// whose implements discarded.
func (t *datagramTransport) whose() any { return t.user.protocol }

// discard implements discarded.
func (t *datagramTransport) discard() { t.core.Discard() }

// debugf tells those who debug what has happened.
func (t *datagramTransport) debugf(format string, args ...any) { t.loop.debugf(t, format, args...) }

// String describes the transport by its state.
func (t *datagramTransport) String() string {
	return describeTransport("DatagramTransport", &t.core, !t.core.Closing(), t.loop.IsClosed())
}

// LocalAddr implements DatagramTransport.
func (t *datagramTransport) LocalAddr() net.Addr { return t.local.NetAddr(t.typ) }

// RemoteAddr implements DatagramTransport.
func (t *datagramTransport) RemoteAddr() net.Addr { return t.remote.NetAddr(t.typ) }

// GetExtraInfo implements DatagramTransport.
func (t *datagramTransport) GetExtraInfo(name string) any {
	return socketInfo(name, t.core.FD(), t.LocalAddr, t.RemoteAddr)
}
