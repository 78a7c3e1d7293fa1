package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestTransportWriting: how connections are written to, over real sockets.
func TestTransportWriting(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.034.write-direct", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		if k, err := r.transport.Write([]byte("data")); k != 4 || err != nil || r.transport.GetWriteBufferSize() != n.held(4) {
			n.Errorf("Write = %d, %v; %d bytes buffered", k, err, r.transport.GetWriteBufferSize())
		}
		// The loop has not turned.
		if got := n.reads(c, 4); string(got) != "data" || n.interest(socketOf(r.transport)) != "read" {
			n.Errorf("the peer got %q; registered for %q", got, n.interest(socketOf(r.transport)))
		}
	})
	connectionRow(t, "selev.035.write-leaves-callers-buffer", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		// The system takes the first pieces whole, then one in part, then none.
		chunk := pattern(1 << 18)
		var sent []byte
		for more := 3; more > 0; {
			if r.transport.GetWriteBufferSize() > 0 {
				more--
			}
			p := bytes.Clone(chunk)
			if k, err := r.transport.Write(p); k != len(p) || err != nil || !bytes.Equal(p, chunk) {
				n.Fatalf("Write = %d, %v, and the caller's slice is the same: %v", k, err, bytes.Equal(p, chunk))
			}
			clear(p) // it is the caller's again
			sent = append(sent, chunk...)
		}
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, sent)
	})
	connectionRow(t, "selev.036.write-empty", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		nothing := func() {
			n.Helper()
			size, interest := r.transport.GetWriteBufferSize(), n.interest(socketOf(r.transport))
			for _, p := range [][]byte{nil, {}} {
				if k, err := r.transport.Write(p); k != 0 || err != nil {
					n.Errorf("Write = %d, %v", k, err)
				}
				n.check(r.transport.WriteLines([][]byte{p, p}))
			}
			n.check(r.transport.WriteLines(nil))
			if now := r.transport.GetWriteBufferSize(); now != size {
				n.Errorf("%d bytes buffered, %d before", now, size)
			}
			if now := n.interest(socketOf(r.transport)); now != interest {
				n.Errorf("registered for %q, before for %q", now, interest)
			}
		}
		nothing()
		sent := fill(n, r.transport)
		nothing()
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, sent)
		nothing()
	})
	connectionRow(t, "selev.037.write-behind-buffer", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		size := r.transport.GetWriteBufferSize()
		got := n.reads(c, (len(sent)-size)/2) // makes room in the system
		r.transport.Write([]byte("one "))
		n.check(r.transport.WriteLines([][]byte{[]byte("two"), []byte(" three")}))
		if now := r.transport.GetWriteBufferSize(); now != size+len("one two three") {
			n.Errorf("%d bytes buffered, %d before", now, size)
		}
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, append(sent, "one two three"...)[len(got):])
	})
	connectionRow(t, "selev.038.write-partial", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		left := r.transport.GetWriteBufferSize()
		if i := n.interest(socketOf(r.transport)); i != "read|write" {
			n.Errorf("registered for %q", i)
		}
		// What is not buffered is on its way: the loop has not turned.
		if got := n.reads(c, len(sent)-left); !bytes.Equal(got, sent[:len(sent)-left]) {
			n.Errorf("%d bytes arrived of %d, %d buffered", len(got), len(sent), left)
		}
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, sent[len(sent)-left:])
	})
	connectionRow(t, "selev.039.write-would-block", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		// The descriptor is filled behind the transport's back: until the system has no
		// room left, which it may find a moment after it had none.
		fd := socketOf(r.transport)
		var sent []byte
		for chunk, end := pattern(1<<18), n.l.Time()+patience; n.l.Time() < end; sent = append(sent, "data"...) {
			k, err := sock.Write(fd, chunk)
			for ; !sock.WouldBlock(err); k, err = sock.Write(fd, chunk) {
				n.check(err)
				sent = append(sent, chunk[:k]...)
			}
			if k, err := r.transport.Write([]byte("data")); k != 4 || err != nil {
				n.Errorf("Write = %d, %v", k, err)
			}
			if n.selector() == nil {
				n.passes(ctx) // until then the engine has it
			}
			if r.transport.GetWriteBufferSize() > 0 {
				break
			}
		}
		if s, i := r.transport.GetWriteBufferSize(), n.interest(fd); s != 4 || i != "read|write" {
			n.Errorf("%d bytes buffered, registered for %q", s, i)
		}
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, append(sent, "data"...))
	})
	connectionRow(t, "selev.042a.write-ready-all", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		sent := fill(n, r.transport)
		if i := n.interest(fd); i != "read|write" {
			n.Errorf("registered for %q with data buffered", i)
		}
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) {
			n.Errorf("%d bytes arrived of %d", len(got), len(sent))
		}
		if i := n.interest(fd); i != "read" {
			n.Errorf("registered for %q with nothing buffered", i)
		}
		r.transport.Write([]byte("data")) // goes straight out again
		if got := n.reads(c, 4); string(got) != "data" || r.transport.GetWriteBufferSize() != n.held(4) {
			n.Errorf("the peer got %q, %d bytes buffered", got, r.transport.GetWriteBufferSize())
		}
		n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
	})
	connectionRow(t, "selev.044.write-ready-partial", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		sent := fill(n, r.transport)
		more := bytes.Repeat(pattern(1<<18+1), 64) // more than systems buffer
		r.transport.Write(more)
		sent = append(sent, more...)
		// The peer reads in steps, so that the system takes a part each time.
		var got []byte
		size, parts := r.transport.GetWriteBufferSize(), 0
		for size > 0 {
			if i := n.interest(fd); i != "read|write" {
				n.Errorf("registered for %q with %d bytes buffered", i, size)
			}
			if known := len(sent) - size - len(got); known > 0 {
				got = append(got, n.reads(c, min(1<<20, known))...)
			} else if asyncio.Engine(n.l).Name() == "IOCP" { // which tells of a send when its last byte has gone
				got = append(got, n.someBytes(c)...)
			}
			n.passes(ctx)
			if now := r.transport.GetWriteBufferSize(); now < size {
				size = now
				parts++
			}
		}
		if parts < 2 {
			n.Errorf("all was taken in %d parts", parts)
		}
		n.check(r.transport.Close())
		arrives(ctx, n, c, r, sent[len(got):])
		if !bytes.Equal(got, sent[:len(got)]) {
			n.Error("wrong data")
		}
	})
}

// TestTransportWriteEnds: writing that fails, and the end of writing, over real
// sockets.
func TestTransportWriteEnds(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.040a.write-error-fatal", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.l.SetDebug(true)
		reset(n, c)
		// The loop does not turn: it is a write that finds out. (On a proactor its
		// completion does, in a later pass.)
		var err error
		for end := n.l.Time() + patience; err == nil && n.l.Time() < end; {
			if n.selector() == nil {
				n.passes(ctx)
			}
			_, err = r.transport.Write([]byte("data"))
		}
		if n.selector() != nil && (!connectionGone(err) || !r.transport.IsClosing() || r.lost) {
			n.Errorf("Write: %v, closing=%v lost=%v", err, r.transport.IsClosing(), r.lost)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		// On a proactor the read that is under way may fail as well as the write.
		found := n.log.Count("Fatal write error on socket transport") + foundByReading(n)
		if !connectionGone(r.lostErr) || found != 1 && (found != 2 || n.selector() != nil) {
			n.Errorf("lost with %v, logged %q", r.lostErr, n.log)
		}
	})
	connectionRow(t, "selev.046.write-ready-error", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.l.SetDebug(true)
		n.check(r.transport.PauseReading()) // so that it is writing that finds out
		fill(n, r.transport)
		reset(n, c)
		r.onLost = func(error) {
			if s := r.transport.GetWriteBufferSize(); s != 0 {
				n.Errorf("%d bytes still buffered", s)
			}
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if !connectionGone(r.lostErr) || n.log.Count("Fatal write error on socket transport") != 1 {
			n.Errorf("lost with %v, logged %q", r.lostErr, n.log)
		}
	})
	connectionRow(t, "selev.040b.write-after-loss-warns", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
		for i := 1; i <= 7; i++ {
			if k, err := r.transport.Write([]byte("x")); k != 0 || !errors.Is(err, net.ErrClosed) {
				n.Errorf("Write = %d, %v", k, err)
			}
			// The fifth is told of, and none after it: whoever writes on may do so for ever.
			if got, want := n.log.Count("socket.send() raised exception"), min(1, i/5); got != want {
				n.Errorf("%d warnings after %d writes, want %d", got, i, want)
			}
		}
		if got := n.reads(c, 1); len(got) != 0 || r.transport.GetWriteBufferSize() != 0 {
			n.Errorf("the peer got %q, %d bytes buffered", got, r.transport.GetWriteBufferSize())
		}
	})
	connectionRow(t, "late-writes-are-counted", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		const all, later = 1000, 500
		r.transport.Abort()
		for range all {
			r.transport.Write([]byte("x"))
			_ = r.transport.WriteLines([][]byte{[]byte("x")})
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		n.passes(ctx)
		if n.log.Count("socket.send() raised exception") != 2 || n.log.Count(fmt.Sprintf("%d more times", 2*all-5)) != 1 {
			n.Errorf("logged %v", n.log)
		}
		for range later {
			r.transport.Write([]byte("x"))
		}
		if n.log.Count("socket.send() raised exception") != 2 {
			n.Errorf("logged %v", n.log)
		}
		n.Cleanup(func() { // when the loop is closed
			n.check(n.l.Close())
			if n.log.Count(fmt.Sprintf("%d more times", later)) != 1 || n.log.Count("socket.send() raised exception") != 3 {
				n.Errorf("logged %v", n.log)
			}
		})
	})
	connectionRow(t, "selev.047a.write-eof", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		if !r.transport.CanWriteEOF() {
			n.Error("CanWriteEOF is false")
		}
		n.check(r.transport.WriteEOF())
		if got := n.reads(c, 1); len(got) != 0 { // the loop has not turned
			n.Errorf("the peer got %q", got)
		}
		n.check(r.transport.WriteEOF())
		c.Write([]byte("answer"))
		n.until(ctx, "the answer", func() bool { return string(r.data) == "answer" })
		if r.transport.IsClosing() {
			n.Error("WriteEOF closes")
		}
	})
	connectionRow(t, "selev.047b.write-eof-after-buffer", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		n.check(r.transport.WriteEOF())
		if s := r.transport.GetWriteBufferSize(); s == 0 {
			n.Error("nothing is buffered any more")
		}
		got := readAll(n, c)
		n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
		if data := receive(ctx, n, "what the peer got", got); !bytes.Equal(data, sent) {
			n.Errorf("%d bytes arrived of %d", len(data), len(sent))
		}
		c.Write([]byte("answer"))
		n.until(ctx, "the answer", func() bool { return string(r.data) == "answer" })
	})
	connectionRow(t, "selev.048.write-eof-after-close", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		sent := fill(n, r.transport)
		n.check(r.transport.Close())
		n.check(r.transport.WriteEOF())
		if _, err := r.transport.Write([]byte("more")); err != nil { // the transport writes on
			n.Errorf("Write: %v", err)
		}
		arrives(ctx, n, c, r, append(sent, "more"...))
		n.check(r.transport.WriteEOF())
	})
	connectionRow(t, "selev.079.write-after-eof", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.check(r.transport.WriteEOF())
		for _, p := range []string{"data", ""} {
			_, write := r.transport.Write([]byte(p))
			for what, err := range map[string]error{"Write": write, "WriteLines": r.transport.WriteLines([][]byte{[]byte(p)})} {
				if !errors.Is(err, asyncio.ErrInvalidState) {
					n.Errorf("%s(%q): %v", what, p, err)
				}
			}
		}
		if got := n.reads(c, 1); len(got) != 0 || r.transport.IsClosing() {
			n.Errorf("the peer got %q, closing=%v", got, r.transport.IsClosing())
		}
	})
}

// connectionGone: what a system says of a write to a connection that was reset.
func connectionGone(err error) bool {
	return errors.Is(err, errConnReset) || sock.Disconnected(err)
}

// foundByReading counts the failures that reading found: on a proactor it may be the
// first to.
func foundByReading(n *netTest) int {
	if n.selector() != nil {
		return 0
	}
	return n.log.Count("Fatal read error on socket transport")
}
