package asyncio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// startsTLS upgrades both sides of a connection, whose protocols stay.
func (n *netTest) startsTLS(ctx context.Context, client, server asyncio.Transport, c, s asyncio.Protocol) (asyncio.Transport, asyncio.Transport) {
	n.Helper()
	there := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) {
		return n.l.StartTLS(ctx, server, s, forServer(), &asyncio.StartTLSOptions{ServerSide: true})
	})
	here, err := n.l.StartTLS(ctx, client, c, forClient(), &asyncio.StartTLSOptions{ServerName: ptr("localhost")})
	if err != nil {
		n.Fatal(err)
	}
	back, err := there.Await(ctx)
	if err != nil {
		n.Fatal(err)
	}
	return here, back
}

// upgrades is a peer that says and hears hello in clear text, and goes on by TLS.
func (n *netTest) upgrades(f func(c *tls.Conn) error) string {
	return n.streamPeer(func(c *net.TCPConn) error {
		p := make([]byte, 5)
		if _, err := io.ReadFull(c, p); err != nil || string(p) != "HELLO" {
			return fmt.Errorf("in clear: %q, %v", p, err)
		}
		t := tls.Server(c, forServer())
		if err := t.Handshake(); err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
		_ = t.CloseWrite()
		_, _ = io.Copy(io.Discard, t)
		return nil
	})
}

// asksTwice is the TLS side of a peer that answers what it gets.
func asksTwice(c *tls.Conn) error {
	p := make([]byte, len(aMiB))
	if _, err := io.ReadFull(c, p); err != nil || !bytes.Equal(p, aMiB) {
		return fmt.Errorf("other bytes; %v", err)
	}
	_, err := c.Write([]byte("O"))
	return err
}

// TestStartTLS: an upgrade in the middle of a connection.
func TestStartTLS(t *testing.T) {
	t.Parallel()
	start := func(ctx context.Context, n *netTest, old asyncio.Transport, p asyncio.Protocol, config *tls.Config) asyncio.Transport {
		n.Helper()
		_, err := old.Write([]byte("HEL"))
		n.check(err)
		_, err = old.Write([]byte("LO"))
		n.check(err)
		tr, err := n.l.StartTLS(ctx, old, p, config, &asyncio.StartTLSOptions{ServerName: ptr("localhost")})
		if err != nil {
			n.Fatal(err)
		}
		want(n.T, "another transport", tr == old, false)
		return tr
	}
	connect := func(ctx context.Context, n *netTest, p asyncio.Protocol, addr string) asyncio.Transport {
		n.Helper()
		old, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return p }, "tcp", addr, nil)
		if err != nil {
			n.Fatal(err)
		}
		return old
	}
	tlsRow(t, "tls.008a.start-tls-client", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr := start(ctx, n, connect(ctx, n, r, n.upgrades(asksTwice)), r, forClient())
		_, err := tr.Write(aMiB)
		n.check(err)
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n.T, "its life", r.life(), "made data eof lost")
		want(n.T, "data", string(r.data), "O")
		n.check(r.lostErr)
	})
	tlsRow(t, "tls.008b.start-tls-context-released", func(ctx context.Context, n *netTest) {
		n.releases(ctx, func(config *tls.Config) {
			r := &recorder{}
			tr := start(ctx, n, connect(ctx, n, r, n.upgrades(asksTwice)), r, config)
			_, err := tr.Write(aMiB)
			n.check(err)
			n.until(ctx, "the end", func() bool { return r.lost })
		})
	})
	tlsRow(t, "tls.009.start-tls-buffered", func(ctx context.Context, n *netTest) {
		then := make(chan struct{})
		addr := n.upgrades(func(c *tls.Conn) error {
			if err := asksTwice(c); err != nil {
				return err
			}
			<-then
			_, err := c.Write([]byte("K"))
			return err
		})
		first := &bufferedRecorder{size: 1}
		second := &recorder{}
		tr := start(ctx, n, connect(ctx, n, first, addr), first, forClient())
		_, err := tr.Write(aMiB)
		n.check(err)
		n.until(ctx, "the first answer", func() bool { return string(first.data) == "O" })
		n.check(tr.SetProtocol(second))
		close(then)
		n.until(ctx, "the end", func() bool { return second.lost })
		want(n.T, "the first protocol", first.life(), "made updated 1")
		want(n.T, "the second protocol", second.history(), "data eof lost")
		want(n.T, "data", string(second.data), "K")
		n.check(second.lostErr)
	})
	tlsRow(t, "tls.010.start-tls-cancel", func(ctx context.Context, n *netTest) {
		told := make(chan struct{}, 1)
		r := &recorder{}
		old := connect(ctx, n, r, n.streamPeer(heard(told)))
		_, err := asyncio.WaitFor(ctx, 500*time.Millisecond, func(ctx context.Context) (asyncio.Transport, error) {
			asyncio.GoErr(ctx, func(ctx context.Context) error {
				receive(ctx, n, "the handshake", told)
				n.clock.skip(time.Second)
				return nil
			})
			return n.l.StartTLS(ctx, old, r, forClient(), &asyncio.StartTLSOptions{ServerName: ptr("localhost")})
		})
		if !errors.Is(err, asyncio.ErrTimeout) {
			n.Error(err)
		}
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n.T, "closing", old.IsClosing(), true)
	})
	tlsRow(t, "tls.011.start-tls-server", func(ctx context.Context, n *netTest) {
		c, server := n.raw(ctx)
		done := make(chan error, 1)
		go func() {
			done <- func() error {
				config := forClient()
				config.ServerName = "localhost"
				t := tls.Client(c, config)
				_ = c.SetDeadline(time.Now().Add(patience))
				if _, err := t.Write(aMiB); err != nil {
					return err
				}
				p, err := io.ReadAll(t)
				if string(p) != "OK" {
					return fmt.Errorf("%q, %v", p, err)
				}
				return t.Close()
			}()
		}()
		tr, err := n.l.StartTLS(ctx, server.transport, server, forServer(), &asyncio.StartTLSOptions{ServerSide: true})
		if err != nil {
			n.Fatal(err)
		}
		n.until(ctx, "the data", func() bool { return len(server.data) >= len(aMiB) })
		want(n.T, "complete", bytes.Equal(server.data, aMiB), true)
		_, err = tr.Write([]byte("OK"))
		n.check(err)
		n.check(tr.Close())
		n.check(receive(ctx, n, "the client", done))
		n.until(ctx, "the end", func() bool { return server.lost })
		want(n.T, "its life", server.history(), "made data lost")
		n.check(server.lostErr)
	})
}

// TestTLSInTLS: a second layer inside the first.
func TestTLSInTLS(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.012.tls-over-tls", func(ctx context.Context, n *netTest) {
		const clients = 25
		ended := 0
		s, addr := n.serveTLS(ctx, forServer(), func(outer *recorder) {
			inner := &recorder{}
			inner.onLost = func(err error) { n.check(err); ended++ }
			outer.onMade = func(tr asyncio.Transport) {
				n.check(tr.PauseReading())
				asyncio.CreateTaskErr(n.l, func(ctx context.Context) error {
					second, err := n.l.StartTLS(ctx, tr, inner, forServer(), &asyncio.StartTLSOptions{ServerSide: true})
					if err != nil {
						n.Error(err)
						return nil
					}
					n.until(ctx, "the data", func() bool { return len(inner.data) >= len(aMiB) })
					want(n.T, "exact", bytes.Equal(inner.data, aMiB), true)
					_, err = second.Write([]byte("OK"))
					n.check(err)
					n.check(second.Close())
					return nil
				})
			}
		})
		config := func() *tls.Config {
			c := forClient()
			c.ServerName = "localhost"
			return c
		}
		var all []<-chan error
		for range clients {
			all = append(all, n.tlsClient(addr, config(), func(outer *tls.Conn) error {
				inner := tls.Client(outer, config())
				if _, err := inner.Write(aMiB); err != nil {
					return err
				}
				p, err := io.ReadAll(inner) // until the inner layer's end
				if err != nil || string(p) != "OK" {
					return fmt.Errorf("%q, %v", p, err)
				}
				if err := inner.CloseWrite(); err != nil {
					return err
				}
				if p, err := io.ReadAll(outer); err != nil || len(p) > 0 { // and the outer one's
					return fmt.Errorf("behind it: %d bytes, %v", len(p), err)
				}
				return nil
			}))
		}
		for i, done := range all {
			if err := receive(ctx, n, fmt.Sprintf("client %d", i), done); err != nil {
				n.Error(err)
			}
		}
		n.until(ctx, "the ends", func() bool { return ended == clients })
		n.loggedNothing()
		n.ends(ctx, s)
	})
	tlsRow(t, "both sides on the loop", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		inner, innerServer := &recorder{}, &recorder{}
		here, there := n.startsTLS(ctx, client.transport, server.transport, inner, innerServer)
		_, err := here.Write(aMiB)
		n.check(err)
		_, err = there.Write(aMiB)
		n.check(err)
		n.until(ctx, "all", func() bool { return len(inner.data) >= len(aMiB) && len(innerServer.data) >= len(aMiB) })
		want(n.T, "exact", bytes.Equal(inner.data, aMiB) && bytes.Equal(innerServer.data, aMiB), true)
		n.check(here.Close())
		n.until(ctx, "the end", func() bool { return inner.lost && innerServer.lost })
		want(n.T, "lost with", errors.Join(inner.lostErr, innerServer.lostErr), nil)
		want(n.T, "the outer protocol", client.history(), "made")
		n.loggedNothing()
	})
}

// TestStartTLSAnswersAtOnce: a protocol that answers what comes with the end of the handshake
// answers over TLS, for who has asked for the upgrade has the transport before it.
func TestStartTLSAnswersAtOnce(t *testing.T) {
	t.Parallel()
	tlsRow(t, "answers", func(ctx context.Context, n *netTest) {
		s, addr := n.serve(ctx, func(r *recorder) {
			r.onData = func(p []byte) {
				if string(p) != "upgrade" {
					_, _ = r.transport.Write(p)
					return
				}
				n.check(r.transport.PauseReading())
				_, _ = r.transport.Write([]byte("go on"))
				asyncio.GoErr(ctx, func(ctx context.Context) error {
					tr, err := n.l.StartTLS(ctx, r.transport, r, certs.Default().Server(), &asyncio.StartTLSOptions{ServerSide: true})
					n.check(err)
					r.transport = tr
					return err
				})
			}
		})
		_, err := asyncio.ToThread(ctx, func() (struct{}, error) {
			for range 10 {
				if err := upgradesAndAsks(addr); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
		n.check(err)
		s.Close()
		n.check(s.WaitClosed(ctx))
	})
}

// upgradesAndAsks is a client that asks a question together with the end of its handshake.
func upgradesAndAsks(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte("upgrade")); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, make([]byte, len("go on"))); err != nil {
		return err
	}
	config := forClient()
	config.ServerName = "localhost"
	t := tls.Client(c, config)
	if err := t.Handshake(); err != nil {
		return err
	}
	if _, err := t.Write([]byte("question")); err != nil {
		return err
	}
	_, err = io.ReadFull(t, make([]byte, len("question")))
	return errors.Join(err, t.Close())
}
