//go:build unix

package asyncio_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// pipe makes a pipe.
func (n *netTest) pipe() (r, w *os.File) {
	n.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// readPipe gives a pipe to the loop, to read.
func (n *netTest) readPipe(ctx context.Context, f *os.File) *recorder {
	n.Helper()
	p := &recorder{}
	if _, _, err := n.l.ConnectReadPipe(ctx, func() asyncio.Protocol { return p }, f); err != nil {
		n.Fatal(err)
	}
	return p
}

// writePipe gives a pipe to the loop, to write.
func (n *netTest) writePipe(ctx context.Context, f *os.File) *recorder {
	n.Helper()
	p := &recorder{}
	if _, _, err := n.l.ConnectWritePipe(ctx, func() asyncio.Protocol { return p }, f); err != nil {
		n.Fatal(err)
	}
	return p
}

// TestPipe: what is written at one end comes out at the other, however much it is, and
// the end of each side is that of the other.
func TestPipe(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Unpinned, func(t *testing.T) {
		n := newNetTest(t)
		n.run(func(ctx context.Context) {
			r, w := n.pipe()
			reader, writer := n.readPipe(ctx, r), n.writePipe(ctx, w)
			much := strings.Repeat("0123456789abcdef", 1<<16)
			_, err := writer.transport.Write([]byte(much))
			n.check(err)
			n.until(ctx, "all of it", func() bool { return len(reader.data) >= len(much) })
			want(t, "what came is what was written", string(reader.data) == much, true)
			n.check(writer.transport.WriteEOF())
			n.until(ctx, "the end", func() bool { return reader.lost && writer.lost })
			want(t, "the reader's history", reader.history(), "made data eof lost")
			want(t, "the writer's history", writer.history(), "made pause resume lost")
			want(t, "the reader's reason", reader.lostErr, nil)
			want(t, "the writer's reason", writer.lostErr, nil)
		})
	})
}
