package asyncio_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestTransportReading: how connections are read, over real sockets.
func TestTransportReading(t *testing.T) {
	t.Parallel()
	connectionRow(t, "selev.027.pause-resume-idempotent", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		fd := socketOf(r.transport)
		if i := n.interest(fd); !r.transport.IsReading() || i != "read" {
			n.Errorf("at first: reading=%v, registered for %q", r.transport.IsReading(), i)
		}
		for range 2 {
			n.check(r.transport.PauseReading())
			if r.transport.IsReading() {
				n.Error("reading after PauseReading")
			}
		}
		c.Write([]byte("data"))
		n.until(ctx, "no interest in reading", func() bool { return n.interest(fd) == "" })
		if r.history() != "made" {
			n.Errorf("%s while paused", r.history())
		}
		for range 2 {
			n.check(r.transport.ResumeReading())
			if i := n.interest(fd); !r.transport.IsReading() || i != "read" {
				n.Errorf("after ResumeReading: reading=%v, registered for %q", r.transport.IsReading(), i)
			}
		}
		n.until(ctx, "the data", func() bool { return string(r.data) == "data" })
		n.check(r.transport.Close())
		if r.transport.IsReading() {
			n.Error("reading after Close")
		}
	})
	netRow(t, "selev.028.pause-in-connection-made", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c, r := n.raw(ctx, func(r *recorder) {
				r.onMade = func(t asyncio.Transport) { n.check(t.PauseReading()) }
			})
			fd := socketOf(r.transport)
			c.Write([]byte("data"))
			n.passes(ctx)
			if i := n.interest(fd); i != "" || r.transport.IsReading() || r.history() != "made" {
				n.Errorf("registered for %q, reading=%v, %s although ConnectionMade paused it", i, r.transport.IsReading(), r.history())
			}
			n.check(r.transport.ResumeReading())
			if i := n.interest(fd); i != "read" || !r.transport.IsReading() {
				n.Errorf("after ResumeReading: registered for %q, reading=%v", i, r.transport.IsReading())
			}
			n.until(ctx, "the data", func() bool { return string(r.data) == "data" })
			r.transport.Abort()
			n.until(ctx, "the end", func() bool { return r.lost })
		})
	})
	connectionRow(t, "selev.030.read-ready-data", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		for _, want := range []string{"data", "datamore"} {
			c.Write([]byte(want[len(r.data):]))
			n.until(ctx, "the data", func() bool { return string(r.data) == want })
		}
		want := pattern(1 << 20) // more than one receive brings
		calls := 0
		r.data = nil
		r.onData = func(p []byte) {
			if calls++; len(p) == 0 {
				n.Error("nothing was received")
			}
		}
		go c.Write(want)
		n.until(ctx, "the data", func() bool { return len(r.data) == len(want) })
		if string(r.data) != string(want) || calls < 2 {
			n.Errorf("wrong data, in %d calls", calls)
		}
	})
	connectionRow(t, "selev.052.protocol-switch", func(ctx context.Context, n *netTest, c *net.TCPConn, r *recorder) {
		b := &bufferedRecorder{size: 10}
		send := func(to *recorder, p, want string) {
			c.Write([]byte(p))
			n.until(ctx, "the data", func() bool { return string(to.data) == want })
		}
		tr := r.transport
		send(r, "one", "one")
		n.check(tr.SetProtocol(b))
		if tr.GetProtocol() != asyncio.Protocol(b) {
			n.Error("GetProtocol is not what was set")
		}
		send(&b.recorder, "two", "two")
		if len(b.hints) != 1 || b.hints[0] != -1 || b.history() != "updated 3" {
			n.Errorf("hints %v, %s", b.hints, b.history())
		}
		n.check(tr.SetProtocol(r))
		send(r, "three", "onethree")
		if err := tr.SetProtocol(nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
			n.Errorf("SetProtocol(nil): %v", err)
		}
		if len(b.hints) != 1 || string(b.data) != "two" {
			n.Error("the buffered protocol is still asked")
		}
	})
	netRow(t, "selev.033.read-conn-reset", func(n *netTest) { readReset(n, &recorder{}, "made data lost") })
	netRow(t, "selev.057.buffered-conn-reset", func(n *netTest) {
		readReset(n, &bufferedRecorder{size: 10}, "made updated 1 lost")
	})
}

// readReset: the peer sends a byte, and once that is read, resets.
func readReset(n *netTest, p asyncio.Protocol, history string) {
	n.run(func(ctx context.Context) {
		r := record(p)
		c := n.accept(ctx, p)
		c.Write([]byte("x"))
		n.until(ctx, "the data", func() bool { return string(r.data) == "x" })
		reset(n, c)
		n.until(ctx, "the end", func() bool { return r.lost })
		if !errors.Is(r.lostErr, errConnReset) || r.history() != history || !r.transport.IsClosing() {
			n.Errorf("lost with %v, %s, closing=%v", r.lostErr, r.history(), r.transport.IsClosing())
		}
		if len(n.reported) != 0 || n.log.String() != "" {
			n.Errorf("reported %v, logged %q", n.reported, n.log)
		}
	})
}

// TestTransportProtocolFails: what a protocol panics with ends its connection,
// over real sockets.
func TestTransportProtocolFails(t *testing.T) {
	t.Parallel()
	plain := func(set func(*recorder)) func() asyncio.Protocol {
		return func() asyncio.Protocol { r := &recorder{}; set(r); return r }
	}
	buffered := func(set func(*bufferedRecorder)) func() asyncio.Protocol {
		return func() asyncio.Protocol { b := &bufferedRecorder{size: 10}; set(b); return b }
	}
	for _, c := range []struct {
		row      string
		protocol func() asyncio.Protocol
		message  string
		err      string
		history  string
	}{
		{
			"selev.029.data-callback-error", plain(func(r *recorder) { r.onData = func([]byte) { panic("in data") } }),
			"Fatal error: protocol.DataReceived() call failed.", "in data", "made data lost",
		},
		{
			"eof-callback-error", plain(func(r *recorder) { r.onEOF = func() { panic("in eof") } }),
			"Fatal error: protocol.EOFReceived() call failed.", "in eof", "made data eof lost",
		},
		{
			"made-callback-error", plain(func(r *recorder) { r.onMade = func(asyncio.Transport) { panic("in made") } }),
			"Fatal error: protocol.ConnectionMade() call failed.", "in made", "made lost",
		},
		{
			"selev.050.get-buffer-error", buffered(func(b *bufferedRecorder) { b.get = func(int) []byte { panic("in get") } }),
			"Fatal error: protocol.GetBuffer() call failed.", "in get", "made lost",
		},
		{
			"selev.051.get-buffer-empty", buffered(func(b *bufferedRecorder) { b.get = func(int) []byte { return []byte{} } }),
			"Fatal error: protocol.GetBuffer() call failed.", "GetBuffer() returned an empty buffer", "made lost",
		},
		{
			"selev.053.buffer-updated-error", buffered(func(b *bufferedRecorder) { b.upd = func(int) { panic("in updated") } }),
			"Fatal error: protocol.BufferUpdated() call failed.", "in updated", "made updated 1 lost",
		},
	} {
		netRow(t, c.row, func(n *netTest) {
			n.expectErrors = true
			n.run(func(ctx context.Context) {
				p := c.protocol()
				r := record(p)
				peer := n.accept(ctx, p)
				peer.Write([]byte("x"))
				peer.CloseWrite()
				n.until(ctx, "the end", func() bool { return r.lost })
				if len(n.reported) != 1 || n.reported[0].Message != c.message {
					n.Fatalf("reported %+v", n.reported)
				}
				if r.lostErr == nil || r.lostErr != n.reported[0].Err || !strings.Contains(r.lostErr.Error(), c.err) {
					n.Errorf("lost with %v", r.lostErr)
				}
				if r.history() != c.history {
					n.Errorf("%s", r.history())
				}
				n.passes(ctx)
				if n.interest(socketOf(r.transport)) != "" || len(asyncio.Transports(n.l)) != 0 {
					n.Error("the connection is not closed")
				}
			})
		})
	}
}
