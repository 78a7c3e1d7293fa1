//go:build unix

package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// TestReadPipe: how a pipe is read, over real ones.
func TestReadPipe(t *testing.T) {
	t.Parallel()
	readRow(t, "unix.031.rpipe-start", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		// That its protocol was told before the call has returned, readPipe has looked.
		if i := n.interest(pipeOf(r.transport)); i != "read" || !r.transport.IsReading() {
			n.Errorf("registered for %q, reading=%v", i, r.transport.IsReading())
		}
	})
	readRow(t, "unix.032.rpipe-data", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		calls := 0
		r.onData = func([]byte) { calls++ }
		n.check(r.transport.PauseReading())
		want := pattern(60_000) // less than what a pipe has room for
		n.say(w, string(want))
		n.check(r.transport.ResumeReading())
		n.until(ctx, "the data", func() bool { return len(r.data) == len(want) })
		if calls != 1 || !bytes.Equal(r.data, want) {
			n.Errorf("told %d times; the same: %v", calls, bytes.Equal(r.data, want))
		}
	})
	readRow(t, "unix.033.rpipe-eof", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		fd := pipeOf(r.transport)
		r.keepOpen = true // which does not matter
		r.onEOF = func() {
			if i := n.interest(fd); i != "" || !r.transport.IsClosing() || r.lost {
				n.Errorf("registered for %q, closing=%v lost=%v", i, r.transport.IsClosing(), r.lost)
			}
		}
		n.say(w, "last")
		n.check(w.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n, "history", r.history(), "made data eof lost")
		want(n, "reason", r.lostErr, nil)
	})
	readRow(t, "unix.034.rpipe-would-block", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		spuriously(r.transport, engine.Read)
		n.passes(ctx)
		want(n, "history", r.history(), "made")
		n.say(w, "x")
		n.until(ctx, "a byte", func() bool { return string(r.data) == "x" })
	})
	pipeRow(t, "unix.035.rpipe-error", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		l, err := net.Listen("tcp", "127.0.0.1:0")
		n.check(err)
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		n.check(err)
		peer, err := l.Accept()
		n.check(err)
		f, err := c.(*net.TCPConn).File()
		n.check(err)
		n.check(c.Close())
		r := n.readPipe(ctx, f)
		reset(n, peer.(*net.TCPConn))
		n.until(ctx, "the end", func() bool { return r.lost })
		if !errors.Is(r.lostErr, syscall.ECONNRESET) || r.history() != "made lost" {
			n.Errorf("lost with %v; %s", r.lostErr, r.history())
		}
		if len(n.reported) != 1 {
			n.Fatalf("reported: %v", n.reported)
		}
		c0 := n.reported[0]
		if c0.Message != "Fatal read error on pipe transport" || !errors.Is(c0.Err, syscall.ECONNRESET) ||
			c0.Transport != r.transport || c0.Protocol != asyncio.Protocol(r) {
			n.Errorf("reported %+v", c0)
		}
	})
	readRow(t, "unix.036.rpipe-pause", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		for range 2 {
			n.check(r.transport.PauseReading())
			want(n, "reading", r.transport.IsReading(), false)
		}
		n.say(w, "early")
		n.until(ctx, "no interest", func() bool { return n.interest(pipeOf(r.transport)) == "" })
		n.passes(ctx)
		want(n, "history", r.history(), "made")
	})
	readRow(t, "unix.037.rpipe-resume", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		n.check(r.transport.ResumeReading()) // which is not paused
		n.check(r.transport.PauseReading())
		n.say(w, "early")
		n.until(ctx, "no interest", func() bool { return n.interest(pipeOf(r.transport)) == "" })
		for range 2 {
			n.check(r.transport.ResumeReading())
			want(n, "reading", r.transport.IsReading(), true)
		}
		n.until(ctx, "the data", func() bool { return string(r.data) == "early" })
	})
	readRow(t, "unix.039.rpipe-connection-lost", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		fd := pipeOf(r.transport)
		is := sameFile(fd)
		r.onLost = func(error) {
			if isClosed(fd, is) || r.transport.GetProtocol() == nil {
				n.Error("the pipe is closed, or its protocol forgotten, before that is told")
			}
		}
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		if !isClosed(fd, is) || r.transport.GetProtocol() != nil || r.lostErr != nil {
			n.Errorf("closed=%v, protocol %v, lost with %v", isClosed(fd, is), r.transport.GetProtocol(), r.lostErr)
		}
	})
	readRow(t, "unix.040.rpipe-closed-pause-resume", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		n.check(r.transport.Close())
		for range 2 {
			n.check(r.transport.PauseReading())
			n.check(r.transport.ResumeReading())
			if r.transport.IsReading() {
				n.Error("it reads")
			}
			n.until(ctx, "the end", func() bool { return r.lost })
		}
		want(n, "history", r.history(), "made lost")
	})
	readRow(t, "no writing", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		tr := r.transport
		_, err := tr.Write([]byte("x"))
		for what, err := range map[string]error{
			"Write": err, "WriteLines": tr.WriteLines([][]byte{[]byte("x")}), "WriteEOF": tr.WriteEOF(),
		} {
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), what[:5]) {
				n.Errorf("%s: %v", what, err)
			}
		}
		if tr.CanWriteEOF() || tr.GetWriteBufferSize() != 0 || tr.IsClosing() {
			n.Errorf("%v can end writing, or has %d bytes, or is closing", tr, tr.GetWriteBufferSize())
		}
		if tr.LocalAddr() != nil || tr.RemoteAddr() != nil || tr.GetExtraInfo("socket") != nil {
			n.Errorf("a pipe has addresses: %v, %v", tr.LocalAddr(), tr.RemoteAddr())
		}
	})
	pipeRow(t, "a FIFO that nobody writes yet", func(ctx context.Context, n *netTest) {
		f := n.fifo(os.O_RDONLY | syscall.O_NONBLOCK)
		path := f.Name()
		r := n.readPipe(ctx, f)
		n.passes(ctx)
		want(n, "history", r.history(), "made")
		w := n.openFile(path, os.O_WRONLY|syscall.O_NONBLOCK) // which fails without a reader
		n.say(w, "first")
		n.check(w.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n, "data", string(r.data), "first")
		want(n, "history", r.history(), "made data eof lost")
		if _, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); !errors.Is(err, syscall.ENXIO) {
			n.Errorf("a FIFO without a reader is opened: %v", err)
		}
	})
	readRow(t, "closed with data unread", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		n.check(r.transport.PauseReading())
		n.say(w, "never read")
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n, "history", r.history(), "made lost")
		_, err := w.WriteString("nobody there")
		wantError(n, err, syscall.EPIPE)
	})
	readRow(t, "buffered protocol", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		b := &bufferedRecorder{size: 3}
		n.check(r.transport.SetProtocol(b))
		n.say(w, "0123456")
		n.check(w.Close())
		n.until(ctx, "the end", func() bool { return b.lost })
		want(n, "data", string(b.data), "0123456")
		want(n, "history", b.history(), "updated 3 updated 3 updated 1 eof lost")
		r.lost = true
	})
}

// TestReadPipeFailures: what only a scripted stream does.
func TestReadPipeFailures(t *testing.T) {
	t.Parallel()
	fakeRow(t, "unix.038.rpipe-close-with-error", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{}
		tr, fs := n.fakedPipe(ctx, false, r)
		want(n, "reading", fs.reading, true)
		fs.h.ReadFailed(errBoom)
		if fs.reading || !tr.IsClosing() || r.lost {
			n.Errorf("reading=%v closing=%v lost=%v", fs.reading, tr.IsClosing(), r.lost)
		}
		n.passes(ctx)
		if !r.lost || r.lostErr != errBoom || !fs.closed {
			n.Errorf("lost=%v with %v, closed=%v", r.lost, r.lostErr, fs.closed)
		}
	})
}
