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
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// backlog is what the rows of a backlog have queued: 4 MiB.
var backlog = bytes.Repeat(aMiB, 4)

// TestTLSEnd: how both sides say that it is over.
func TestTLSEnd(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.007.tls-corrupted-stream", func(ctx context.Context, n *netTest) {
		told := make(chan struct{}, 1)
		addr := n.streamPeer(func(c *net.TCPConn) error {
			t := tls.Server(c, forServer())
			if err := t.Handshake(); err != nil {
				return err
			}
			if _, err := t.Write([]byte("good")); err != nil {
				return err
			}
			if _, err := c.Write([]byte("Please wait for the next free line.")); err != nil {
				return err
			}
			told <- struct{}{}
			_, err := io.Copy(io.Discard, t) // the alert
			if err == nil || !strings.Contains(err.Error(), "remote error") {
				return fmt.Errorf("no alert, but %w", err)
			}
			return nil
		})
		r := &recorder{}
		tr, err := n.connectTLS(ctx, r, addr, nil)
		if err != nil {
			n.Fatal(err)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		if !errors.As(r.lostErr, new(tls.RecordHeaderError)) {
			n.Errorf("%T: %v", r.lostErr, r.lostErr)
		}
		want(n.T, "its life", r.history(), "made data lost")
		want(n.T, "what came before", string(r.data), "good")
		n.check(tr.Close())
		tr.Abort()
	})
	tlsRow(t, "tls.013.tls-clean-shutdown", func(ctx context.Context, n *netTest) {
		addr := n.tlsPeer(forServer(), func(c *tls.Conn) error {
			_, err := c.Write([]byte("data"))
			return err
		})
		r := &recorder{}
		if _, err := n.connectTLS(ctx, r, addr, nil); err != nil {
			n.Fatal(err)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n.T, "its life", r.history(), "made data eof lost")
		want(n.T, "data", string(r.data), "data")
		n.check(r.lostErr)
	})
	for _, test := range []struct {
		row string
		end func(ctx context.Context, n *netTest, r *recorder, c *tls.Conn, below *net.TCPConn)
	}{
		{"tls.014.tls-flush-before-shutdown", func(ctx context.Context, n *netTest, r *recorder, _ *tls.Conn, _ *net.TCPConn) {
			n.check(r.transport.Close())
		}},
		{"tls.015a.tls-remote-shutdown-backlog", func(ctx context.Context, n *netTest, r *recorder, c *tls.Conn, _ *net.TCPConn) {
			n.check(c.CloseWrite())
			n.until(ctx, "the peer's word", func() bool { return strings.Contains(r.history(), "eof") })
		}},
		{"tls.015b.tls-remote-eof-backlog", func(ctx context.Context, n *netTest, r *recorder, _ *tls.Conn, below *net.TCPConn) {
			n.check(below.CloseWrite())
			n.until(ctx, "the peer's end", func() bool { return strings.Contains(r.history(), "eof") })
		}},
	} {
		tlsRow(t, test.row, func(ctx context.Context, n *netTest) {
			for name, version := range tlsVersions {
				below := make(chan *net.TCPConn, 1)
				peer := make(chan *tls.Conn, 1)
				release := make(chan struct{})
				got := make(chan []byte, 1)
				addr := n.streamPeer(func(c *net.TCPConn) error {
					t := tls.Server(c, only(version, forServer()))
					if err := t.Handshake(); err != nil {
						return err
					}
					below <- c
					peer <- t
					<-release
					p, err := io.ReadAll(t) // up to close_notify
					got <- p
					return err
				})
				r := &recorder{}
				tr, err := n.connectTLS(ctx, r, addr, nil)
				if err != nil {
					n.Fatal(err)
				}
				c := receive(ctx, n, "the peer", below)
				queued := bytes.Clone(backlog)
				for n.check(write(tr, queued)); tr.GetWriteBufferSize() < len(backlog); queued = append(queued, backlog...) {
					n.check(write(tr, backlog)) // the system takes some
				}
				test.end(ctx, n, r, receive(ctx, n, "the peer", peer), c)
				want(n.T, name+": lost before it is sent", r.lost, false)
				close(release)
				if p := receive(ctx, n, "all", got); !bytes.Equal(p, queued) {
					n.Errorf("%s: %d bytes of %d", name, len(p), len(queued))
				}
				n.until(ctx, "the end", func() bool { return r.lost })
				n.check(r.lostErr)
			}
		})
	}
	tlsRow(t, "tls.018.tls-shutdown-timer-released", func(ctx context.Context, n *netTest) {
		n.releases(ctx, func(config *tls.Config) {
			addr := n.tlsPeer(forServer(), func(c *tls.Conn) error {
				_, err := io.Copy(io.Discard, c)
				return err
			})
			r := &recorder{}
			tr, err := n.connectTLS(ctx, r, addr, config)
			if err != nil {
				n.Fatal(err)
			}
			n.check(tr.Close())
			n.until(ctx, "the end", func() bool { return r.lost })
		})
	})
	tlsRow(t, "tls.034.tls-shutdown-timeout", func(ctx context.Context, n *netTest) {
		release := make(chan struct{})
		addr := n.streamPeer(func(c *net.TCPConn) error {
			t := tls.Server(c, forServer())
			if err := t.Handshake(); err != nil {
				return err
			}
			<-release
			return nil
		})
		defer close(release)
		r := &recorder{}
		tr, err := n.connectTLS(ctx, r, addr, nil, func(o *asyncio.ConnectionOptions) { o.TLSShutdownTimeout = time.Minute })
		if err != nil {
			n.Fatal(err)
		}
		n.check(tr.Close())
		n.clock.skip(50 * time.Second)
		n.passes(ctx)
		want(n.T, "lost before", r.lost, false)
		n.clock.skip(11 * time.Second)
		n.until(ctx, "the end", func() bool { return r.lost })
		if !errors.Is(r.lostErr, asyncio.ErrTimeout) || !strings.Contains(r.lostErr.Error(), "SSL shutdown timed out") {
			n.Error(r.lostErr)
		}
	})
}

// write writes all of it.
func write(tr asyncio.Transport, p []byte) error {
	n, err := tr.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// TestTLSAfterClose: what comes, and what is asked for, when the end has begun.
func TestTLSAfterClose(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.025.data-after-close", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		n.check(write(server.transport, aMiB))
		n.closesTLS(ctx, client, server)
		want(n.T, "the client", client.life(), "made lost")
		n.loggedNothing()
	})
	for _, row := range []string{"tls.026.write-after-close", "tls.035.tls-write-after-shutdown-warns"} {
		tlsRow(t, row, func(ctx context.Context, n *netTest) {
			client, server := n.pairTLS(ctx, nil, nil)
			n.check(client.transport.Close())
			const warned = "SSL connection is closed"
			for i := range 8 {
				if k, err := client.transport.Write([]byte("late")); k != 0 || !errors.Is(err, net.ErrClosed) {
					n.Error(k, err)
				}
				want(n.T, fmt.Sprintf("warned of after %d", i+1), strings.Count(n.log.String(), warned), map[bool]int{true: 1}[i >= 4])
			}
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			want(n.T, "nothing came", server.history(), "made eof lost")
			if !strings.Contains(n.log.String(), warned+" 3 more times") {
				n.Error(n.log)
			}
			if err := client.transport.WriteLines([][]byte{[]byte("late")}); !errors.Is(err, net.ErrClosed) {
				n.Error(err)
			}
		})
	}
	tlsRow(t, "tls.702.closing-follows-transport", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		below := asyncio.Transports(n.l)
		want(n.T, "closing", client.transport.IsClosing() || server.transport.IsClosing(), false)
		below[0].Abort()
		want(n.T, "one is", client.transport.IsClosing() != server.transport.IsClosing(), true)
		n.check(below[1].Close())
		want(n.T, "both are", client.transport.IsClosing() && server.transport.IsClosing(), true)
		n.until(ctx, "the end", func() bool { return client.lost && server.lost })
	})
	tlsRow(t, "tls.705.abort-error-passed", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		n.expectErrors = true
		client.onData = func([]byte) { panic(errBoom) }
		n.check(write(server.transport, []byte("x")))
		n.until(ctx, "the end", func() bool { return client.lost })
		if !errors.Is(client.lostErr, errBoom) {
			n.Error(client.lostErr)
		}
		want(n.T, "reported", len(n.reported), 1)
		server.transport.Abort()
	})
}

// TestTLSHalfClose: the end of one direction.
func TestTLSHalfClose(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.029.tls-write-eof", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, only(tls.VersionTLS12, forClient()), nil)
		for _, r := range []*recorder{client, server} {
			want(n.T, "can", r.transport.CanWriteEOF(), false)
			if err := r.transport.WriteEOF(); !errors.Is(err, errors.ErrUnsupported) {
				n.Error(err)
			}
		}
		n.check(write(client.transport, []byte("goes on")))
		n.until(ctx, "data", func() bool { return string(server.data) == "goes on" })
		n.closesTLS(ctx, client, server)
	})
	tlsRow(t, "tls.030.tls-eof-keep-open-warning", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, only(tls.VersionTLS12, forClient()), nil)
		server.keepOpen = true
		n.closesTLS(ctx, client, server)
		if got := n.log.String(); strings.Count(got, "returning true from eof_received() has no effect when using ssl") != 1 {
			n.Error(got)
		}
	})
	tlsRow(t, "with TLS 1.3", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		server.keepOpen = true
		want(n.T, "can", client.transport.CanWriteEOF() && server.transport.CanWriteEOF(), true)
		n.check(write(client.transport, []byte("question")))
		n.check(client.transport.WriteEOF())
		n.check(client.transport.WriteEOF())
		if err := write(client.transport, []byte("more")); !errors.Is(err, asyncio.ErrInvalidState) {
			n.Error(err)
		}
		n.until(ctx, "the end of the question", func() bool { return strings.HasSuffix(server.history(), "eof") })
		want(n.T, "closing", client.transport.IsClosing() || server.transport.IsClosing(), false)
		n.check(write(server.transport, backlog))
		n.until(ctx, "the answer", func() bool { return len(client.data) == len(backlog) })
		want(n.T, "exact", bytes.Equal(client.data, backlog), true)
		n.closesTLS(ctx, server, client)
		want(n.T, "the client", client.life(), "made data eof lost")
		want(n.T, "the server", server.life(), "made data eof lost")
		n.loggedNothing()
	})
}

// TestTLSStrictEnd: an end that nobody has announced, with and without TLSStrictEnd.
func TestTLSStrictEnd(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		eachTLS(t, fmt.Sprintf("strict=%v", strict), func(ctx context.Context, n *netTest, version uint16) {
			for _, inRecord := range []bool{false, true} {
				addr := n.streamPeer(func(c *net.TCPConn) error {
					cut := &cutConn{c, 1 << 20}
					t := tls.Server(cut, only(version, forServer()))
					if err := t.Handshake(); err != nil {
						return err
					}
					if _, err := t.Write([]byte("whole")); err != nil {
						return err
					}
					if inRecord {
						cut.left = 7
						if _, err := t.Write([]byte("part")); err == nil {
							return errors.New("it was not cut")
						}
					}
					_ = c.CloseWrite()
					_, _ = io.Copy(io.Discard, c)
					return nil
				})
				r := &recorder{}
				if _, err := n.connectTLS(ctx, r, addr, nil, func(o *asyncio.ConnectionOptions) { o.TLSStrictEnd = strict }); err != nil {
					n.Fatal(err)
				}
				n.until(ctx, "the end", func() bool { return r.lost })
				want(n.T, "data", string(r.data), "whole")
				if strict || inRecord { // what is cut off in a record was never an end
					if !errors.Is(r.lostErr, io.ErrUnexpectedEOF) {
						n.Errorf("in a record: %v: %v", inRecord, r.lostErr)
					}
					continue
				}
				n.check(r.lostErr)
				want(n.T, "its life", r.history(), "made data eof lost")
			}
		})
	}
}
