package asyncio_test

import (
	"context"
	"crypto/tls"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// serveTLS makes a server of TLS on a port of the loopback interface whose protocols are
// returned as they are made.
func (n *netTest) serveTLS(ctx context.Context, c *tls.Config, made func(*recorder), options ...func(*asyncio.ServerOptions)) (*asyncio.Server, string) {
	n.Helper()
	o := &asyncio.ServerOptions{TLS: c}
	for _, change := range options {
		change(o)
	}
	s, err := n.l.CreateServer(ctx, func() asyncio.Protocol {
		r := &recorder{}
		if made != nil {
			made(r)
		}
		return r
	}, "tcp", "127.0.0.1:0", o)
	if err != nil {
		n.Fatal(err)
	}
	return s, s.Addrs()[0].String()
}

// pairTLS makes a connection of TLS between two recorders, which speak it as the
// configurations say; nil is what goes together.
func (n *netTest) pairTLS(ctx context.Context, forClient, forServer *tls.Config, options ...func(client, server *recorder)) (client, server *recorder) {
	n.Helper()
	if forClient == nil {
		forClient = certs.Default().Client()
	}
	if forServer == nil {
		forServer = certs.Default().Server()
	}
	client = &recorder{}
	s, addr := n.serveTLS(ctx, forServer, func(r *recorder) {
		server = r
		for _, o := range options {
			o(client, server)
		}
	})
	if _, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", addr, &asyncio.ConnectionOptions{TLS: forClient}); err != nil {
		n.Fatal(err)
	}
	n.until(ctx, "the server's side", func() bool { return server != nil && server.transport != nil })
	s.Close()
	return client, server
}
