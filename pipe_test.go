package asyncio_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestPipe: both ends of pipes, on every loop that has them.
func TestPipe(t *testing.T) {
	t.Parallel()
	readRow(t, "events.035.read-pipe", func(ctx context.Context, n *netTest, w *os.File, r *recorder) {
		n.say(w, "1")
		n.until(ctx, "a byte", func() bool { return string(r.data) == "1" })
		n.say(w, "2345")
		n.until(ctx, "more", func() bool { return string(r.data) == "12345" })
		want(n, "history", r.history(), "made data")
		n.check(w.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n, "history", r.history(), "made data eof lost")
		want(n, "reason", r.lostErr, nil)
		if pipeOf(r.transport) == 0 {
			n.Error("the pipe is not known")
		}
	})
	t.Run("events.036.unclosed-pipe-transport", func(t *testing.T) {
		t.Parallel()
		overLoops(t, hasPipes, func(t *testing.T) {
			n := &netTest{T: t, l: mustLoop(t, silent)}
			var transports []fmt.Stringer
			n.run(func(ctx context.Context) {
				r, _ := n.toRead(ctx)
				w, _ := n.toWrite(ctx)
				transports = append(transports, r.transport.(fmt.Stringer), w.transport.(fmt.Stringer))
			})
			for _, tr := range transports {
				if s := tr.String(); !strings.Contains(s, "PipeTransport fd=") || strings.Contains(s, "clos") {
					n.Errorf("described as %s", s)
				}
			}
			n.check(n.l.Close())
			for _, tr := range transports {
				if s := tr.String(); !strings.Contains(s, "PipeTransport closed") {
					n.Errorf("after the loop's end described as %s", s)
				}
			}
		})
	})
	writeRow(t, "events.038.write-pipe", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		for _, text := range []string{"1", "2345"} {
			k, err := w.transport.Write([]byte(text))
			want(n, "written", k, len(text))
			n.check(err)
			n.until(ctx, "nothing to be buffered", func() bool { return w.transport.GetWriteBufferSize() == 0 })
			want(n, "what came", n.hear(r, len(text)), text)
		}
		if pipeOf(w.transport) == 0 || w.history() != "made" {
			n.Errorf("pipe %d, history %s", pipeOf(w.transport), w.history())
		}
		n.check(w.transport.Close())
		n.until(ctx, "the end", func() bool { return w.lost })
		want(n, "reason", w.lostErr, nil)
		want(n, "the end", n.hear(r, 1), "")
	})
	writeRow(t, "reader that goes", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		n.check(r.Close())
		n.until(ctx, "word of it", func() bool { return w.lost })
		want(n, "reason", w.lostErr, nil)
		want(n, "history", w.history(), "made lost")
	})
	pipeRow(t, "from one end to the other", func(ctx context.Context, n *netTest) {
		r, w := n.loopPipe(ctx)
		much := strings.Repeat("0123456789abcdef", 1<<16)
		_, err := w.transport.Write([]byte(much))
		n.check(err)
		n.until(ctx, "all of it", func() bool { return len(r.data) >= len(much) })
		want(n, "what came is what was written", string(r.data) == much, true)
		n.check(w.transport.WriteEOF())
		n.until(ctx, "the end", func() bool { return r.lost && w.lost })
		want(n, "the reader's history", r.history(), "made data eof lost")
		want(n, "the writer's history", w.history(), "made pause resume lost")
	})
}

// TestWritePipeEOF: to end writing is to close, over every loop; the rows are about those
// over a proactor.
func TestWritePipeEOF(t *testing.T) {
	t.Parallel()
	writeRow(t, "proactor.020a.write-eof-pipe", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		n.check(w.transport.WriteEOF())
		if !w.transport.IsClosing() || w.lost {
			n.Errorf("closing=%v lost=%v", w.transport.IsClosing(), w.lost)
		}
		n.check(asyncio.Sleep(ctx, 0))
		want(n, "lost in the next step", w.lost, true)
		want(n, "the end", n.hear(r, 1), "")
	})
	writeRow(t, "proactor.020b.write-eof-pipe-after-send", func(ctx context.Context, n *netTest, r *os.File, w *recorder) {
		sent := n.fillPipe(w.transport)
		n.check(w.transport.WriteEOF())
		n.passes(ctx)
		if !w.transport.IsClosing() || w.lost {
			n.Errorf("closing=%v lost=%v with a send pending", w.transport.IsClosing(), w.lost)
		}
		got := make(chan string, 1)
		go func() { got <- n.hear(r, len(sent)+1) }()
		n.until(ctx, "the end", func() bool { return w.lost })
		if data := receive(ctx, n, "the data", got); data != string(sent) || w.lostErr != nil {
			n.Errorf("%d bytes arrived of %d; lost with %v", len(data), len(sent), w.lostErr)
		}
	})
}
