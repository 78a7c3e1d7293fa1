package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Conn makes a net.Conn of the two halves of a connection, for code that knows
// nothing of loops. In a coroutine of the connection's loop its calls suspend, on
// any other goroutine they block; a coroutine of another loop gets
// asyncio.ErrWrongLoop where it would wait. One may read and one write at a time,
// from anywhere; more wait for their turn, in order.
//
// Write waits while the transport has writing paused, then hands it the bytes: like
// a system's socket, it does not wait until they are sent. Close ends what waits
// with net.ErrClosed and sends what was written. Deadlines are kept on the loop's
// clock. Errors are *net.OpError, but io.EOF. Beside net.Conn's methods it has
// CloseWrite() error, which ends what is written and leaves reading alone.
//
// A coroutine may use what calls Read and Write itself: bufio, http.Request.Write,
// http.ReadResponse. It must not wait for what has other goroutines call them, such
// as an http.Client over net/http's own Transport (that of package nethttp has none):
// those goroutines need the loop, and the coroutine, which waits for them on a
// channel, holds it, so that neither goes on. Call such a thing from
// another goroutine, a coroutine by asyncio.ToThread; the example shows how. Nor may
// two coroutines share what holds a mutex over a Read or Write: a tls.Conn does while
// it shakes hands, so let that be done before the second one comes.
//
// ctx is that of every wait: when it is done, Read and Write fail. Do not read
// from r or write to w while another reads or writes through the Conn. Any
// goroutine may call Conn.
func Conn(ctx context.Context, r *StreamReader, w *StreamWriter) net.Conn {
	c := &conn{ctx: ctx, loop: w.flow.loop, r: r, w: w}
	c.in.init(c.loop, &r.mu, &r.waiters)
	c.out.init(c.loop, &w.flow.mu, nil)
	c.transmit = c.transmitHanded
	return c
}

// conn is what Conn makes. Reading is guarded by the reader's mutex, writing by
// the flow control's, so that each looks at all that it depends on at once.
type conn struct {
	ctx  context.Context
	loop asyncio.EventLoop
	r    *StreamReader
	w    *StreamWriter
	in   side
	out  side

	handover
}

var _ net.Conn = (*conn)(nil)

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	return n, c.opError("read", err)
}

func (c *conn) read(p []byte) (n int, err error) {
	if err := asyncio.ConsumeBudget(c.ctx); err != nil {
		return 0, err
	}
	s, r := &c.in, c.r
	var a alarm
	s.mu.Lock()
	if err = s.begin(c.ctx); err != nil {
		return 0, err
	}
	for n == 0 && err == nil {
		if r.lent.n > 0 {
			r.putBack()
		}
		if err = s.check(); err != nil || len(p) == 0 {
			break
		}
		switch {
		case r.buf.len() > 0:
			n = r.takeInto(p)
		case !a.isFor(s):
			a.set(s)
		default:
			n, err = r.waitInto(c.ctx, "Read", p)
			a.stop()
		}
	}
	next := s.end()
	r.took()
	next.Do()
	a.stop()
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.in.close()
	c.out.close()
	return c.opError("close", c.onLoop(func() error { return c.w.Close() }))
}

// CloseWrite ends the stream that is written; reading goes on.
func (c *conn) CloseWrite() error {
	if !c.w.CanWriteEOF() {
		return c.opError("close", fmt.Errorf("a transport that cannot end one direction alone: %w", errors.ErrUnsupported))
	}
	return c.opError("close", c.onLoop(func() error { return c.w.WriteEOF() }))
}

// onLoop runs f on the loop: at once, if that is where we are, or else soon. On
// a loop that is closed there is nothing left to do.
func (c *conn) onLoop(f func() error) error {
	err := f()
	if !errors.Is(err, asyncio.ErrWrongGoroutine) {
		return err
	}
	_, err = c.loop.CallSoonThreadsafe(func() { _ = f() }) // what can fail then is over already
	if errors.Is(err, asyncio.ErrLoopClosed) {
		return nil
	}
	return err
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.w.Transport().LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.w.Transport().RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	err := c.in.setDeadline(t)
	if err == nil {
		err = c.out.setDeadline(t)
	}
	return c.opError("set", err)
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.opError("set", c.in.setDeadline(t))
}

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.opError("set", c.out.setDeadline(t))
}

// opError says what failed as package net does.
func (c *conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	e := &net.OpError{Op: op, Net: "stream", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}
