package asyncio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// TestTLSProtocol: who gets what comes, and what is known of it.
func TestTLSProtocol(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.023.extra-info-closed", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		tr := client.transport
		want(n.T, "peername", tr.GetExtraInfo("peername").(net.Addr).String(), tr.RemoteAddr().String())
		if tr.GetExtraInfo("socket") == nil || tr.GetExtraInfo("sockname") == nil {
			n.Error("the transport below says nothing")
		}
		n.closesTLS(ctx, client, server)
		for _, name := range []string{"socket", "sockname", "peername", "ssl_object", "peercert", "cipher", "nothing of the kind"} {
			want(n.T, name, tr.GetExtraInfo(name), nil)
		}
		n.Log(tr) // still says what it is
	})
	tlsRow(t, "tls.024.set-protocol", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		second, third := &recorder{}, &bufferedRecorder{size: 3}
		n.check(write(server.transport, []byte("one")))
		n.until(ctx, "one", func() bool { return string(client.data) == "one" })
		n.check(client.transport.SetProtocol(second))
		want(n.T, "the protocol", client.transport.GetProtocol(), asyncio.Protocol(second))
		n.check(write(server.transport, []byte("two")))
		n.until(ctx, "two", func() bool { return string(second.data) == "two" })
		n.check(client.transport.SetProtocol(third))
		n.closesTLS(ctx, server, &third.recorder)
		want(n.T, "the first", client.history(), "made data")
		want(n.T, "the second", second.history(), "data")
		want(n.T, "the third", third.history(), "eof lost")
		if err := client.transport.SetProtocol(nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
			n.Error(err)
		}
	})
	tlsRow(t, "tls.027a.feed-buffered", func(ctx context.Context, n *netTest) {
		const size = 1024
		for _, lends := range []int{1, 2, 4, 100} {
			r := &bufferedRecorder{size: lends}
			addr := n.tlsPeer(forServer(), func(c *tls.Conn) error {
				_, err := c.Write(aMiB[:size])
				return err
			})
			_, err := n.connectTLS(ctx, r, addr, nil)
			n.check(err)
			n.until(ctx, "the end", func() bool { return r.lost })
			want(n.T, "exact", bytes.Equal(r.data, aMiB[:size]), true)
			want(n.T, fmt.Sprintf("calls, %d at a time", lends), strings.Count(r.history(), "updated"), (size+lends-1)/lends)
		}
	})
	tlsRow(t, "tls.027b.feed-buffered-empty", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &bufferedRecorder{size: 0}
		s, addr := n.serveTLS(ctx, forServer(), func(r *recorder) {
			r.onMade = func(tr asyncio.Transport) { n.check(write(tr, []byte("x"))) }
		})
		_, err := n.connectTLS(ctx, r, addr, nil)
		n.check(err)
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr == nil || !strings.Contains(r.lostErr.Error(), "GetBuffer() returned an empty buffer") {
			n.Error(r.lostErr)
		}
		if len(n.reported) != 1 || n.reported[0].Err != r.lostErr || n.reported[0].Protocol != any(r) {
			n.Error(n.reported)
		}
		n.ends(ctx, s)
	})
}

// TestTLSFlow: the water marks, both ways.
func TestTLSFlow(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.031.tls-read-pause-high-water", func(ctx context.Context, n *netTest) {
		// The layer keeps what is not wanted as it came, which is a little more.
		release := make(chan struct{})
		end := sync.OnceFunc(func() { close(release) })
		defer end()
		addr := n.tlsPeer(forServer(), func(c *tls.Conn) error {
			_, err := c.Write(backlog)
			<-release
			return err
		})
		r := &recorder{}
		tr, err := n.connectTLS(ctx, r, addr, nil)
		n.check(err)
		below := asyncio.Transports(n.l)[0]
		n.check(tr.PauseReading())
		want(n.T, "reading", tr.IsReading(), false)
		before := len(r.data)
		n.until(ctx, "the high mark", func() bool { return !below.IsReading() })
		want(n.T, "came while it was paused", len(r.data), before)
		goesOn := 0 // after how many bytes of those that were kept
		r.onData = func([]byte) {
			if goesOn == 0 && below.IsReading() {
				goesOn = len(r.data) - before
			}
		}
		n.check(tr.ResumeReading())
		n.until(ctx, "all", func() bool { return len(r.data) == len(backlog) })
		if goesOn < tlsconn.HighWater-tlsconn.LowWater || goesOn > 2*tlsconn.HighWater {
			n.Error("what is below went on after", goesOn)
		}
		end()
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n.T, "exact", bytes.Equal(r.data, backlog), true)
	})
	tlsRow(t, "tls.033.tls-write-marks", func(ctx context.Context, n *netTest) {
		below, release := make(chan struct{}), make(chan struct{})
		addr := n.streamPeer(func(c *net.TCPConn) error {
			t := tls.Server(c, forServer())
			if err := t.Handshake(); err != nil {
				return err
			}
			close(below)
			<-release
			_, err := io.Copy(io.Discard, t)
			return err
		})
		r := &recorder{}
		tr, err := n.connectTLS(ctx, r, addr, nil)
		n.check(err)
		receive(ctx, n, "the peer", below)
		low, high := tr.GetWriteBufferLimits()
		want(n.T, "low", low, 128<<10)
		want(n.T, "high", high, 512<<10)
		r.onPause = func() {
			if size := tr.GetWriteBufferSize(); size <= high || size > high+2<<14 {
				n.Error("paused at", size)
			}
		}
		for n.check(write(tr, aMiB[:1<<14])); !strings.Contains(r.history(), "pause"); n.check(write(tr, aMiB[:1<<14])) {
			n.passes(ctx)
		}
		r.onResume = func() {
			if size := tr.GetWriteBufferSize(); size > low {
				n.Error("resumed at", size)
			}
		}
		close(release)
		n.until(ctx, "it goes on", func() bool { return r.history() == "made pause resume" })
		n.check(tr.SetWriteBufferLimits(-1, -1))
		low, high = tr.GetWriteBufferLimits()
		want(n.T, "the defaults, low", low, 128<<10)
		want(n.T, "high", high, 512<<10)
		n.check(tr.SetWriteBufferLimits(100, -1))
		low, high = tr.GetWriteBufferLimits()
		want(n.T, "set, low", low, 25)
		want(n.T, "high", high, 100)
		if err := tr.SetWriteBufferLimits(1, 2); !errors.Is(err, asyncio.ErrInvalidArgument) {
			n.Error(err)
		}
		n.check(tr.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
	})
	netRow(t, "tls.701.write-failure-reaches-writer", func(n *netTest) {
		e := n.script()
		var client *failingStream
		e.stream = func(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
			below, err := e.Engine.Stream(fd, h)
			client = &failingStream{Stream: below}
			return client, err
		}
		n.run(func(ctx context.Context) {
			there := make(chan struct{}, 1)
			addr := n.tlsPeer(forServer(), func(c *tls.Conn) error {
				there <- struct{}{}
				_, _ = io.Copy(io.Discard, c) // it is cut off
				return nil
			})
			r := &recorder{}
			tr, err := n.connectTLS(ctx, r, addr, nil)
			n.check(err)
			receive(ctx, n, "the peer's side", there)
			client.err = errConnReset
			if err := write(tr, []byte("first")); !errors.Is(err, errConnReset) {
				n.Error("the first write:", err)
			}
			if err := write(tr, []byte("second")); !errors.Is(err, net.ErrClosed) {
				n.Error("the second write:", err)
			}
			n.until(ctx, "the end", func() bool { return r.lost })
			if !errors.Is(r.lostErr, errConnReset) {
				n.Error(r.lostErr)
			}
		})
	})
}

// failingStream is a stream of an engine's that fails when it is told to.
type failingStream struct {
	engine.Stream
	err error
}

func (s *failingStream) Write(p []byte) (n, held int, err error) {
	if s.err != nil {
		return 0, 0, s.err
	}
	return s.Stream.Write(p)
}
