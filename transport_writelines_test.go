package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// TestWriteLines: several pieces as one write, over real sockets.
func TestWriteLines(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.702.writelines-full", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.check(r.transport.WriteLines([][]byte{[]byte("one "), []byte("two "), []byte("three")}))
		if size := r.transport.GetWriteBufferSize(); size != n.held(13) || asyncio.Sending(r.transport) {
			n.Errorf("%d bytes are buffered", size)
		}
		// The loop has not turned.
		if got := n.reads(c, 13); string(got) != "one two three" || n.interest(socketOf(r.transport)) != "read" {
			n.Errorf("the peer got %q; registered for %q", got, n.interest(socketOf(r.transport)))
		}
	})
	connectionRow(t, "selev.703.writelines-partial", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		writesInPart(ctx, n, c, r)
	})
	connectionRow(t, "selev.704.vectored-flush", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		fd := socketOf(r.transport)
		for i := range 200 { // each is appended to what is buffered
			p := bytes.Repeat([]byte{byte(i)}, 1000)
			r.transport.Write(p)
			sent = append(sent, p...)
		}
		if i := n.interest(fd); i != "read|write" {
			n.Errorf("registered for %q with data buffered", i)
		}
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) {
			n.Errorf("%d bytes arrived of %d", len(got), len(sent))
		}
		if i := n.interest(fd); i != "read" {
			n.Errorf("registered for %q with nothing buffered", i)
		}
	})
	connectionRow(t, "selev.706.vectored-limit", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		const many = 5000 // more than any system takes at once
		var pieces [][]byte
		var want []byte
		for i := range many {
			pieces = append(pieces, []byte(fmt.Sprint(i, " ")))
			want = append(want, pieces[i]...)
		}
		n.check(r.transport.WriteLines(pieces))
		if got := n.drain(ctx, c, r, len(want)); !bytes.Equal(got, want) {
			n.Errorf("%d bytes arrived of %d", len(got), len(want))
		}
	})
	connectionRow(t, "selev.707.writelines-empty-write", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		before := r.transport.GetWriteBufferSize()
		for _, p := range [][]byte{nil, {}} {
			if k, err := r.transport.Write(p); k != 0 || err != nil {
				n.Errorf("Write = %d, %v", k, err)
			}
			n.check(r.transport.WriteLines([][]byte{p, p}))
		}
		if now := r.transport.GetWriteBufferSize(); now != before {
			n.Errorf("%d bytes are buffered, %d before", now, before)
		}
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) {
			n.Errorf("%d bytes arrived of %d", len(got), len(sent))
		}
	})
	connectionRow(t, "selev.708.writelines-after-eof", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.check(r.transport.WriteEOF())
		if err := r.transport.WriteLines([][]byte{[]byte("late")}); !errors.Is(err, asyncio.ErrInvalidState) {
			n.Errorf("WriteLines after WriteEOF: %v", err)
		}
		if got := n.reads(c, 1); len(got) != 0 {
			n.Errorf("the peer got %q", got)
		}
	})
	connectionRow(t, "selev.710.writelines-pauses", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.check(r.transport.SetWriteBufferLimits(1, 0))
		piece := pattern(1 << 20)
		var sent []byte
		for r.history() == "made" && len(sent) < 256<<20 {
			n.check(r.transport.WriteLines([][]byte{piece, piece}))
			sent = append(append(sent, piece...), piece...)
		}
		if r.history() != "made pause" || r.transport.GetWriteBufferSize() == 0 {
			n.Errorf("%q, %d bytes are buffered", r.history(), r.transport.GetWriteBufferSize())
		}
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) || r.history() != "made pause resume" {
			n.Errorf("%d bytes arrived of %d, %q", len(got), len(sent), r.history())
		}
	})
	connectionRow(t, "selev.711.writelines-after-loss", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		r.transport.Abort()
		late := func(when string) {
			before := asyncio.LostWrites(r.transport)
			err := r.transport.WriteLines([][]byte{[]byte("x"), []byte("y")})
			if after := asyncio.LostWrites(r.transport); !errors.Is(err, net.ErrClosed) || after != before+1 || r.transport.GetWriteBufferSize() != 0 {
				n.Errorf("%s: %v, %d lost writes, %d bytes are buffered", when, err, after-before, r.transport.GetWriteBufferSize())
			}
		}
		late("before ConnectionLost")
		n.until(ctx, "the end", func() bool { return r.lost })
		late("after ConnectionLost")
		if got := n.reads(c, 1); len(got) != 0 {
			n.Errorf("the peer got %q", got)
		}
	})
	connectionRow(t, "selev.712.writelines-empty-piece", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		n.check(r.transport.WriteLines([][]byte{nil, []byte("end"), {}, nil}))
		sent = append(sent, "end"...)
		n.check(r.transport.Close())
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) {
			n.Errorf("%d bytes arrived of %d", len(got), len(sent))
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr != nil {
			n.Errorf("lost with %v", r.lostErr)
		}
	})
	fakeRow(t, "selev.705.vectored-error", func(ctx context.Context, n *netTest) {
		n.l.SetDebug(true)
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		n.check(tr.WriteLines([][]byte{[]byte("da"), []byte("ta")}))
		fs.writable(0, errIO)
		if tr.GetWriteBufferSize() != 0 || fs.sending {
			n.Errorf("%d bytes are buffered, sending %v", tr.GetWriteBufferSize(), fs.sending)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr != error(errIO) || n.log.Count("Fatal write error on socket transport") != 1 {
			n.Errorf("lost with %v, logged %v", r.lostErr, n.log)
		}
	})
	connectionRow(t, "selev.701.transport-fd-in-use", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		_, err := asyncio.NewTransport(n.l, fd, &recorder{}, asyncio.RemoteOf(r.transport), nil)
		var used *engine.UsedError
		if !errors.As(err, &used) || used.FD != fd {
			n.Errorf("a second transport of descriptor %d: %v", fd, err)
		}
		r.transport.Write([]byte("on"))
		if got := n.reads(c, 2); string(got) != "on" {
			n.Errorf("the peer got %q", got)
		}
	})
	connectionRow(t, "data-is-lent", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		// The slice is the protocol's for the length of the call, whatever comes meanwhile.
		r.onData = func(p []byte) {
			before := bytes.Clone(p)
			_, err := c.Write([]byte("more of it"))
			n.check(err)
			n.check(asyncio.Engine(n.l).Flush())
			if !bytes.Equal(p, before) {
				n.Errorf("%q has become %q", before, p)
			}
			r.onData = nil
		}
		_, err := c.Write([]byte("data"))
		n.check(err)
		n.until(ctx, "all of it", func() bool { return string(r.data) == "datamore of it" })
	})
}

// writesInPart writes more than the system takes, in pieces.
func writesInPart(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
	n.Helper()
	fd := socketOf(r.transport)
	var pieces [][]byte
	for i := range 200 { // more than systems buffer
		pieces = append(pieces, bytes.Repeat([]byte{byte(i)}, 1<<17))
	}
	want := bytes.Join(pieces, nil)
	n.check(r.transport.WriteLines(pieces))
	if r.transport.GetWriteBufferSize() == 0 || n.interest(fd) != "read|write" {
		n.Errorf("%d bytes are buffered; registered for %q", r.transport.GetWriteBufferSize(), n.interest(fd))
	}
	if got := n.drain(ctx, c, r, len(want)); !bytes.Equal(got, want) {
		n.Errorf("%d bytes arrived of %d", len(got), len(want))
	}
	if i := n.interest(fd); i != "read" {
		n.Errorf("registered for %q with nothing buffered", i)
	}
}
