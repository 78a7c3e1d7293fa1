package asyncio

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/list"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// streamTransport is a connection, or a side of a pipe, as its users and its loop have it: what it does is
// the core's, and here are the loop's words, addresses and checks of who calls. The
// core is a named field, so that none of its methods, which check nothing, is the
// transport's by accident; and next to the loop, so that a message finds all it needs together.
type streamTransport struct {
	place  list.Node[streamTransport] // in transports, which have it in front
	server *Server
	loop   *baseLoop
	core   transport.Stream
	ends   sock.Ends
}

// lateWrites is which write to a lost connection is warned of: the fifth, as in asyncio,
// and no other; the rest are counted, and told of when the connection is let go of, or for
// those that come later when the loop is closed.
const lateWrites = 5

// newStreamTransport makes the transport of a connected descriptor, which is
// the transport's from then on, and schedules its start: ConnectionMade, then
// reading, then done if it is not nil. remote may be the zero Addr. Loop only.
func newStreamTransport(l *baseLoop, fd uintptr, p Protocol, server *Server, remote sock.Addr, done engine.Completer) (*streamTransport, error) {
	t := &streamTransport{loop: l, server: server}
	if err := t.core.Init((*streamOutside)(t), l.eng, fd, p); err != nil {
		return nil, err
	}
	sockets := l.eng.Sockets()
	local, _ := sockets.LocalAddr(fd)
	if !remote.IsValid() {
		remote, _ = sockets.RemoteAddr(fd)
	}
	t.ends.SetLocal(local)
	t.ends.SetRemote(remote)
	switch local.Family() {
	case sock.Unix:
		if c, err := sockets.PeerCredentials(fd); err == nil {
			t.ends.SetPeer(c)
		}
	case sock.Inet4, sock.Inet6:
		_ = sockets.SetOption(fd, engine.NoDelay, 1) // a connection that is gone already says so when read
	}
	t.begin(done)
	return t, nil
}

// begin enters the transport among the loop's and schedules its start, and then done.
func (t *streamTransport) begin(done engine.Completer) {
	t.loop.transports.open.PushBack(&t.place)
	t.core.Start()
	if done != nil {
		t.loop.schedule(done, 0)
	}
}

// protocol is the protocol, nil after the end.
func (t *streamTransport) protocol() Protocol {
	p, _ := t.core.Protocol().(Protocol)
	return p
}

// streamOutside is the transport as its core sees it, and as work of the loop's.
type streamOutside streamTransport

// Made implements transport.Outside.
func (o *streamOutside) Made() {
	t := (*streamTransport)(o)
	t.protocol().ConnectionMade(t)
}

// Later implements transport.Outside.
func (o *streamOutside) Later(step transport.Step, reason error) {
	if reason == nil {
		o.loop.schedule(o, uint64(step))
		return
	}
	o.loop.schedule(callback(func() { o.core.Run(step, reason) }), 0)
}

// Complete implements engine.Completer.
func (o *streamOutside) Complete(step uint64) { o.core.Run(transport.Step(step), nil) }

// callbackName names the transport in reports.
func (o *streamOutside) callbackName() string { return o.String() }

// Exited implements transport.Outside.
func (o *streamOutside) Exited(panicked any) transport.Exit { return o.loop.exitOf(panicked) }

// Failed implements transport.Outside. What the system says about a connection is
// nobody's mistake and is not reported, except in debug mode; as in asyncio, a pipe that
// cannot be read is.
func (o *streamOutside) Failed(message string, err error, of transport.BaseProtocol) {
	t := (*streamTransport)(o)
	if isSystemError(err) && !t.core.IsReadPipe() {
		t.debugf("%s: %v", message, err)
	} else {
		t.loop.reportExit(err, ExceptionContext{Message: message, Transport: t, Protocol: of})
	}
}

// Note implements transport.Outside.
func (o *streamOutside) Note(what string) { (*streamTransport)(o).debugf("%s", what) }

// Queue implements transport.Outside.
func (o *streamOutside) Queue() *buffers.Queue { return o.loop.transports.pool.Take() }

// Released implements transport.Outside.
func (o *streamOutside) Released(err error) {
	t := (*streamTransport)(o)
	t.loop.transports.open.Remove(&t.place)
	if s := t.server; s != nil {
		t.server = nil
		s.detach()
	}
	if err != nil {
		t.debugf("close: %v", err)
	}
	t.loop.tellLateWrites(t.core.LateWrites()-lateWrites, t.lateWrite(), t.String())
}

// String describes the transport by its state.
func (o *streamOutside) String() string { return (*streamTransport)(o).String() }

// isSystemError tells the system's errors from mistakes of the program's.
func isSystemError(err error) bool {
	if p := (*PanicError)(nil); errors.As(err, &p) {
		return false
	}
	var e syscall.Errno
	return errors.As(err, &e)
}

// debugf tells those who debug what has happened.
func (t *streamTransport) debugf(format string, args ...any) { t.loop.debugf(t, format, args...) }

// tellLateWrites says how often a lost connection was written to after the warning, of
// which there is one for each connection, whoever goes on to write.
func (l *baseLoop) tellLateWrites(more int, what, to string) {
	if more > 0 {
		l.logger().Warn(fmt.Sprintf("%s %d more times.", strings.TrimSuffix(what, "."), more), "transport", to)
	}
}

// lateWriteToSocket is what a write to a lost connection is called.
const lateWriteToSocket = "socket.send() raised exception."

// lateWrite is what a write to the transport is called once it is lost.
func (t *streamTransport) lateWrite() string {
	if t.core.IsWritePipe() {
		return "pipe closed by peer or os.write(pipe, data) raised exception."
	}
	return lateWriteToSocket
}

// String describes the transport by its state.
func (t *streamTransport) String() string {
	kind := "StreamTransport"
	switch {
	case t.core.IsReadPipe():
		kind = "ReadPipeTransport"
	case t.core.IsWritePipe():
		kind = "WritePipeTransport"
	case t.core.IsDuplexPipe():
		kind = "DuplexPipeTransport"
	}
	return describeTransport(kind, &t.core, t.core.Reading(), t.loop.IsClosed())
}

// LocalAddr implements Transport.
func (t *streamTransport) LocalAddr() net.Addr { return t.ends.Local().NetAddr(sock.Stream) }

// RemoteAddr implements Transport.
func (t *streamTransport) RemoteAddr() net.Addr { return t.ends.Remote().NetAddr(sock.Stream) }

// GetExtraInfo implements Transport.
func (t *streamTransport) GetExtraInfo(name string) any {
	if isPipe := t.core.IsReadPipe() || t.core.IsWritePipe() || t.core.IsDuplexPipe(); isPipe {
		if name == "pipe" {
			return t.core.FD()
		}
		return nil
	}
	if name == "peercred" {
		if c := t.ends.Peer(); c != nil {
			return PeerCredentials(*c)
		}
		return nil
	}
	return socketInfo(name, t.core.FD(), t.LocalAddr, t.RemoteAddr)
}

// layer is a protocol that is another transport's, whose close it is. It reports whether that
// has begun.
type layer interface{ close() bool }

// close ends the connection once all is sent, by its layers if it has any: they have
// something to say to the peer.
func (t *streamTransport) close() {
	if p, ok := t.core.Protocol().(layer); ok && p.close() {
		return
	}
	t.core.Close()
}
