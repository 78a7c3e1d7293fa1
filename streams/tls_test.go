package streams

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// Streams over TLS from their beginning.

// tlsClient is how a client of the test's authority connects.
func tlsClient() *asyncio.ConnectionOptions {
	c := certs.Default().Client()
	c.ServerName = "localhost"
	return &asyncio.ConnectionOptions{TLS: c}
}

// tlsServer is how a server of the test's authority listens.
func tlsServer() *asyncio.ServerOptions {
	return &asyncio.ServerOptions{TLS: certs.Default().Server()}
}

// connectTLS is connect over TLS.
func (s *stage) connectTLS(ctx context.Context, more ...Option) (client, server net.Conn, err error) {
	a, b, err := s.pair(ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer(), more...)
	if err != nil {
		return nil, nil, err
	}
	return Conn(ctx, a.r, a.w), Conn(ctx, b.r, b.w), nil
}

// TestNettestTLS is TestNettest over TLS: from the beginning, and since the middle.
func TestNettestTLS(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*stage, context.Context, ...Option) (client, server net.Conn, err error){
		"from-the-beginning": (*stage).connectTLS,
		"upgraded":           (*stage).connectUpgraded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachLoop(t, func(t *testing.T, open opener) {
				s := newStage(t, open)
				s.runLoop()
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					c1, c2, err = connect(s, context.Background())
					return c1, c2, func() { closeBoth(c1, c2) }, err
				})
			})
		})
	}
}

// greet has both ends of a connection say a line, and read the other's.
func (s *stage) greet(a, b end) {
	s.Helper()
	for _, way := range [][2]end{{a, b}, {b, a}} {
		_, err := way[0].w.Write([]byte("hello\n"))
		s.must(errors.Join(err, way[0].w.Drain(s.ctx)))
		s.want("hello\n")(way[1].r.ReadLine(s.ctx))
	}
}

// part closes both ends, and waits for that.
func (s *stage) part(a, b end) {
	s.Helper()
	s.check(errors.Join(a.w.Close(), b.w.Close()))
	s.check(errors.Join(a.w.WaitClosed(s.ctx), b.w.WaitClosed(s.ctx)))
}

// checkInfo fails the test unless the extra info of both ends says TLS.
func (s *stage) checkInfo(client, server end) {
	s.Helper()
	for name, w := range map[string]*StreamWriter{"client": client.w, "server": server.w} {
		state, ok := w.GetExtraInfo("ssl_object").(tls.ConnectionState)
		if !ok || !state.HandshakeComplete {
			s.Errorf("%s: ssl_object is %v", name, w.GetExtraInfo("ssl_object"))
		}
		if c, ok := w.GetExtraInfo("sslcontext").(*tls.Config); !ok || c == nil {
			s.Errorf("%s: sslcontext is %v", name, w.GetExtraInfo("sslcontext"))
		}
		if c, ok := w.GetExtraInfo("cipher").(asyncio.TLSCipher); !ok || c.Version != "TLS 1.3" {
			s.Errorf("%s: cipher is %v", name, w.GetExtraInfo("cipher"))
		}
		if w.GetExtraInfo("peername") == nil || w.Transport().RemoteAddr() == nil {
			s.Errorf("%s: no name of the peer", name)
		}
	}
	if cert, ok := client.w.GetExtraInfo("peercert").(*x509.Certificate); !ok || cert.VerifyHostname("localhost") != nil {
		s.Errorf("peercert is %v", client.w.GetExtraInfo("peercert"))
	}
	if cert := server.w.GetExtraInfo("peercert"); cert != nil {
		s.Errorf("the client has the certificate %v", cert)
	}
}

func TestStreamsOverTLS(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.002.open-connection-tls", func(s *stage) {
		client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer())
		s.must(err)
		s.checkInfo(client, server)
		s.greet(client, server)
		s.part(client, server)
	})
	unixOverLoops(t, "streams.002.open-connection-tls/unix", func(s *stage, path string) {
		client, server, err := s.pair(s.ctx, "unix", path, tlsClient(), tlsServer())
		s.must(err)
		s.greet(client, server)
		s.part(client, server)
		listener, err := StartUnixServer(s.ctx, echo, path+"2", tlsServer())
		s.must(err)
		r, w, err := OpenUnixConnection(s.ctx, path+"2", tlsClient())
		s.must(err)
		_, err = w.Write([]byte("hello\n"))
		s.check(err)
		s.want("hello\n")(r.ReadLine(s.ctx))
		s.finish(listener, w)
	})
	t.Run("streams.002.open-connection-tls/no-loop-is-current", func(t *testing.T) {
		t.Parallel()
		eachLoop(t, func(t *testing.T, open opener) {
			s := newStage(t, open)
			s.runLoop()
			s.ctx = context.Background()
			client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer())
			s.must(err)
			a, b := Conn(s.ctx, client.r, client.w), Conn(s.ctx, server.r, server.w)
			_, err = a.Write([]byte("hello\n"))
			s.check(err)
			s.want("hello\n")(server.r.ReadLine(s.ctx))
			closeBoth(a, b)
			s.check(errors.Join(client.w.WaitClosed(s.ctx), server.w.WaitClosed(s.ctx)))
		})
	})
	overLoops(t, "the-end-of-one-is-the-end-of-both", func(s *stage) {
		client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer())
		s.must(err)
		_, err = client.w.Write([]byte("question"))
		s.check(errors.Join(err, client.w.WriteEOF()))
		s.want("question")(server.r.ReadAll(s.ctx))
		s.check(server.w.WaitClosed(s.ctx))
		s.want("")(client.r.ReadAll(s.ctx))
		s.part(client, server)
	})
	overLoops(t, "a-limit-holds-the-peer-up", func(s *stage) {
		client, server, err := s.pair(s.ctx, "tcp", "127.0.0.1:0", tlsClient(), tlsServer(), WithLimit(1000))
		s.must(err)
		total := 0
		s.until("the writer to be held up", func() bool {
			n, err := client.w.Write(make([]byte, 256<<10))
			total += n
			s.must(err)
			return client.w.flow.paused
		})
		if n := server.r.Buffered(); n > 2*1000+64<<10 {
			s.Errorf("%d bytes are buffered", n)
		}
		s.check(client.w.Close())
		got, err := server.r.ReadAll(s.ctx)
		if s.check(err); len(got) != total {
			s.Errorf("%d bytes came", len(got))
		}
		s.part(client, server)
	})
	overLoops(t, "refused", func(s *stage) {
		listener, err := StartServer(s.ctx, echo, "tcp", "127.0.0.1:0", tlsServer())
		s.must(err)
		stranger := &asyncio.ConnectionOptions{TLS: &tls.Config{RootCAs: x509.NewCertPool()}}
		_, _, err = OpenConnection(s.ctx, "tcp", listener.Addrs()[0].String(), stranger)
		if !errors.As(err, new(x509.UnknownAuthorityError)) {
			s.Errorf("error %v", err)
		}
		s.finish(listener)
	})
	overLoops(t, "conns", func(s *stage) {
		client, server, err := s.connectTLS(s.ctx)
		s.must(err)
		const rounds = 50
		var got atomic.Int64
		echoing := s.start(func(context.Context) error {
			buf := make([]byte, 100)
			for range rounds {
				n, err := server.Read(buf)
				if err != nil {
					return err
				}
				got.Add(int64(n))
				if _, err := server.Write(buf[:n]); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range rounds {
			text := fmt.Sprint("round ", i)
			_, err := client.Write([]byte(text))
			s.check(err)
			buf := make([]byte, 100)
			n, err := client.Read(buf)
			s.want(text)(buf[:n], err)
		}
		_, err = echoing.Await(s.ctx)
		s.check(err)
		closeBoth(client, server)
	})
}
