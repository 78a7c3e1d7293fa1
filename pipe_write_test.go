//go:build unix

package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestWritePipe: how a pipe is written, over real ones.
func TestWritePipe(t *testing.T) {
	t.Parallel()
	pipeRow(t, "unix.041.wpipe-start", func(ctx context.Context, n *netTest) {
		_, pw := n.pipe()
		sw, _ := n.socketFiles()
		for _, f := range []*os.File{pw, sw} {
			w := n.writePipe(ctx, f)
			if i := n.interest(pipeOf(w.transport)); i != "read" || w.transport.IsReading() {
				n.Errorf("%s: registered for %q, reading=%v", f.Name(), i, w.transport.IsReading())
			}
			n.endPipe(ctx, w)
		}
	})
	writeRow(t, "unix.042.wpipe-can-write-eof", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		want(n, "it can", w.transport.CanWriteEOF(), true)
	})
	writeRow(t, "unix.045a.wpipe-peer-closed", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		n.check(r.Close())
		n.until(ctx, "the closing", func() bool { return w.transport.IsClosing() })
		if i := n.interest(pipeOf(w.transport)); i != "" && !w.lost {
			n.Errorf("registered for %q", i)
		}
		n.until(ctx, "the end", func() bool { return w.lost })
		want(n, "reason", w.lostErr, nil)
		want(n, "history", w.history(), "made lost")
	})
	writeRow(t, "unix.045b.wpipe-peer-closed-buffered", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		n.fillPipe(w.transport)
		n.check(r.Close())
		n.until(ctx, "the end", func() bool { return w.lost })
		wantError(n, w.lostErr, syscall.EPIPE)
		want(n, "buffered", w.transport.GetWriteBufferSize(), 0)
	})
	writeRow(t, "unix.047.wpipe-abort", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		sent := n.fillPipe(w.transport)
		unsent := w.transport.GetWriteBufferSize()
		w.transport.Abort()
		if w.transport.GetWriteBufferSize() != 0 || !w.transport.IsClosing() || n.interest(pipeOf(w.transport)) != "" || w.lost {
			n.Errorf("%d bytes buffered, closing=%v, registered for %q, lost=%v", w.transport.GetWriteBufferSize(),
				w.transport.IsClosing(), n.interest(pipeOf(w.transport)), w.lost)
		}
		n.until(ctx, "the end", func() bool { return w.lost })
		want(n, "reason", w.lostErr, nil)
		if got := n.hear(r, len(sent)); got != string(sent[:len(sent)-unsent]) {
			n.Errorf("%d bytes arrived of %d, of which %d were buffered", len(got), len(sent), unsent)
		}
	})
	writeRow(t, "unix.048.wpipe-connection-lost", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		fd := pipeOf(w.transport)
		w.onLost = func(error) {
			if w.transport.GetProtocol() == nil {
				n.Error("its protocol is forgotten before that is told")
			}
		}
		n.check(w.transport.Close())
		n.until(ctx, "the end", func() bool { return w.lost })
		if got := n.hear(r, 1); got != "" {
			n.Errorf("%q in place of the end", got) // which would not come if the pipe was open
		}
		if w.transport.GetProtocol() != nil || w.lostErr != nil || pipeOf(w.transport) != fd {
			n.Errorf("protocol %v, lost with %v", w.transport.GetProtocol(), w.lostErr)
		}
	})
	writeRow(t, "unix.049a.wpipe-write-eof", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		for range 2 {
			n.check(w.transport.WriteEOF())
			want(n, "closing", w.transport.IsClosing(), true)
			want(n, "lost", w.lost, false)
		}
		_, err := w.transport.Write([]byte("late"))
		wantError(n, err, asyncio.ErrInvalidState)
		n.until(ctx, "the end", func() bool { return w.lost })
		want(n, "reason", w.lostErr, nil)
		want(n, "what came", n.hear(r, 1), "")
	})
	writeRow(t, "unix.049b.wpipe-write-eof-pending", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		sent := n.fillPipe(w.transport)
		n.check(w.transport.WriteEOF())
		n.passes(ctx)
		if !w.transport.IsClosing() || w.lost {
			n.Errorf("closing=%v lost=%v", w.transport.IsClosing(), w.lost)
		}
		got := make(chan string, 1)
		go func() { got <- n.hear(r, len(sent)+1) }()
		n.until(ctx, "the end", func() bool { return w.lost })
		if data := receive(ctx, n, "the data", got); data != string(sent) || w.lostErr != nil {
			n.Errorf("%d bytes arrived of %d; lost with %v", len(data), len(sent), w.lostErr)
		}
	})
	writeRow(t, "closing while it flushes", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		n.fillPipe(w.transport)
		n.check(w.transport.Close())
		if _, err := w.transport.Write([]byte("late")); err == nil {
			n.Error("a pipe that is closing takes more")
		}
		if err := w.transport.WriteLines([][]byte{[]byte("late")}); err == nil {
			n.Error("a pipe that is closing takes more lines")
		}
		n.check(r.Close())
		n.until(ctx, "the end", func() bool { return w.lost })
		wantError(n, w.lostErr, syscall.EPIPE)
	})
	writeRow(t, "no reading", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		for what, err := range map[string]error{"Pause": w.transport.PauseReading(), "Resume": w.transport.ResumeReading()} {
			if !errors.Is(err, errors.ErrUnsupported) {
				n.Errorf("%s: %v", what, err)
			}
		}
		n.check(r.Close())
		n.until(ctx, "word of the reader", func() bool { return w.lost })
	})
	pipeRow(t, "events.039.write-pipe-peer-closes", func(ctx context.Context, n *netTest) {
		mine, peer := n.socketFiles()
		w := n.writePipe(ctx, mine)
		_, err := w.transport.Write([]byte("x"))
		n.check(err)
		want(n, "what came", n.hear(peer, 1), "x")
		want(n, "history", w.history(), "made")
		n.check(peer.Close())
		n.until(ctx, "word of it", func() bool { return w.lost })
		want(n, "history", w.history(), "made lost")
		want(n, "reason", w.lostErr, nil)
	})
	pipeRow(t, "peer that writes", func(ctx context.Context, n *netTest) {
		mine, peer := n.socketFiles()
		w := n.writePipe(ctx, mine)
		n.say(peer, "is not for you")
		fd := pipeOf(w.transport)
		n.until(ctx, "no interest", func() bool { return n.interest(fd) == "" })
		n.passes(ctx)
		want(n, "history", w.history(), "made")
		_, err := w.transport.Write([]byte("still here"))
		n.check(err)
		want(n, "what came", n.hear(peer, 10), "still here")
		n.endPipe(ctx, w)
	})
	pipeRow(t, "its own reader", func(ctx context.Context, n *netTest) {
		f := n.fifo(os.O_RDWR)
		w := n.writePipe(ctx, f)
		_, err := w.transport.Write([]byte("to myself"))
		n.check(err)
		fd := pipeOf(w.transport)
		n.until(ctx, "no interest", func() bool { return n.interest(fd) == "" })
		want(n, "history", w.history(), "made")
		n.endPipe(ctx, w)
	})
}

// TestWritePipeScripted: what becomes of each write, and what only a scripted stream does.
func TestWritePipeScripted(t *testing.T) {
	t.Parallel()
	row := func(id string, f func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder)) {
		fakeRow(t, id, func(ctx context.Context, n *netTest) {
			w := &recorder{}
			tr, fs := n.fakedPipe(ctx, true, w)
			f(ctx, n, tr, fs, w)
		})
	}
	write := func(n *netTest, tr asyncio.Transport, text string) {
		n.Helper()
		if k, err := tr.Write([]byte(text)); k != len(text) || err != nil {
			n.Errorf("Write = %d, %v", k, err)
		}
	}
	row("unix.043a.wpipe-write-empty", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		write(n, tr, "")
		if fs.wrote != nil || fs.sending || tr.GetWriteBufferSize() != 0 {
			n.Errorf("wrote %q, sending=%v", fs.wrote, fs.sending)
		}
	})
	row("unix.043b.wpipe-write-partial", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 2
		write(n, tr, "12345")
		if string(fs.wrote) != "12" || !fs.sending || string(bytes.Join(fs.h.Outgoing(nil), nil)) != "345" {
			n.Errorf("wrote %q, sending=%v, buffered %q", fs.wrote, fs.sending, fs.h.Outgoing(nil))
		}
	})
	row("unix.043c.wpipe-write-behind-buffer", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "previous ")
		fs.accept = -1
		write(n, tr, "data")
		if fs.wrote != nil || string(bytes.Join(fs.h.Outgoing(nil), nil)) != "previous data" {
			n.Errorf("wrote %q, buffered %q", fs.wrote, fs.h.Outgoing(nil))
		}
	})
	row("unix.043d.wpipe-write-would-block", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "data")
		if !fs.sending || tr.GetWriteBufferSize() != 4 || w.transport.IsClosing() {
			n.Errorf("sending=%v, %d bytes buffered", fs.sending, tr.GetWriteBufferSize())
		}
	})
	row("unix.044.wpipe-write-error", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		n.l.SetDebug(true)
		fs.accept, fs.err = 0, syscall.EPIPE
		_, err := tr.Write([]byte("data"))
		wantError(n, err, syscall.EPIPE)
		want(n.T, "lost writes", asyncio.LostWrites(tr), 0)
		if !tr.IsClosing() || n.log.Count("Fatal write error on pipe transport") != 1 {
			n.Errorf("closing=%v; logged %v", tr.IsClosing(), n.log)
		}
		const warning = "pipe closed by peer or os.write(pipe, data) raised exception."
		for i := range 7 {
			if _, err := tr.Write([]byte("data")); err == nil {
				n.Error("a write to a lost pipe succeeds")
			}
			want(n.T, "lost writes", asyncio.LostWrites(tr), i+1)
			if told := n.log.Count(warning); told != map[bool]int{true: 1}[i+1 >= 5] {
				n.Errorf("after %d late writes: warned %d times", i+1, told)
			}
		}
		n.passes(ctx)
		wantError(n, w.lostErr, syscall.EPIPE)
		if n.log.Count("os.write(pipe, data) raised exception 2 more times.") != 1 {
			n.Errorf("logged %v", n.log)
		}
	})
	row("unix.046a.wpipe-flush-all", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "data")
		fs.writable(-1, nil)
		if string(fs.wrote) != "data" || fs.sending || tr.GetWriteBufferSize() != 0 {
			n.Errorf("wrote %q, sending=%v", fs.wrote, fs.sending)
		}
	})
	row("unix.046b.wpipe-flush-partial", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "data")
		for _, c := range []struct {
			took int
			left string
		}{{0, "data"}, {3, "a"}} {
			fs.writable(c.took, nil)
			if got := string(bytes.Join(fs.h.Outgoing(nil), nil)); got != c.left || !fs.sending {
				n.Errorf("after %d bytes: buffered %q, sending=%v", c.took, got, fs.sending)
			}
		}
	})
	row("unix.046c.wpipe-flush-error", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "data")
		fs.sending = false
		fs.h.Sent(0, syscall.EPIPE)
		if tr.GetWriteBufferSize() != 0 || fs.sending || fs.reading || !tr.IsClosing() {
			n.Errorf("%d bytes buffered, sending=%v reading=%v closing=%v", tr.GetWriteBufferSize(), fs.sending, fs.reading, tr.IsClosing())
		}
		n.passes(ctx)
		wantError(n, w.lostErr, syscall.EPIPE) // and that nothing was reported, the test sees to
	})
	row("unix.046d.wpipe-flush-closing", func(ctx context.Context, n *netTest, tr asyncio.Transport, fs *fakeStream, w *recorder) {
		fs.accept = 0
		write(n, tr, "data")
		n.check(tr.Close())
		want(n.T, "watching", fs.reading, false)
		fs.writable(-1, nil)
		n.passes(ctx)
		if string(fs.wrote) != "data" || fs.sending || !w.lost || w.lostErr != nil || !fs.closed {
			n.Errorf("wrote %q, sending=%v, lost=%v with %v, closed=%v", fs.wrote, fs.sending, w.lost, w.lostErr, fs.closed)
		}
	})
}
