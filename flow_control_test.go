package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestFlowControl: the marks, and the protocol's part in them.
func TestFlowControl(t *testing.T) {
	t.Parallel()
	fakeRow(t, "protocols.012a.limits-order", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		if err := tr.SetWriteBufferLimits(0, 1); !errors.Is(err, asyncio.ErrInvalidArgument) {
			n.Errorf("high below low: %v", err)
		}
		if low, high := tr.GetWriteBufferLimits(); low != 16<<10 || high != 64<<10 {
			n.Errorf("limits %d, %d after the refusal", low, high)
		}
		tr.Abort()
	})
	fakeRow(t, "protocols.012b.limits-set", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		for _, c := range []struct{ high, low, wantLow, wantHigh int }{
			{1024, 128, 128, 1024}, {1024, -1, 256, 1024}, {-1, 100, 100, 400}, {-1, -1, 16 << 10, 64 << 10}, {0, 0, 0, 0},
		} {
			n.check(tr.SetWriteBufferLimits(c.high, c.low))
			if low, high := tr.GetWriteBufferLimits(); low != c.wantLow || high != c.wantHigh {
				n.Errorf("set (%d, %d): low %d, high %d", c.high, c.low, low, high)
			}
		}
		tr.Abort()
	})
	fakeRow(t, "protocols.012c.limits-lowered-pause", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write(make([]byte, 512))
		n.check(tr.SetWriteBufferLimits(256, -1))
		if r.history() != "made pause" || tr.GetWriteBufferSize() != 512 {
			n.Errorf("%s", r.history())
		}
		tr.Abort()
	})
}

// TestFlowControlOverSockets: a peer that reads slowly.
func TestFlowControlOverSockets(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.078a.write-low-water-resume", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		const low, high = 1 << 20, 4 << 20
		n.check(r.transport.SetWriteBufferLimits(high, low))
		sent := 0
		for chunk := pattern(1 << 18); r.transport.GetWriteBufferSize() <= high; sent += len(chunk) {
			if r.history() != "made" {
				n.Fatalf("%s with %d bytes buffered", r.history(), r.transport.GetWriteBufferSize())
			}
			r.transport.Write(chunk)
		}
		r.onResume = func() {
			if s := r.transport.GetWriteBufferSize(); s > low {
				n.Errorf("resumed with %d bytes buffered", s)
			}
		}
		var sizes []string
		for got := 0; got < sent; n.passes(ctx) {
			size := r.transport.GetWriteBufferSize()
			sizes = append(sizes, fmt.Sprint(size))
			want := "made pause"
			if size <= low {
				want = "made pause resume"
			}
			if r.history() != want {
				n.Fatalf("%s with these bytes buffered: %v", r.history(), sizes)
			}
			got += len(n.reads(c, min(1<<18, sent-size-got)))
		}
		if r.history() != "made pause resume" {
			n.Errorf("%s", r.history())
		}
	})
	connectionRow(t, "selev.078b.pause-callback-error", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		n.expectErrors = true
		r.onPause = func() { panic("in pause") }
		r.onResume = func() { panic("in resume") }
		sent := fill(n, r.transport)
		if r.history() == "made" { // what is buffered is below the mark
			more := pattern(asyncio.DefaultHighWater)
			r.transport.Write(more)
			sent = append(sent, more...)
		}
		if got := n.drain(ctx, c, r, len(sent)); !bytes.Equal(got, sent) || r.transport.IsClosing() {
			n.Errorf("%d bytes arrived of %d, closing=%v", len(got), len(sent), r.transport.IsClosing())
		}
		var messages []string
		for _, e := range n.reported {
			messages = append(messages, e.Message)
			if e.Transport != any(r.transport) || e.Protocol != any(r) {
				n.Errorf("reported %+v", e)
			}
		}
		if got := strings.Join(messages, ", "); got != "protocol.pause_writing() failed, protocol.resume_writing() failed" {
			n.Errorf("reported %s", got)
		}
	})
}
