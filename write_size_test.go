package asyncio_test

import (
	"bytes"
	"context"
	"net"
	"testing"
)

// TestWriteSize: what was written and the system does not have yet counts for
// GetWriteBufferSize, and so for the marks, wherever it is.
func TestWriteSize(t *testing.T) {
	t.Parallel()
	connectionRow(t, "counts", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		for k := 1; k <= 3; k++ {
			r.transport.Write([]byte("ten bytes."))
			if size := r.transport.GetWriteBufferSize(); size != n.held(10*k) {
				n.Errorf("%d bytes are buffered after %d writes, want %d", size, k, n.held(10*k))
			}
		}
		n.check(r.transport.WriteLines([][]byte{[]byte("five "), []byte("bytes")}))
		if size := r.transport.GetWriteBufferSize(); size != n.held(40) {
			n.Errorf("%d bytes are buffered after WriteLines, want %d", size, n.held(40))
		}
		n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
		if r.history() != "made" {
			n.Error(r.history())
		}
		if got := n.reads(c, 40); len(got) != 40 {
			n.Errorf("%d bytes arrived", len(got))
		}
	})
	connectionRow(t, "pauses", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		events := func(pauses int) string {
			if n.held(1) == 0 {
				return "made" // all of it is gone at once
			}
			s := "made"
			for range pauses {
				s += " pause resume"
			}
			return s
		}
		n.check(r.transport.SetWriteBufferLimits(0, 0))
		r.transport.Write([]byte("some"))
		if paused := r.history() == "made pause"; paused != (n.held(1) > 0) {
			n.Errorf("%q after a write above the mark of 0", r.history())
		}
		n.until(ctx, "to go on", func() bool { return r.history() == events(1) })
		// Small writes, none of which is above the mark by itself.
		n.check(r.transport.SetWriteBufferLimits(25, 5))
		for range 5 {
			r.transport.Write([]byte("ten bytes."))
		}
		n.until(ctx, "to go on", func() bool { return r.history() == events(2) })
		r.transport.Write([]byte("ten bytes."))
		n.check(r.transport.SetWriteBufferLimits(5, 5)) // the mark sinks below what there is
		n.until(ctx, "to go on", func() bool { return r.history() == events(3) })
		n.until(ctx, "nothing to be buffered", func() bool { return r.transport.GetWriteBufferSize() == 0 })
		want := append([]byte("some"), bytes.Repeat([]byte("ten bytes."), 6)...)
		if got := n.reads(c, len(want)); !bytes.Equal(got, want) {
			n.Errorf("the peer got %q", got)
		}
		// Whoever writes in ResumeWriting is not told twice of one rise.
		n.check(r.transport.SetWriteBufferLimits(0, 0))
		left := 3
		r.onResume = func() {
			if left--; left > 0 {
				r.transport.Write([]byte("more"))
			}
		}
		r.transport.Write([]byte("more"))
		if n.held(1) > 0 {
			n.until(ctx, "to go on", func() bool { return r.history() == events(6) && left == 0 })
		}
	})
	connectionRow(t, "ends-while-held", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.check(r.transport.SetWriteBufferLimits(0, 0))
		r.transport.Write([]byte("last words"))
		n.check(r.transport.Close())
		if got := n.drain(ctx, c, r, 10); string(got) != "last words" {
			n.Errorf("the peer got %q", got)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.transport.GetWriteBufferSize() != 0 || r.lostErr != nil {
			n.Errorf("%d bytes are buffered, lost with %v", r.transport.GetWriteBufferSize(), r.lostErr)
		}
	})
}
