package serve

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
)

// socketConn is a Socket as crypto/tls needs it, in the one coroutine that serves it: its calls
// suspend that.
type socketConn struct {
	ctx    context.Context
	loop   asyncio.EventLoop
	socket *asyncio.Socket
}

// handshakeTime is how long a client may take for its handshake, as over a transport.
const handshakeTime = time.Minute

// shakeHands makes a connection of TLS of a client's Socket.
func (w *worker) shakeHands(ctx context.Context, s *asyncio.Socket, config *tls.Config) (*tls.Conn, error) {
	below := &socketConn{loop: w.loop, socket: s}
	conn := tls.Server(below, config)
	err := asyncio.Timeout(ctx, handshakeTime, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		below.ctx = ctx
		return conn.Handshake()
	})
	below.ctx = ctx
	return conn, err
}

// Read implements net.Conn.
func (c *socketConn) Read(p []byte) (int, error) {
	return c.loop.SockRecvInto(c.ctx, c.socket, p)
}

// Write implements net.Conn.
func (c *socketConn) Write(p []byte) (int, error) {
	return c.loop.SockSendAll(c.ctx, c.socket, p)
}

// Close implements net.Conn.
func (c *socketConn) Close() error { return c.socket.Close() }

// LocalAddr implements net.Conn.
func (c *socketConn) LocalAddr() net.Addr { return c.socket.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *socketConn) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// SetDeadline implements net.Conn: the time of a call is its context's.
func (*socketConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (*socketConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (*socketConn) SetWriteDeadline(time.Time) error { return nil }
