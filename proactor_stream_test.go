package asyncio_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// errIO is an error of the system's that says nothing of the peer.
const errIO = syscall.EIO

// TestProactorReading: what a connection receives over completion.
func TestProactorReading(t *testing.T) {
	t.Parallel()
	portConnectionRow(t, "proactor.001.loop-reading-first", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		n.until(ctx, "a receive", func() bool { return w.underway(proactors.Receive, fd) == 1 })
		n.passes(ctx)
		if w.posted[about(proactors.Receive, fd)] != 1 || r.history() != "made" {
			n.Errorf("posted %v, %s", w.posted, r.history())
		}
	})
	portConnectionRow(t, "proactor.002.loop-reading-data", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		fd, calls := socketOf(r.transport), 0
		r.onData = func([]byte) { calls++ }
		// The receive that goes on is one that repeats, or the next one.
		for i, want := range []string{"a", "abc", "abcdef", "abcdefghij", "abcdefghij!", "abcdefghij!?"} {
			c.Write([]byte(want[len(r.data):]))
			n.until(ctx, "the data", func() bool { return string(r.data) == want })
			if k := w.underway(proactors.Receive, fd); calls != i+1 || k != 1 {
				n.Errorf("%q was received in %d calls, %d receives under way", want, calls, k)
			}
		}
	})
	for _, open := range []bool{false, true} {
		row := map[bool]string{false: "proactor.003.loop-reading-eof", true: "proactor.003.loop-reading-eof_stays"}[open]
		portConnectionRow(t, row, func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
			fd := socketOf(r.transport)
			r.keepOpen = open
			c.Write([]byte("x"))
			n.until(ctx, "the data", func() bool { return len(r.data) == 1 })
			n.check(c.CloseWrite())
			n.until(ctx, "the end of the stream", func() bool { return strings.Contains(r.history(), "eof") })
			if r.transport.IsClosing() == open {
				n.Errorf("closing=%v", r.transport.IsClosing())
			}
			before := w.posted[about(proactors.Receive, fd)]
			n.passes(ctx)
			if w.underway(proactors.Receive, fd) != 0 || w.posted[about(proactors.Receive, fd)] != before {
				n.Error("it goes on receiving")
			}
			if r.lost == open || r.lostErr != nil {
				n.Errorf("lost=%v with %v", r.lost, r.lostErr)
			}
		})
	}
	portConnectionRow(t, "proactor.004a.loop-reading-aborted", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		readFatal(ctx, n, w, r, errConnAborted)
	})
	portConnectionRow(t, "proactor.006.loop-reading-os-error", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		readFatal(ctx, n, w, r, errIO)
	})
	portConnectionRow(t, "proactor.004b.loop-reading-aborted-closing", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.l.SetDebug(true)
		n.sending(ctx, w, r, "data")
		n.check(r.transport.Close())
		w.fail(proactors.Receive, socketOf(r.transport), errConnAborted)
		n.passes(ctx)
		if r.lost || n.log.Count("Fatal") != 0 {
			n.Errorf("lost=%v, logged %v", r.lost, n.log)
		}
		w.release()
		n.until(ctx, "the end", func() bool { return r.lost })
		if got := n.arrived(ctx, c, 5); got != "data" || r.lostErr != nil {
			n.Errorf("the peer got %q, lost with %v", got, r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.005.loop-reading-reset", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		w.fail(proactors.Receive, socketOf(r.transport), errConnReset)
		n.until(ctx, "the end", func() bool { return r.lost })
		if !errors.Is(r.lostErr, errConnReset) || n.log.String() != "" {
			n.Errorf("lost with %v, logged %v", r.lostErr, n.log)
		}
	})
	portConnectionRow(t, "proactor.021.pause-resume", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		n.until(ctx, "a receive", func() bool { return w.underway(proactors.Receive, fd) == 1 })
		// Pausing and going on at once: the receive that there is stays the only one.
		n.check(r.transport.PauseReading())
		n.check(r.transport.ResumeReading())
		n.passes(ctx)
		if k := w.posted[about(proactors.Receive, fd)]; k != 1 {
			n.Errorf("%d receives were posted", k)
		}
		want := ""
		for _, piece := range []string{"one", "two", "three", "four", "five", "six"} {
			n.check(r.transport.PauseReading())
			n.check(r.transport.PauseReading())
			ended := w.ended[about(proactors.Receive, fd)]
			c.Write([]byte(piece))
			n.until(ctx, "the receive", func() bool { return w.ended[about(proactors.Receive, fd)] > ended })
			n.passes(ctx)
			if string(r.data) != want {
				n.Fatalf("%q was delivered while paused, %q before", r.data, want)
			}
			c.Write([]byte("-"))
			n.check(r.transport.ResumeReading())
			n.check(r.transport.ResumeReading())
			want += piece + "-"
			n.until(ctx, "what was held back", func() bool { return string(r.data) == want })
		}
	})
	portRow(t, "proactor.022.pause-in-connection-made", func(ctx context.Context, n *netTest, w *watchedProactor) {
		c, r := n.raw(ctx, func(r *recorder) {
			r.onMade = func(t asyncio.Transport) { n.check(t.PauseReading()) }
		})
		c.Write([]byte("data"))
		n.passes(ctx)
		if w.posted[about(proactors.Receive, socketOf(r.transport))] != 0 || r.history() != "made" {
			n.Errorf("posted %v, %s", w.posted, r.history())
		}
		n.check(r.transport.ResumeReading())
		n.until(ctx, "the data", func() bool { return string(r.data) == "data" })
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
	})
}

// readFatal: the receive fails with an error of the system's.
func readFatal(ctx context.Context, n *netTest, w *watchedProactor, r *recorder, err syscall.Errno) {
	n.Helper()
	n.l.SetDebug(true)
	w.fail(proactors.Receive, socketOf(r.transport), err)
	n.until(ctx, "the end", func() bool { return r.lost })
	if r.lostErr != error(err) || n.log.Count("Fatal read error on socket transport") != 1 || len(n.reported) != 0 {
		n.Errorf("lost with %v, reported %v, logged %v", r.lostErr, n.reported, n.log)
	}
}

// sending has the transport write what the proactor then holds back.
func (n *netTest) sending(ctx context.Context, w *watchedProactor, r *recorder, data string) {
	n.Helper()
	w.hold = true
	if k, err := r.transport.Write([]byte(data)); k != len(data) || err != nil {
		n.Errorf("Write = %d, %v", k, err)
	}
	n.until(ctx, "a send", func() bool { return w.underway(proactors.Send, socketOf(r.transport)) == 1 })
}

// TestProactorWriting: what a connection sends over completion.
func TestProactorWriting(t *testing.T) {
	t.Parallel()
	portConnectionRow(t, "proactor.007a.write-idle", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		// The transport has no buffer; what the system does not have yet counts.
		if k, err := r.transport.Write([]byte("data")); k != 4 || err != nil || r.transport.GetWriteBufferSize() != 4 {
			n.Errorf("Write = %d, %v; %d bytes buffered", k, err, r.transport.GetWriteBufferSize())
		}
		if asyncio.Sending(r.transport) {
			n.Error("the transport has a buffer")
		}
		waits := w.waits
		n.until(ctx, "the next look at the proactor", func() bool { return w.waits > waits })
		if len(w.sends) != 1 || w.sends[0] != "data" {
			n.Errorf("sends %q", w.sends)
		}
		if got := n.arrived(ctx, c, 4); got != "data" || r.transport.GetWriteBufferSize() != 0 {
			n.Errorf("the peer got %q, %d bytes are buffered", got, r.transport.GetWriteBufferSize())
		}
	})
	portConnectionRow(t, "proactor.007b.write-empty", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		for _, p := range [][]byte{nil, {}} {
			if k, err := r.transport.Write(p); k != 0 || err != nil {
				n.Errorf("Write = %d, %v", k, err)
			}
		}
		n.passes(ctx)
		if len(w.sends) != 0 || r.transport.GetWriteBufferSize() != 0 {
			n.Errorf("sends %q, %d bytes buffered", w.sends, r.transport.GetWriteBufferSize())
		}
	})
	portConnectionRow(t, "proactor.007c.write-busy", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "one")
		r.transport.Write([]byte("two"))
		n.passes(ctx)
		if len(w.sends) != 1 || r.transport.GetWriteBufferSize() != len("onetwo") {
			n.Errorf("sends %q, %d bytes buffered", w.sends, r.transport.GetWriteBufferSize())
		}
		w.release()
		if got := n.arrived(ctx, c, 6); got != "onetwo" {
			n.Errorf("the peer got %q", got)
		}
	})
	portConnectionRow(t, "proactor.008.loop-writing", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "one")
		for _, s := range []string{"two", "three", "four"} {
			r.transport.Write([]byte(s))
		}
		w.release()
		if got := n.arrived(ctx, c, 15); got != "onetwothreefour" {
			n.Errorf("the peer got %q", got)
		}
		n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
		if len(w.sends) != 2 || w.sends[1] != "twothreefour" {
			n.Errorf("sends %q", w.sends)
		}
	})
	portConnectionRow(t, "proactor.009.loop-writing-error", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		n.l.SetDebug(true)
		n.sending(ctx, w, r, "data")
		r.transport.Write([]byte("more"))
		w.fail(proactors.Send, socketOf(r.transport), errIO)
		n.until(ctx, "the end", func() bool { return r.transport.IsClosing() })
		for i := range 7 {
			if k, err := r.transport.Write([]byte("late")); k != 0 || !errors.Is(err, net.ErrClosed) || r.transport.GetWriteBufferSize() != 0 {
				n.Errorf("Write = %d, %v; %d bytes buffered", k, err, r.transport.GetWriteBufferSize())
			}
			if k := n.log.Count("socket.send() raised exception."); k != min(1, (i+1)/5) {
				n.Errorf("%d late writes, %d of them logged", i+1, k)
			}
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr != error(errIO) || n.log.Count("Fatal write error on socket transport") != 1 || len(w.sends) != 1 {
			n.Errorf("lost with %v, sends %q, logged %v", r.lostErr, w.sends, n.log)
		}
	})
	portConnectionRow(t, "proactor.019a.write-eof", func(ctx context.Context, n *netTest, _ *watchedProactor, c *net.TCPConn, r *recorder) {
		if !r.transport.CanWriteEOF() {
			n.Error("CanWriteEOF is false")
		}
		for range 2 {
			n.check(r.transport.WriteEOF())
		}
		if got := n.arrived(ctx, c, 1); got != "" {
			n.Errorf("the peer got %q", got)
		}
		c.Write([]byte("answer"))
		n.until(ctx, "the answer", func() bool { return string(r.data) == "answer" })
		if r.transport.IsClosing() {
			n.Error("the connection is closed")
		}
	})
	portConnectionRow(t, "proactor.019b.write-eof-after-send", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "data")
		for range 2 {
			n.check(r.transport.WriteEOF())
		}
		n.passes(ctx)
		w.release() // had the sending side been shut down, the send would fail
		if got := n.arrived(ctx, c, 5); got != "data" || r.transport.IsClosing() {
			n.Errorf("the peer got %q, closing=%v", got, r.transport.IsClosing())
		}
	})
	portConnectionRow(t, "proactor.023a.pause-writing-over-high", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.check(r.transport.SetWriteBufferLimits(4, 0))
		n.sending(ctx, w, r, "0123456789")
		n.until(ctx, "the pause", func() bool { return r.history() == "made pause" })
		if r.transport.GetWriteBufferSize() != 10 {
			n.Errorf("%d bytes buffered", r.transport.GetWriteBufferSize())
		}
		w.release()
		n.until(ctx, "the end of the pause", func() bool { return r.history() == "made pause resume" })
		if got := n.arrived(ctx, c, 10); got != "0123456789" || r.transport.GetWriteBufferSize() != 0 {
			n.Errorf("the peer got %q, %d bytes buffered", got, r.transport.GetWriteBufferSize())
		}
	})
	portConnectionRow(t, "proactor.023b.pause-writing-counts-inflight", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.check(r.transport.SetWriteBufferLimits(4, 0))
		n.sending(ctx, w, r, "1")
		r.transport.Write([]byte("23"))
		n.passes(ctx)
		if r.history() != "made" || r.transport.GetWriteBufferSize() != 3 {
			n.Errorf("%s with %d bytes buffered", r.history(), r.transport.GetWriteBufferSize())
		}
		r.transport.Write([]byte("456"))
		if r.history() != "made pause" || r.transport.GetWriteBufferSize() != 6 {
			n.Errorf("%s with %d bytes buffered", r.history(), r.transport.GetWriteBufferSize())
		}
		w.release()
		n.until(ctx, "the end of the pause", func() bool { return r.history() == "made pause resume" })
		if got := n.arrived(ctx, c, 6); got != "123456" {
			n.Errorf("the peer got %q", got)
		}
	})
}

// TestProactorEnd: how a connection ends over completion.
func TestProactorEnd(t *testing.T) {
	t.Parallel()
	portConnectionRow(t, "proactor.010.loop-writing-closing", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "one")
		r.transport.Write([]byte("two"))
		n.check(r.transport.Close())
		w.release()
		n.until(ctx, "the end", func() bool { return r.lost })
		if got := n.arrived(ctx, c, 7); got != "onetwo" || r.lostErr != nil {
			n.Errorf("the peer got %q, lost with %v", got, r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.011.abort", func(ctx context.Context, n *netTest, _ *watchedProactor, c *net.TCPConn, r *recorder) {
		r.transport.Abort()
		if !r.transport.IsClosing() || r.lost {
			n.Errorf("closing=%v, lost=%v at once", r.transport.IsClosing(), r.lost)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if got := n.arrived(ctx, c, 1); got != "" || r.lostErr != nil {
			n.Errorf("the peer got %q, lost with %v", got, r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.012.close", func(ctx context.Context, n *netTest, _ *watchedProactor, _ *net.TCPConn, r *recorder) {
		n.check(r.transport.Close())
		if r.lost {
			n.Error("lost within Close")
		}
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		n.check(r.transport.Close())
		n.passes(ctx)
		if r.history() != "made lost" || r.lostErr != nil {
			n.Errorf("%s with %v", r.history(), r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.013.close-send-pending", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "one")
		r.transport.Write([]byte("two"))
		n.check(r.transport.Close())
		n.passes(ctx)
		if r.lost || !r.transport.IsClosing() {
			n.Errorf("lost=%v, closing=%v with a send under way", r.lost, r.transport.IsClosing())
		}
		w.release()
		if got := n.arrived(ctx, c, 7); got != "onetwo" {
			n.Errorf("the peer got %q", got)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
	})
	portConnectionRow(t, "proactor.015.fatal-error", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		n.expectErrors = true
		n.sending(ctx, w, r, "data")
		r.onData = func([]byte) { panic(errOdd) }
		c.Write([]byte("x"))
		n.until(ctx, "the end", func() bool { return r.lost })
		if len(n.reported) != 1 || !strings.HasPrefix(n.reported[0].Message, "Fatal error") || !errors.Is(n.reported[0].Err, errOdd) || !errors.Is(r.lostErr, errOdd) {
			n.Errorf("reported %+v, lost with %v", n.reported, r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.016.force-close", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		n.sending(ctx, w, r, "one")
		r.transport.Write([]byte("two"))
		r.transport.Abort()
		if r.transport.GetWriteBufferSize() != 0 {
			n.Errorf("%d bytes buffered", r.transport.GetWriteBufferSize())
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if w.undone[about(proactors.Receive, fd)] != 1 || w.undone[about(proactors.Send, fd)] != 1 || r.lostErr != nil {
			n.Errorf("cancelled %v, lost with %v", w.undone, r.lostErr)
		}
		if w.hold = false; len(w.sends) != 1 {
			n.Errorf("sends %q", w.sends)
		}
	})
	portConnectionRow(t, "proactor.017.force-close-once", func(ctx context.Context, n *netTest, w *watchedProactor, _ *net.TCPConn, r *recorder) {
		n.sending(ctx, w, r, "one")
		n.check(r.transport.Close())
		n.passes(ctx)
		if r.lost {
			n.Error("lost with a send under way")
		}
		for range 3 {
			r.transport.Abort()
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		r.transport.Abort()
		n.passes(ctx)
		if r.history() != "made lost" || r.lostErr != nil {
			n.Errorf("%s with %v", r.history(), r.lostErr)
		}
	})
	portConnectionRow(t, "proactor.018.connection-lost-closes-socket", func(ctx context.Context, n *netTest, w *watchedProactor, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		r.onLost = func(error) {
			if a, err := sock.RemoteAddr(fd); err != nil || a.String() != c.LocalAddr().String() {
				n.Errorf("while the protocol is told the socket leads to %v, %v", a, err)
			}
		}
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		if got := n.arrived(ctx, c, 1); got != "" || w.underway(proactors.Receive, fd) != 0 {
			n.Errorf("the peer got %q, under way %v", got, w.flights)
		}
		if r.transport.GetExtraInfo("socket") != any(fd) || len(asyncio.Transports(n.l)) != 0 {
			n.Error("the connection is still listed")
		}
	})
}

// TestProactorDeadSocket is not parallel: the number of the descriptor that it
// closes is to stay nobody's.
func TestProactorDeadSocket(t *testing.T) {
	t.Run("proactor.014.close-dead-socket", func(t *testing.T) {
		overOpeners(t, func(t *testing.T, p proactors.Proactor) {
			w := watched(t, p)
			n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) { return asyncio.NewProactorEventLoop(w, o...) })
			n.run(func(ctx context.Context) {
				_, r := n.raw(ctx)
				n.passes(ctx)
				n.check(sock.Close(socketOf(r.transport)))
				n.check(r.transport.Close())
				n.until(ctx, "the end", func() bool { return r.lost })
				if r.history() != "made lost" || r.lostErr != nil || n.log.String() != "" {
					n.Errorf("%s with %v, logged %v", r.history(), r.lostErr, n.log)
				}
			})
		})
	})
}
