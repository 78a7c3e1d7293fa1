package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestTransportEnd: how connections end, over real sockets.
func TestTransportEnd(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.019.transport-ctor", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		if a, err := sock.RemoteAddr(fd); err != nil || a.String() != c.LocalAddr().String() {
			n.Errorf("descriptor %d leads to %v, %v; the peer is %v", fd, a, err, c.LocalAddr())
		}
		var loop asyncio.EventLoop
		r.onData = func([]byte) { loop, _ = asyncio.GetRunningLoop() }
		c.Write([]byte("x"))
		n.until(ctx, "the data", func() bool { return loop != nil })
		if loop != n.l {
			n.Errorf("the protocol is called on %v", loop)
		}
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
		if now := socketOf(r.transport); now != fd {
			n.Errorf("the descriptor was %d and is %d", fd, now)
		}
	})
	connectionRow(t, "selev.020.abort", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		unsent := r.transport.GetWriteBufferSize()
		r.transport.Abort()
		if r.transport.GetWriteBufferSize() != 0 || !r.transport.IsClosing() || r.lost {
			n.Errorf("%d bytes buffered, closing=%v, lost=%v", r.transport.GetWriteBufferSize(), r.transport.IsClosing(), r.lost)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr != nil {
			n.Errorf("lost with %v", r.lostErr)
		}
		if got := n.reads(c, len(sent)); !bytes.Equal(got, sent[:len(sent)-unsent]) {
			n.Errorf("%d bytes arrived of %d, of which %d were buffered", len(got), len(sent), unsent)
		}
	})
	connectionRow(t, "selev.021.close-waits-for-buffer", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		n.check(r.transport.Close())
		n.check(c.CloseWrite())
		// The loop finds the peer's end of stream, and does not want it.
		fd := socketOf(r.transport)
		n.until(ctx, "no interest in reading", func() bool { return n.interest(fd) == "write" })
		if r.lost || r.transport.IsReading() {
			n.Errorf("lost=%v reading=%v with data unsent", r.lost, r.transport.IsReading())
		}
		arrives(ctx, n, c, r, sent)
		if strings.Contains(r.history(), "eof") {
			n.Errorf("%s", r.history())
		}
	})
	connectionRow(t, "selev.022.force-close", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fill(n, r.transport)
		for range 2 {
			r.transport.Abort()
			if s := r.transport.GetWriteBufferSize(); s != 0 || !r.transport.IsClosing() || r.transport.IsReading() {
				n.Errorf("%d bytes buffered, closing=%v reading=%v", s, r.transport.IsClosing(), r.transport.IsReading())
			}
			if i := n.interest(socketOf(r.transport)); i != "" {
				n.Errorf("registered for %q", i)
			}
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		r.transport.Abort()
		n.passes(ctx)
		if strings.Count(r.history(), "lost") != 1 {
			n.Errorf("%s", r.history())
		}
	})
	netRow(t, "selev.023a.fatal-error-os-quiet", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, debug := range []bool{false, true} {
				c, r := n.raw(ctx)
				n.l.SetDebug(debug)
				reset(n, c)
				n.until(ctx, "the end", func() bool { return r.lost })
				if !errors.Is(r.lostErr, errConnReset) || len(n.reported) != 0 {
					n.Errorf("debug=%v: lost with %v, reported %v", debug, r.lostErr, n.reported)
				}
				if noted := n.log.Count("Fatal read error on socket transport") == 1; noted != debug || n.log.Count("level=ERROR") != 0 {
					n.Errorf("debug=%v: logged %q", debug, n.log)
				}
			}
		})
	})
	connectionRow(t, "selev.023b.fatal-error-other-reported", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.expectErrors = true
		r.onData = func([]byte) { panic(errOdd) }
		c.Write([]byte("x"))
		n.until(ctx, "the end", func() bool { return r.lost })
		if len(n.reported) != 1 {
			n.Fatalf("reported %d times", len(n.reported))
		}
		e := n.reported[0]
		if !strings.HasPrefix(e.Message, "Fatal error") || !errors.Is(e.Err, errOdd) || e.Transport != any(r.transport) || e.Protocol != any(r) {
			n.Errorf("reported %+v", e)
		}
		if r.lostErr != e.Err {
			n.Errorf("lost with %v", r.lostErr)
		}
	})
	connectionRow(t, "selev.024.connection-lost-releases", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.expectErrors = true
		fd := socketOf(r.transport)
		r.onData = func([]byte) { panic(errOdd) }
		r.onLost = func(error) {
			if _, err := sock.RemoteAddr(fd); err != nil || r.transport.GetProtocol() != asyncio.Protocol(r) {
				n.Errorf("released before the protocol was told: %v", err)
			}
		}
		c.Write([]byte("x"))
		n.until(ctx, "the end", func() bool { return r.lost })
		n.passes(ctx)
		if !errors.Is(r.lostErr, errOdd) || r.transport.GetProtocol() != nil || n.interest(fd) != "" {
			n.Errorf("lost with %v, protocol %v, registered for %q", r.lostErr, r.transport.GetProtocol(), n.interest(fd))
		}
		if got := n.reads(c, 1); len(got) != 0 {
			n.Errorf("the peer got %q", got)
		}
	})
	connectionRow(t, "selev.025.add-reader-after-close", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		sent := fill(n, r.transport)
		n.check(r.transport.PauseReading())
		n.check(c.CloseWrite())
		n.until(ctx, "no interest in reading", func() bool { return n.interest(fd) == "write" })
		n.check(r.transport.Close())
		n.check(r.transport.ResumeReading())
		if i := n.interest(fd); i != "write" || r.transport.IsReading() {
			n.Errorf("registered for %q, reading=%v", i, r.transport.IsReading())
		}
		arrives(ctx, n, c, r, sent)
		n.check(r.transport.ResumeReading())
		if strings.Contains(r.history(), "eof") || r.transport.IsReading() {
			n.Errorf("%s, reading=%v", r.history(), r.transport.IsReading())
		}
	})
	netRow(t, "selev.025.add-reader-after-close_at-once", closedAtOnce)
	connectionRow(t, "selev.042b.write-ready-closing", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		n.check(r.transport.Close())
		n.passes(ctx)
		if r.lost {
			n.Error("lost before the data were sent")
		}
		arrives(ctx, n, c, r, sent)
	})
	connectionRow(t, "selev.049.close-removes-writer", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		sent := fill(n, r.transport)
		if i := n.interest(fd); !strings.Contains(i, "write") {
			n.Errorf("registered for %q with data buffered", i)
		}
		n.drain(ctx, c, r, len(sent))
		n.check(r.transport.Close())
		if i := n.interest(fd); strings.Contains(i, "write") {
			n.Errorf("registered for %q after Close", i)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if i := n.interest(fd); i != "" {
			n.Errorf("registered for %q at the end", i)
		}
	})
	connectionRow(t, "selev.080.abort-drops-buffer-first", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fill(n, r.transport)
		n.check(r.transport.Close())
		r.transport.Abort()
		if i := n.interest(socketOf(r.transport)); i != "" || r.transport.GetWriteBufferSize() != 0 || r.lost {
			n.Errorf("registered for %q, %d buffered, lost=%v at once", i, r.transport.GetWriteBufferSize(), r.lost)
		}
		r.transport.Abort()
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		n.passes(ctx)
		if strings.Count(r.history(), "lost") != 1 || r.lostErr != nil {
			n.Errorf("%s, %v", r.history(), r.lostErr)
		}
	})
}

// closedAtOnce: a protocol that closes the connection when it is made leaves
// nothing to be read.
func closedAtOnce(n *netTest) {
	n.run(func(ctx context.Context) {
		_, r := n.raw(ctx, func(r *recorder) {
			r.onMade = func(t asyncio.Transport) { n.check(t.Close()) }
			r.onLost = func(error) {
				if i := n.interest(socketOf(r.transport)); i != "" {
					n.Errorf("registered for %q although it was closed before reading began", i)
				}
			}
		})
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.history() != "made lost" {
			n.Errorf("%s", r.history())
		}
	})
}

// arrives drains a closing transport: the peer gets all of want, then its end,
// and the protocol hears of an end without an error.
func arrives(ctx context.Context, n *netTest, c net.Conn, r *recorder, want []byte) {
	n.Helper()
	got := readAll(n, c)
	n.until(ctx, "the end", func() bool { return r.lost })
	if data := receive(ctx, n, "what the peer got", got); !bytes.Equal(data, want) || r.lostErr != nil {
		n.Errorf("%d bytes arrived of %d; lost with %v", len(data), len(want), r.lostErr)
	}
}

// drain has the peer read so many bytes, and waits until nothing is buffered.
func (n *netTest) drain(ctx context.Context, c net.Conn, r *recorder, size int) (data []byte) {
	n.Helper()
	got := make(chan []byte, 1)
	go func() { got <- n.reads(c, size) }()
	n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
	return receive(ctx, n, "what the peer got", got)
}

// socketOf is a transport's descriptor.
func socketOf(t asyncio.Transport) uintptr { return t.GetExtraInfo("socket").(uintptr) }

// reset has the peer reset the connection.
func reset(n *netTest, c *net.TCPConn) {
	n.Helper()
	n.check(c.SetLinger(0))
	n.check(c.Close())
}
