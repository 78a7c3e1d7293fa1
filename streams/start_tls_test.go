package streams

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// clientConfig is that of a client which knows whom it speaks to.
func clientConfig() *tls.Config { return tlsClient().TLS }

func serverConfig() *tls.Config { return certs.Default().Server() }

// upgrade has both ends upgrade.
func upgrade(ctx context.Context, client, server end, opts ...asyncio.StartTLSOptions) error {
	return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		g.Go(func(ctx context.Context) error { return server.w.StartTLS(ctx, serverConfig(), opts...) })
		g.Go(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig(), opts...) })
		return nil
	})
}

// connectUpgraded is connect with TLS since the middle.
func (s *stage) connectUpgraded(ctx context.Context, more ...Option) (client, server net.Conn, err error) {
	a, b, err := s.pair(ctx, "tcp", "127.0.0.1:0", nil, nil, more...)
	if err != nil {
		return nil, nil, err
	}
	done := asyncio.RunCoroutineThreadsafe(s.loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, upgrade(ctx, a, b)
	})
	_, err = done.Await(ctx)
	return Conn(ctx, a.r, a.w), Conn(ctx, b.r, b.w), err
}

// plain makes a connection in clear.
func (s *stage) plain(more ...Option) (client, server end) {
	s.Helper()
	client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", nil, nil, more...)
	s.must(err)
	return client, server
}

func TestStartTLS(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.029.start-tls", func(s *stage) {
		client, server := s.plain()
		for _, e := range []end{client, server} {
			if c := e.w.GetExtraInfo("sslcontext"); c != nil {
				s.Errorf("sslcontext is %v before", c)
			}
		}
		s.greet(client, server)
		clear := client.w.Transport()
		s.must(upgrade(s.ctx, client, server))
		if client.w.Transport() == clear {
			s.Error("the writer has the old transport")
		}
		s.checkInfo(client, server)
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "streams.709.start-tls-buffered", func(s *stage) {
		client, server := s.plain()
		_, err := client.w.Write([]byte("STARTTLS\n"))
		s.must(err)
		began := s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) })
		s.until("the client's first record", func() bool { return server.r.Buffered() > len("STARTTLS\n")+100 })
		s.want("STARTTLS\n")(server.r.ReadLine(s.ctx))
		if p, err := server.r.Peek(s.ctx, 1); err != nil || p[0] != 22 {
			s.Errorf("the reader holds %q, %v", p, err)
		}
		s.must(server.w.StartTLS(s.ctx, serverConfig()))
		_, err = began.Await(s.ctx)
		s.must(err)
		s.held(server.r, "")
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "streams.709.start-tls-buffered/more-than-the-limit", func(s *stage) {
		client, server := s.plain(WithLimit(16)) // the record pauses the reader's transport
		began := s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) })
		s.until("the reader to pause", func() bool {
			return server.r.Buffered() > 2*16 && !server.w.Transport().(interface{ IsReading() bool }).IsReading()
		})
		s.must(server.w.StartTLS(s.ctx, serverConfig()))
		_, err := began.Await(s.ctx)
		s.must(err)
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "streams.710.start-tls-shutdown-timeout", func(s *stage) {
		o := asyncio.StartTLSOptions{HandshakeTimeout: time.Minute, ShutdownTimeout: time.Millisecond}
		client, peer := s.mute(serverConfig())
		defer peer.Close()
		s.must(client.w.StartTLS(s.ctx, clientConfig(), o))
		s.check(client.w.Close())
		s.wantError(client.w.WaitClosed(s.ctx), asyncio.ErrTimeout)

		client, peer = s.mute(nil)
		defer peer.Close()
		o.HandshakeTimeout = time.Millisecond
		s.wantError(client.w.StartTLS(s.ctx, clientConfig(), o), asyncio.ErrTimeout)
		s.wantError(client.w.WaitClosed(s.ctx), asyncio.ErrTimeout)
	})
}

// mute makes a connection to a peer that shakes hands, if it has a configuration, and then
// neither reads nor writes.
func (s *stage) mute(c *tls.Config) (client end, peer net.Conn) {
	s.Helper()
	s.needs("sockets of package net")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	defer listener.Close()
	client.r, client.w = s.open(listener.Addr().String())
	peer, err = listener.Accept()
	s.must(err)
	if c != nil {
		go func() { _ = tls.Server(peer, c).Handshake() }() // the other side tells
	}
	return client, peer
}

// TestStartTLSInjection: clear text that came together with what asks for the upgrade, which
// somebody in between may have put there, is not taken for what comes by TLS.
func TestStartTLSInjection(t *testing.T) {
	t.Parallel()
	overLoops(t, "into-the-server", func(s *stage) {
		client, server := s.plain()
		_, err := client.w.Write([]byte("STARTTLS\nDELETE everything\n"))
		s.must(err)
		s.want("STARTTLS\n")(server.r.ReadLine(s.ctx))
		s.until("what was put in", func() bool { return server.r.Buffered() > 0 })
		began := s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) })
		err = server.w.StartTLS(s.ctx, serverConfig())
		if !errors.As(err, new(tls.RecordHeaderError)) {
			s.Errorf("error %v", err)
		}
		if _, err := began.Await(s.ctx); err == nil {
			s.Error("the client has TLS")
		}
		_, err = server.r.ReadLine(s.ctx)
		if !errors.As(err, new(tls.RecordHeaderError)) {
			s.Errorf("then it reads %v", err)
		}
	})
	overLoops(t, "into-the-client", func(s *stage) {
		client, server := s.plain()
		_, err := server.w.Write([]byte("READY\nyou have no mail\n"))
		s.must(err)
		s.want("READY\n")(client.r.ReadLine(s.ctx))
		s.until("what was put in", func() bool { return client.r.Buffered() > 0 })
		began := s.start(func(ctx context.Context) error { return server.w.StartTLS(ctx, serverConfig()) })
		err = client.w.StartTLS(s.ctx, clientConfig())
		if !errors.As(err, new(tls.RecordHeaderError)) {
			s.Errorf("error %v", err)
		}
		if _, err := began.Await(s.ctx); err == nil {
			s.Error("the server has TLS")
		}
		s.held(client.r, "")
	})
}

func TestStartTLSOtherwise(t *testing.T) {
	t.Parallel()
	overLoops(t, "what-was-written-goes-first", func(s *stage) {
		client, server := s.plain()
		const lines = 20_000
		text := strings.Repeat("in clear\n", lines)
		reading := s.start(func(ctx context.Context) error {
			for range lines {
				if p, err := server.r.ReadLine(ctx); err != nil || string(p) != "in clear\n" {
					return errors.Join(errors.New(string(p)), err)
				}
			}
			return server.w.StartTLS(ctx, serverConfig())
		})
		_, err := client.w.Write([]byte(text))
		s.must(err)
		s.must(client.w.StartTLS(s.ctx, clientConfig()))
		_, err = reading.Await(s.ctx)
		s.must(err)
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "roles-changed", func(s *stage) {
		client, server := s.ownProtocols()
		began := s.start(func(ctx context.Context) error { return server.w.StartTLS(ctx, clientConfig()) })
		s.must(client.w.StartTLS(s.ctx, serverConfig(), asyncio.StartTLSOptions{ServerSide: true}))
		_, err := began.Await(s.ctx)
		s.must(err)
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "writes-meanwhile-are-refused", func(s *stage) {
		client, peer := s.mute(nil)
		defer peer.Close()
		began := s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) })
		s.until("the handshake to begin", func() bool { return refused(client.w) })
		s.wantError(client.w.WriteLines([][]byte{{1}}), asyncio.ErrInvalidState)
		s.wantError(client.w.WriteEOF(), asyncio.ErrInvalidState)
		s.wantError(client.w.StartTLS(s.ctx, clientConfig()), asyncio.ErrInvalidState)
		s.check(client.w.Close())
		if _, err := began.Await(s.ctx); err == nil {
			s.Error("a closed connection has TLS")
		}
		if _, err := client.r.Read(s.ctx, 1); err == nil {
			s.Error("something was read")
		}
	})
	overLoops(t, "cancelled", func(s *stage) {
		client, peer := s.mute(nil)
		defer peer.Close()
		began := s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) })
		s.until("the handshake to begin", func() bool { return refused(client.w) })
		began.Cancel()
		_, err := began.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		s.must(client.w.WaitClosed(s.ctx))
		_, err = client.w.Write([]byte("x"))
		s.wantError(err, net.ErrClosed)
	})
	overLoops(t, "cancelled-at-every-pass", func(s *stage) {
		for pass := range 30 {
			client, server := s.plain()
			tasks := []*asyncio.Task[struct{}]{
				s.start(func(ctx context.Context) error { return client.w.StartTLS(ctx, clientConfig()) }),
				s.start(func(ctx context.Context) error { return server.w.StartTLS(ctx, serverConfig()) }),
			}
			for range pass {
				s.must(asyncio.Yield(s.ctx))
			}
			ends := []end{client, server}
			for _, i := range []int{pass % 2, 1 - pass%2} {
				tasks[i].Cancel()
				if _, err := tasks[i].Await(s.ctx); refused(ends[i].w) {
					s.Errorf("pass %d: a handshake is under way after %v", pass, err)
				}
				s.check(ends[i].w.Close()) // one that was cancelled before it began has its connection
			}
			for _, e := range ends {
				_ = e.w.WaitClosed(s.ctx) // with what error is a matter of the pass
			}
		}
	})
	overLoops(t, "after-the-peer's-end", func(s *stage) {
		client, server := s.plain()
		s.check(client.w.WriteEOF())
		s.until("the end", server.r.AtEOF)
		s.wantError(server.w.StartTLS(s.ctx, serverConfig()), io.ErrUnexpectedEOF)
		s.part(client, server)
		s.wantError(server.w.StartTLS(s.ctx, serverConfig()), ErrConnectionLost)
	})
	overLoops(t, "misuse", func(s *stage) {
		client, server := s.plain()
		_, err := server.w.Write([]byte("kept"))
		s.must(err)
		s.until("the bytes", func() bool { return client.r.Buffered() == 4 })
		for what, err := range map[string]error{
			"no configuration": client.w.StartTLS(s.ctx, nil),
			"no name":          client.w.StartTLS(s.ctx, certs.Default().Client()),
			"no certificate":   server.w.StartTLS(s.ctx, &tls.Config{}),
			"two options":      client.w.StartTLS(s.ctx, clientConfig(), asyncio.StartTLSOptions{}, asyncio.StartTLSOptions{}),
			"bytes":            client.w.StartTLS(s.ctx, clientConfig(), asyncio.StartTLSOptions{Received: func() []byte { return nil }}),
		} {
			if !errors.Is(err, asyncio.ErrInvalidArgument) {
				s.Errorf("%s: error %v", what, err)
			}
		}
		s.want("kept")(client.r.Read(s.ctx, 10)) // they are the reader's still
		s.must(upgrade(s.ctx, client, server))
		s.greet(client, server)
		s.part(client, server)
	})
	overLoops(t, "tls-in-tls", func(s *stage) {
		client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer())
		s.must(err)
		s.greet(client, server)
		s.must(upgrade(s.ctx, client, server))
		s.greet(client, server)
		s.part(client, server)
	})
	t.Run("from-outside", func(t *testing.T) {
		t.Parallel()
		eachLoop(t, func(t *testing.T, open opener) {
			s := newStage(t, open)
			s.runLoop()
			s.ctx = context.Background()
			client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", nil, nil)
			s.must(err)
			began := make(chan error, 1)
			go func() { began <- server.w.StartTLS(s.ctx, serverConfig()) }()
			s.must(client.w.StartTLS(s.ctx, clientConfig()))
			s.must(<-began)
			a, b := Conn(s.ctx, client.r, client.w), Conn(s.ctx, server.r, server.w)
			_, err = a.Write([]byte("hello\n"))
			s.must(err)
			s.want("hello\n")(server.r.ReadLine(s.ctx))
			closeBoth(a, b)
			s.check(errors.Join(client.w.WaitClosed(s.ctx), server.w.WaitClosed(s.ctx)))
		})
	})
}

// refused reports whether the writer takes nothing because a handshake is under way.
func refused(w *StreamWriter) bool {
	_, under := w.Transport().(upgrading)
	return under
}

// ownProtocol is a protocol of a test's with a reader and FlowControl.
type ownProtocol struct {
	*FlowControl
	asyncio.BaseProtocol
	end
}

// ConnectionMade implements asyncio.Protocol.
func (p *ownProtocol) ConnectionMade(t asyncio.Transport) {
	p.w, _ = NewStreamWriter(t, p, p.r)
	_ = p.r.SetTransport(t)
}

// DataReceived implements asyncio.Protocol.
func (p *ownProtocol) DataReceived(data []byte) { _ = p.r.FeedData(data) }

// PauseWriting implements asyncio.Protocol.
func (p *ownProtocol) PauseWriting() { p.FlowControl.PauseWriting() }

// ResumeWriting implements asyncio.Protocol.
func (p *ownProtocol) ResumeWriting() { p.FlowControl.ResumeWriting() }

// ConnectionLost implements asyncio.Protocol.
func (p *ownProtocol) ConnectionLost(err error) { p.FlowControl.ConnectionLost(err) }

// newOwn makes one.
func (s *stage) newOwn() *ownProtocol {
	f, err := NewFlowControl()
	if err != nil {
		s.Error(err)
	}
	return &ownProtocol{FlowControl: f, end: end{r: s.reader(DefaultLimit)}}
}

// ownProtocols makes a connection between two of them.
func (s *stage) ownProtocols() (client, server end) {
	s.Helper()
	var other *ownProtocol
	listener, err := s.loop.CreateServer(s.ctx, func() asyncio.Protocol { other = s.newOwn(); return other }, "tcp", "127.0.0.1:0", nil)
	s.must(err)
	defer listener.Close()
	p := s.newOwn()
	_, _, err = s.loop.CreateConnection(s.ctx, func() asyncio.Protocol { return p }, "tcp", listener.Addrs()[0].String(), nil)
	s.must(err)
	s.until("the server's end", func() bool { return other != nil && other.w != nil })
	return p.end, other.end
}
