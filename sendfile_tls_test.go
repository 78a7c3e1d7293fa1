package asyncio_test

import (
	"context"
	"crypto/tls"
	"io"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestSendfileTLS: what is of TLS alone; the rest is tested as it is in clear.
func TestSendfileTLS(t *testing.T) {
	t.Parallel()
	netRow(t, "sockets.019.sendfile-tls", func(n *netTest) {
		n.run(func(ctx context.Context) {
			withSender(ctx, n, true, func(ctx context.Context, s *sender) {
				f := fileOf(s, fileData)
				s.sends(ctx, f, nil, len(fileData))
				s.gets(ctx, fileData)
				want(s, "position", positionOf(s, f), int64(len(fileData)))
				if state, ok := s.transport.GetExtraInfo("ssl_object").(tls.ConnectionState); !ok || !state.HandshakeComplete {
					s.Errorf("ssl_object is %v", state)
				}
			})
		})
	})
	netRow(t, "no-fallback", func(n *netTest) {
		n.run(func(ctx context.Context) {
			withSender(ctx, n, true, func(ctx context.Context, s *sender) {
				f := fileOf(s, fileData)
				k, err := s.l.Sendfile(ctx, s.transport, f, &asyncio.SendfileOptions{NoFallback: true})
				want(s, "sent", k, 0)
				wantError(s, err, asyncio.ErrSendfileNotAvailable)
				want(s, "position", positionOf(s, f), 0)
				_, err = s.transport.Write([]byte("goes on"))
				s.check(err)
				s.gets(ctx, []byte("goes on"))
			})
		})
	})
	netRow(t, "tls-1.2", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c := forServer()
			c.MaxVersion = tls.VersionTLS12
			client, server := n.pairTLS(ctx, nil, c)
			s := &sender{n, true, server.transport, server, client}
			sending := asyncio.Go(ctx, func(ctx context.Context) (int64, error) {
				return n.l.Sendfile(ctx, server.transport, fileOf(n, fileData), nil)
			})
			n.passes(ctx)
			if err := server.transport.WriteEOF(); err == nil {
				n.Error("one direction of TLS 1.2 was ended alone")
			}
			k, err := sending.Await(ctx)
			want(n, "sent", k, int64(len(fileData)))
			n.check(err)
			s.gets(ctx, fileData)
			n.check(server.transport.Close())
			n.until(ctx, "the end", func() bool { return server.lost && client.lost })
		})
	})
	// A file over the inner one of two layers.
	netRow(t, "tls-in-tls", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pairTLS(ctx, nil, nil)
			starting := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) {
				return n.l.StartTLS(ctx, server.transport, server, forServer(), &asyncio.StartTLSOptions{ServerSide: true})
			})
			name := "localhost"
			_, err := n.l.StartTLS(ctx, client.transport, client, forClient(), &asyncio.StartTLSOptions{ServerName: &name})
			n.check(err)
			inner, err := starting.Await(ctx)
			n.check(err)
			s := &sender{n, true, inner, server, client}
			s.sends(ctx, fileOf(n, fileData), nil, len(fileData))
			s.gets(ctx, fileData)
			inner.Abort()
			n.until(ctx, "the end", func() bool { return server.lost && client.lost })
		})
	})
}

// TestSendfileTLSLoopCloses is TestSendfileLoopCloses over TLS.
func TestSendfileTLSLoopCloses(t *testing.T) {
	oneKindAfterTheOther(t, func(t *testing.T) {
		loopsCloseWhileSending(t, &asyncio.ServerOptions{TLS: forServer()}, &asyncio.ConnectionOptions{TLS: forClient()},
			[]io.ReadSeeker{fileOf(t, fileData)})
	})
}
