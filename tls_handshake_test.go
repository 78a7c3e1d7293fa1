package asyncio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// heard is a peer that answers nothing, and tells when it has heard of a handshake.
func heard(told chan<- struct{}) func(c *net.TCPConn) error {
	return func(c *net.TCPConn) error {
		if _, err := c.Read(make([]byte, 1<<12)); err != nil {
			return err
		}
		told <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
		return nil
	}
}

// stuck connects to a peer that has heard of the handshake and answers nothing.
func (n *netTest) stuck(ctx context.Context, r *recorder, options ...func(*asyncio.ConnectionOptions)) *asyncio.Task[asyncio.Transport] {
	n.Helper()
	told := make(chan struct{}, 1)
	addr := n.streamPeer(heard(told))
	task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) {
		return n.connectTLS(ctx, r, addr, nil, options...)
	})
	receive(ctx, n, "the handshake", told)
	return task
}

// cutConn ends after so many bytes were written.
type cutConn struct {
	*net.TCPConn
	left int
}

func (c *cutConn) Write(p []byte) (int, error) {
	k, err := c.TCPConn.Write(p[:min(len(p), c.left)])
	if c.left -= k; err == nil && k < len(p) {
		_ = c.CloseWrite()
		err = io.ErrClosedPipe
	}
	return k, err
}

// releases waits until, after f, nothing holds the configuration that f was given, while the
// loop goes on.
func (n *netTest) releases(ctx context.Context, f func(c *tls.Config)) {
	n.Helper()
	collected := make(chan struct{})
	func() {
		c := forClient()
		c.ServerName = "localhost"
		runtime.AddCleanup(c, func(struct{}) { close(collected) }, struct{}{})
		f(c)
	}()
	n.until(ctx, "no transport", func() bool { return len(asyncio.Transports(n.l)) == 0 })
	n.until(ctx, "the configuration is collected", func() bool {
		runtime.GC()
		select {
		case <-collected:
			return true
		default:
			return false
		}
	})
}

// TestTLSHandshakeEnds: a handshake that comes to another end than it should.
func TestTLSHandshakeEnds(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.003.tls-slow-handshake", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		task := n.stuck(ctx, r, func(o *asyncio.ConnectionOptions) { o.TLSHandshakeTimeout = time.Second })
		n.clock.skip(2 * time.Second)
		_, err := task.Await(ctx)
		if !errors.Is(err, asyncio.ErrTimeout) || !errors.Is(err, errConnAborted) {
			n.Error(err)
		}
		if e := net.Error(nil); !errors.As(err, &e) || !e.Timeout() {
			n.Error("not a timeout:", err)
		}
		if !strings.Contains(err.Error(), "SSL handshake is taking longer than 1 seconds: aborting the connection") {
			n.Error(err)
		}
		want(n.T, "the protocol", r.history(), "")
	})
	tlsRow(t, "tls.005.tls-handshake-connection-lost", func(ctx context.Context, n *netTest) {
		addr := n.streamPeer(func(c *net.TCPConn) error {
			_, err := c.Read(make([]byte, 1<<12)) // the client has begun
			return err
		})
		r := &recorder{}
		if _, err := n.connectTLS(ctx, r, addr, nil); !errors.Is(err, errConnReset) {
			n.Error(err)
		}
		n.passes(ctx)
		want(n.T, "the protocol", r.history(), "")
	})
	tlsRow(t, "tls.016.tls-connect-timeout-quiet", func(ctx context.Context, n *netTest) {
		task := n.stuck(ctx, &recorder{})
		if _, err := asyncio.WaitForOf(ctx, time.Millisecond, task); !errors.Is(err, asyncio.ErrTimeout) {
			n.Error(err)
		}
		n.until(ctx, "the end", func() bool { return len(asyncio.Transports(n.l)) == 0 && len(asyncio.AllTasks(n.l)) == 1 })
		n.loggedNothing()
	})
	tlsRow(t, "tls.017.tls-handshake-timer-released", func(ctx context.Context, n *netTest) {
		n.releases(ctx, func(config *tls.Config) {
			task := n.stuck(ctx, &recorder{}, func(o *asyncio.ConnectionOptions) { o.TLS = config })
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Error(err)
			}
		})
	})
	tlsRow(t, "tls.020.eof-during-handshake", func(ctx context.Context, n *netTest) {
		for _, cut := range []int{0, 3, 5, 40, 500} { // of the server's first answer
			addr := n.streamPeer(func(c *net.TCPConn) error {
				if err := tls.Server(&cutConn{c, cut}, forServer()).Handshake(); err == nil {
					return errors.New("it was not cut")
				}
				_, _ = io.Copy(io.Discard, c)
				return nil
			})
			r := &recorder{}
			if _, err := n.connectTLS(ctx, r, addr, nil); !errors.Is(err, errConnReset) {
				n.Errorf("ended after %d bytes: %v", cut, err)
			}
			want(n.T, "the protocol", r.history(), "")
		}
	})
}

// heldStream is a fake stream upon a descriptor, which it closes.
type heldStream struct {
	fakeStream
	sockets engine.Sockets
}

func (s *heldStream) Close() error { return errors.Join(s.fakeStream.Close(), s.sockets.Close(s.fd)) }

// scriptStreams has the connections that the loop makes from now on be fake ones, which take
// nothing that is written.
func (n *netTest) scriptStreams() *[]*heldStream {
	made := &[]*heldStream{}
	s := n.script()
	s.stream = func(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
		fs := &heldStream{fakeStream{h: h, fd: fd}, s.Engine.Sockets()}
		*made = append(*made, fs)
		return fs, nil
	}
	return made
}

// clientHello are the first words of a client.
func clientHello(n *netTest) []byte {
	n.Helper()
	here, there := net.Pipe()
	defer there.Close()
	c := forClient()
	c.ServerName = "localhost"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = tls.Client(here, c).Handshake() // it is cut off
	}()
	p := make([]byte, 1<<12)
	k, err := there.Read(p)
	n.check(err)
	there.Close()
	<-done
	return p[:k]
}

// TestTLSHandshakeLost: what is below ends in the handshake.
func TestTLSHandshakeLost(t *testing.T) {
	t.Parallel()
	netRow(t, "tls.021.lost-during-handshake", func(n *netTest) {
		made := n.scriptStreams()
		n.run(func(ctx context.Context) {
			addr := n.streamPeer(func(c *net.TCPConn) error {
				_, _ = io.Copy(io.Discard, c)
				return nil
			})
			r := &recorder{}
			task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, r, addr, nil) })
			n.until(ctx, "the handshake", func() bool { return len(*made) == 1 && (*made)[0].sending })
			(*made)[0].h.ReadFailed(errConnAborted)
			if _, err := task.Await(ctx); !errors.Is(err, errConnAborted) {
				n.Error(err)
			}
			want(n.T, "the protocol", r.history(), "")
		})
	})
	for _, row := range []string{"tls.022.close-during-handshake", "tls.704.close-during-handshake-forced"} {
		netRow(t, row, func(n *netTest) {
			made := n.scriptStreams()
			n.run(func(ctx context.Context) {
				r := &recorder{}
				s, addr := n.serveTLS(ctx, forServer(), func(in *recorder) { r = in })
				c, err := net.Dial("tcp", addr)
				if err != nil {
					n.Fatal(err)
				}
				defer c.Close()
				n.until(ctx, "the handshake", func() bool { return len(*made) == 1 && (*made)[0].reading })
				fs := (*made)[0]
				fs.h.Received(clientHello(n))
				n.until(ctx, "the answer, which nobody takes", func() bool { return fs.sending })
				s.CloseClients()
				n.until(ctx, "the end", func() bool { return fs.closed })
				want(n.T, "sent", len(fs.wrote), 0)
				want(n.T, "the protocol", r.history(), "")
				n.until(ctx, "no tasks", func() bool { return len(asyncio.AllTasks(n.l)) == 1 })
				n.loggedNothing()
				n.ends(ctx, s)
			})
		})
	}
	tlsRow(t, "tls.703.close-during-nested-handshake", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		inner := &recorder{}
		task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) {
			return n.l.StartTLS(ctx, client.transport, inner, forClient(), &asyncio.StartTLSOptions{ServerName: ptr("localhost")})
		})
		n.until(ctx, "the inner handshake", func() bool { return len(server.data) > 0 })
		n.check(client.transport.Close())
		if _, err := task.Await(ctx); !errors.Is(err, net.ErrClosed) {
			n.Error(err)
		}
		n.until(ctx, "the end", func() bool { return server.lost && inner.lost })
		want(n.T, "the inner protocol", inner.history(), "lost")
		n.check(inner.lostErr)
		n.check(server.lostErr)
		n.loggedNothing()
	})
}

// TestTLSGivenUpAtTheLastStep: a CreateConnection that is cancelled in the very step in which
// its handshake ends has given the connection up before anybody hears of that end. Its
// protocol meets no transport, and the server's hears of the loss.
func TestTLSGivenUpAtTheLastStep(t *testing.T) {
	t.Parallel()
	eachTLS(t, "verify", func(ctx context.Context, n *netTest, version uint16) {
		var server *recorder
		s, addr := n.serveTLS(ctx, only(version, forServer()), func(r *recorder) { server = r })
		c, client := forClient(), &recorder{}
		var task *asyncio.Task[asyncio.Transport]
		asked := false
		c.VerifyConnection = func(tls.ConnectionState) error {
			asked = task.Cancel()
			return nil
		}
		task = asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, client, addr, c) })
		_, err := task.Await(ctx)
		wantError(n, err, asyncio.ErrCancelled)
		want(n, "cancelled in the handshake", asked, true)
		n.until(ctx, "the end", func() bool { return len(asyncio.Transports(n.l)) == 0 && len(asyncio.AllTasks(n.l)) == 1 })
		want(n, "the client has heard", client.history(), "")
		if h := server.history(); h != "" && h != "made lost" && h != "made eof lost" {
			n.Errorf("the server has heard %q", h)
		}
		n.ends(ctx, s)
	})
}

// TestTLSArguments: what is refused before anything is done.
func TestTLSArguments(t *testing.T) {
	t.Parallel()
	tlsRow(t, "tls.019.handshake-timeout-zero", func(ctx context.Context, n *netTest) {
		// Zero is "unset": the default.
		refused := func(err error, words string) {
			n.Helper()
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), words) {
				n.Error(err)
			}
		}
		const positive = "should be a positive number, got -1s"
		_, err := n.connectTLS(ctx, &recorder{}, "127.0.0.1:1", nil, func(o *asyncio.ConnectionOptions) { o.TLSHandshakeTimeout = -time.Second })
		refused(err, positive)
		_, err = n.connectTLS(ctx, &recorder{}, "127.0.0.1:1", nil, func(o *asyncio.ConnectionOptions) { o.TLSShutdownTimeout = -time.Second })
		refused(err, positive)
		for _, o := range []*asyncio.ServerOptions{
			{TLS: forServer(), TLSHandshakeTimeout: -time.Second}, {TLS: forServer(), TLSShutdownTimeout: -time.Second},
		} {
			_, err = n.l.CreateServer(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", "127.0.0.1:0", o)
			refused(err, positive)
		}
		for _, o := range []*asyncio.ServerOptions{
			{TLSHandshakeTimeout: time.Second}, {TLSShutdownTimeout: time.Second}, {TLSStrictEnd: true}, {TLSExecutor: asyncio.NewPoolExecutor(1)},
		} {
			_, err = n.l.CreateServer(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", "127.0.0.1:0", o)
			refused(err, "only meaningful with TLS")
		}
		_, err = n.l.CreateServer(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: &tls.Config{}})
		refused(err, "needs a certificate")
		_, err = n.connectTLS(ctx, &recorder{}, "127.0.0.1:1", &tls.Config{Renegotiation: tls.RenegotiateOnceAsClient})
		refused(err, "does not renegotiate")
	})
	tlsRow(t, "tls.028a.start-tls-bad-args", func(ctx context.Context, n *netTest) {
		client, server := n.pair(ctx)
		tr := client.transport
		for name, call := range map[string]func() error{
			"configuration is nil":         func() error { _, err := n.l.StartTLS(ctx, tr, client, nil, nil); return err },
			"protocol is nil":              func() error { _, err := n.l.StartTLS(ctx, tr, nil, forClient(), nil); return err },
			"transport is nil":             func() error { _, err := n.l.StartTLS(ctx, nil, client, forClient(), nil); return err },
			"you must set the server name": func() error { _, err := n.l.StartTLS(ctx, tr, client, forClient(), nil); return err },
			"only meaningful for the side of a client": func() error {
				_, err := n.l.StartTLS(ctx, tr, client, forServer(), &asyncio.StartTLSOptions{ServerSide: true, ServerName: ptr("x")})
				return err
			},
			"needs a certificate": func() error {
				_, err := n.l.StartTLS(ctx, tr, client, forClient(), &asyncio.StartTLSOptions{ServerSide: true})
				return err
			},
			"should be a positive number": func() error {
				_, err := n.l.StartTLS(ctx, tr, client, forServer(), &asyncio.StartTLSOptions{ServerSide: true, HandshakeTimeout: -1})
				return err
			},
		} {
			if err := call(); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
				n.Errorf("%s: %v", name, err)
			}
		}
		want(n.T, "the transport goes on", tr.IsClosing() || !tr.IsReading() || tr.GetProtocol() != asyncio.Protocol(client), false)
		n.closesTLS(ctx, client, server)
		if _, err := n.l.StartTLS(ctx, tr, client, forServer(), &asyncio.StartTLSOptions{ServerSide: true}); !errors.Is(err, net.ErrClosed) {
			n.Error(err)
		}
	})
	tlsRow(t, "tls.028b.start-tls-bad-transport", func(ctx context.Context, n *netTest) {
		o := &asyncio.StartTLSOptions{ServerName: ptr("localhost")}
		if _, err := n.l.StartTLS(ctx, strangeTransport{}, &recorder{}, forClient(), o); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "not supported") {
			n.Error(err)
		}
		client, server := n.pairTLS(ctx, nil, nil)
		below := asyncio.Transports(n.l)[0]
		if _, err := n.l.StartTLS(ctx, below, &recorder{}, forClient(), o); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "already") {
			n.Error(err)
		}
		n.closesTLS(ctx, client, server)
	})
}

// strangeTransport is a transport of somebody else's.
type strangeTransport struct{ asyncio.Transport }
