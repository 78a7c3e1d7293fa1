package asyncio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// tlsScene is a server of TLS on the loop that echoes, and is to go on doing so whatever its
// clients do.
type tlsScene struct {
	*netTest
	server  *asyncio.Server
	addr    string
	clients []*recorder
}

// misuseOfTLS runs f as netRow does, with a server whose configuration change has changed.
// After it a client that does everything right is served.
func misuseOfTLS(t *testing.T, what string, change func(*tls.Config), f func(ctx context.Context, s *tlsScene)) {
	t.Helper()
	netRow(t, what, func(n *netTest) {
		n.run(func(ctx context.Context) {
			s := &tlsScene{netTest: n}
			c := certs.Default().Server()
			if change != nil {
				change(c)
			}
			s.server, s.addr = n.serveTLS(ctx, c, func(r *recorder) {
				s.clients = append(s.clients, r)
				r.onData = func(p []byte) { _, _ = r.transport.Write(p) }
			}, func(o *asyncio.ServerOptions) { o.TLSHandshakeTimeout = time.Minute })
			f(ctx, s)
			s.serves(ctx)
			s.server.Close()
			s.server.AbortClients()
			n.check(s.server.WaitClosed(ctx))
		})
	})
}

// good is a client's configuration with which every server of this file agrees.
func good() *tls.Config {
	c := certs.Default().Client()
	c.Certificates = []tls.Certificate{certs.Default().Sign()}
	c.ServerName = "localhost"
	return c
}

// serves has a client be served.
func (s *tlsScene) serves(ctx context.Context) {
	s.Helper()
	s.elsewhere(ctx, func() error {
		c, err := tls.Dial("tcp", s.addr, good())
		if err != nil {
			return fmt.Errorf("the server does not serve on: %w", err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		_, err = io.ReadFull(c, make([]byte, 5))
		return err
	})
}

// elsewhere runs f on another goroutine; an error of it fails the test.
func (s *tlsScene) elsewhere(ctx context.Context, f func() error) {
	s.Helper()
	_, err := asyncio.ToThread(ctx, func() (struct{}, error) { return struct{}{}, f() })
	s.check(err)
}

// refused connects a client of the loop's to the server, which must fail with an error that
// says want.
func (s *tlsScene) refused(ctx context.Context, c *tls.Config, want string) error {
	s.Helper()
	_, _, err := s.l.CreateConnection(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", s.addr, &asyncio.ConnectionOptions{TLS: c})
	if err == nil || !strings.Contains(err.Error(), want) {
		s.Errorf("the client got %v, want %q", err, want)
	}
	return err
}

// told waits until the server's log says why there was no handshake.
func (s *tlsScene) told(ctx context.Context, why string) {
	s.Helper()
	s.until(ctx, "the log to say "+why, func() bool { return s.log.Count(why) > 0 })
	if s.log.Count("TLS handshake failed") == 0 {
		s.Errorf("logged: %v", s.log)
	}
}

// raw is a plain connection to the server, on which f works on another goroutine.
func (s *tlsScene) raw(ctx context.Context, f func(c *net.TCPConn) error) {
	s.Helper()
	s.elsewhere(ctx, func() error {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return f(c.(*net.TCPConn))
	})
}

// ended waits for the end of the one client that had met a protocol, with an error that says
// want; "" is none.
func (s *tlsScene) ended(ctx context.Context, want string) error {
	s.Helper()
	s.until(ctx, "the end", func() bool { return len(s.clients) == 1 && s.clients[0].lost })
	err := s.clients[0].lostErr
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		s.Errorf("lost with %v, want %q", err, want)
	}
	return err
}

// TestTLSCertificateMisuse: whose certificate is not what it must be is told so, on both
// sides.
func TestTLSCertificateMisuse(t *testing.T) {
	t.Parallel()
	const remote = "remote error: tls: bad certificate"
	for what, c := range map[string]struct {
		server func(*tls.Config)
		client func(*tls.Config)
		want   string
		told   string
	}{
		"wrong-name": {
			client: func(c *tls.Config) { c.ServerName = "elsewhere.example" },
			want:   "certificate is valid for localhost, not elsewhere.example", told: remote,
		},
		"unknown-authority": {
			client: func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
			want:   "certificate signed by unknown authority", told: remote,
		},
	} {
		misuseOfTLS(t, what, c.server, func(ctx context.Context, s *tlsScene) {
			config := good()
			c.client(config)
			err := s.refused(ctx, config, c.want)
			if !errors.As(err, new(*tls.CertificateVerificationError)) {
				s.Errorf("%T", err)
			}
			s.told(ctx, c.told)
		})
	}
	bad := map[string]tls.Certificate{
		"expired":     certs.Default().Sign(certs.Names("localhost", "127.0.0.1"), certs.Expired),
		"self-signed": certs.SelfSigned(certs.Names("localhost", "127.0.0.1")),
	}
	for what, want := range map[string]string{"expired": "certificate has expired", "self-signed": "signed by unknown authority"} {
		misuseOfTLS(t, what, nil, func(ctx context.Context, s *tlsScene) {
			other, addr := s.serveTLS(ctx, &tls.Config{Certificates: []tls.Certificate{bad[what]}}, nil)
			_, _, err := s.l.CreateConnection(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", addr, &asyncio.ConnectionOptions{TLS: good()})
			if !errors.As(err, new(*tls.CertificateVerificationError)) || !strings.Contains(err.Error(), want) {
				s.Error(err)
			}
			s.told(ctx, remote)
			other.Close()
			s.check(other.WaitClosed(ctx))
		})
	}
}

// TestTLSNoAgreement: what both sides cannot agree upon is told to both.
func TestTLSNoAgreement(t *testing.T) {
	t.Parallel()
	misuseOfTLS(t, "no-common-version", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, func(ctx context.Context, s *tlsScene) {
		c := good()
		c.MaxVersion = tls.VersionTLS12
		_ = s.refused(ctx, c, "protocol version not supported")
		s.told(ctx, "client offered only unsupported versions")
	})
	misuseOfTLS(t, "no-common-protocol", func(c *tls.Config) { c.NextProtos = []string{"h2"} }, func(ctx context.Context, s *tlsScene) {
		c := good()
		c.NextProtos = []string{"smtp"}
		_ = s.refused(ctx, c, "no application protocol")
		s.told(ctx, "client requested unsupported application protocols")
	})
	misuseOfTLS(t, "name-unknown", func(c *tls.Config) {
		cert := c.Certificates[0]
		c.Certificates = nil
		c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName != "localhost" {
				return nil, fmt.Errorf("no certificate for %q", h.ServerName)
			}
			return &cert, nil
		}
	}, func(ctx context.Context, s *tlsScene) {
		c := good()
		c.ServerName = "elsewhere.example"
		_ = s.refused(ctx, c, "remote error: tls: ")
		s.told(ctx, `no certificate for \"elsewhere.example\"`)
	})
	needs := func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, certs.Default().Pool()
	}
	misuseOfTLS(t, "no-client-certificate", needs, func(ctx context.Context, s *tlsScene) {
		c := good()
		c.Certificates = nil
		client := &recorder{}
		_, _, err := s.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", s.addr, &asyncio.ConnectionOptions{TLS: c})
		if err == nil { // with TLS 1.3 a client is done before the server has looked
			s.until(ctx, "the end", func() bool { return client.lost })
			err = client.lostErr
		}
		if err == nil || !strings.Contains(err.Error(), "certificate required") {
			s.Error(err)
		}
		s.told(ctx, "client didn't provide a certificate")
	})
}

// TestTLSAndPlain: TLS on one side only.
func TestTLSAndPlain(t *testing.T) {
	t.Parallel()
	misuseOfTLS(t, "plain-client", nil, func(ctx context.Context, s *tlsScene) {
		s.raw(ctx, func(c *net.TCPConn) error {
			if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, c) // an alert, and the end
			return nil
		})
		s.told(ctx, "first record does not look like a TLS handshake")
	})
	misuseOfTLS(t, "plain-server", nil, func(ctx context.Context, s *tlsScene) {
		plain, addr := s.serve(ctx, func(r *recorder) {
			r.onMade = func(t asyncio.Transport) { _, _ = t.Write([]byte("220 mail.example ESMTP\r\n")) }
		})
		_, _, err := s.l.CreateConnection(ctx, func() asyncio.Protocol { return &recorder{} }, "tcp", addr, &asyncio.ConnectionOptions{TLS: good()})
		if header := (tls.RecordHeaderError{}); !errors.As(err, &header) {
			s.Error(err)
		}
		plain.Close()
		plain.AbortClients()
		s.check(plain.WaitClosed(ctx))
	})
}

// TestTLSCuts: who does not say its end, or says half of something.
func TestTLSCuts(t *testing.T) {
	t.Parallel()
	misuseOfTLS(t, "stall-in-handshake", nil, func(ctx context.Context, s *tlsScene) {
		s.raw(ctx, func(c *net.TCPConn) error {
			if _, err := c.Write([]byte{22, 3, 1, 2}); err != nil {
				return err
			}
			_, err := asyncio.RunCoroutineThreadsafe(s.l, func(ctx context.Context) (struct{}, error) {
				for range 3 { // it is accepted, and waits
					_ = asyncio.Sleep(ctx, time.Millisecond)
				}
				s.clock.skip(2 * time.Minute)
				return struct{}{}, nil
			}).Await(context.Background())
			_, _ = io.Copy(io.Discard, c)
			return err
		})
		s.told(ctx, "SSL handshake is taking longer than 60 seconds: aborting the connection")
	})
	cut := func(what string, strict bool, want string, f func(t *tls.Conn, c *net.TCPConn) error) {
		netRow(t, what, func(n *netTest) {
			n.run(func(ctx context.Context) {
				s := &tlsScene{netTest: n}
				s.server, s.addr = n.serveTLS(ctx, certs.Default().Server(), func(r *recorder) { s.clients = append(s.clients, r) },
					func(o *asyncio.ServerOptions) { o.TLSStrictEnd = strict })
				s.raw(ctx, func(c *net.TCPConn) error {
					t := tls.Client(c, good())
					if err := t.Handshake(); err != nil {
						return err
					}
					return f(t, c)
				})
				if err := s.ended(ctx, want); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && want == "unexpected EOF" {
					n.Errorf("%T", err)
				}
				s.server.Close()
				n.check(s.server.WaitClosed(ctx))
			})
		})
	}
	cut("cut-without-close-notify", false, "", func(*tls.Conn, *net.TCPConn) error { return nil })
	cut("cut-without-close-notify/strict", true, "unexpected EOF", func(*tls.Conn, *net.TCPConn) error { return nil })
	cut("end-with-close-notify/strict", true, "", func(t *tls.Conn, _ *net.TCPConn) error { return t.CloseWrite() })
	cut("cut-in-record", false, "unexpected EOF", func(_ *tls.Conn, c *net.TCPConn) error {
		_, err := c.Write([]byte{23, 3, 3, 0, 100, 1, 2, 3})
		return errors.Join(err, c.CloseWrite(), read(c))
	})
	cut("record-of-20000-bytes", false, "oversized record received with length 20000", func(_ *tls.Conn, c *net.TCPConn) error {
		_, err := c.Write(append([]byte{23, 3, 3, 20000 >> 8, 20000 & 255}, make([]byte, 20000)...))
		return errors.Join(err, read(c))
	})
	cut("garbage-after-handshake", false, "bad record MAC", func(_ *tls.Conn, c *net.TCPConn) error {
		_, err := c.Write(append([]byte{23, 3, 3, 0, 64}, make([]byte, 64)...))
		return errors.Join(err, read(c))
	})
	cut("text-after-handshake", false, "received record with version", func(_ *tls.Conn, c *net.TCPConn) error {
		_, err := c.Write(bytes.Repeat([]byte("what is this\n"), 10))
		return errors.Join(err, read(c))
	})
}

// read reads to the end; how the server ends is of no matter.
func read(c *net.TCPConn) error {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.Copy(io.Discard, c)
	return nil
}

// TestTLSFlood: a thousand clients (300 for select, which watches fewer) that begin a handshake
// and do no more hold nobody up, and are let go of in time. Not parallel: select watches no
// descriptors beyond those that it opens.
func TestTLSFlood(t *testing.T) {
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		n := newNetTest(t)
		clients := 1000
		if m, _ := mechanismOf(t); m.Name == "select" {
			clients = 300
			n.Logf("%d clients, for select watches 512 sockets on Windows, and descriptors below 1024 elsewhere", clients)
		}
		n.run(func(ctx context.Context) {
			s := &tlsScene{netTest: n}
			s.server, s.addr = n.serveTLS(ctx, certs.Default().Server(), func(r *recorder) {
				r.onData = func(p []byte) { _, _ = r.transport.Write(p) }
			}, func(o *asyncio.ServerOptions) { o.Backlog = clients })
			hello := clientHello(n)
			conns := make([]net.Conn, clients)
			s.elsewhere(ctx, func() error {
				for i := range conns {
					c, err := net.Dial("tcp", s.addr)
					if err != nil {
						return err
					}
					conns[i] = c
					if _, err := c.Write(hello[:len(hello)*(i%3+1)/3]); err != nil {
						return err
					}
				}
				return nil
			})
			s.serves(ctx)
			n.clock.skip(2 * time.Minute)
			s.server.Close()
			n.check(s.server.WaitClosed(ctx))
			for _, c := range conns {
				c.Close()
			}
		})
		if n.log.Count("TLS handshake failed") == 0 || n.log.Count("\n") > 100 {
			n.Errorf("%d lines were logged", n.log.Count("\n"))
		}
	})
}

// TestTLSCallbackFails: a configuration whose callback does not return is the end of the
// connection, and told of as what it is.
func TestTLSCallbackFails(t *testing.T) {
	t.Parallel()
	misuseOfTLS(t, "callback-panics", func(c *tls.Config) {
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if h.ServerName == "panics.example" {
				panic("a callback of the configuration")
			}
			return nil, nil
		}
	}, func(ctx context.Context, s *tlsScene) {
		s.expectErrors = true
		c := good()
		c.ServerName = "panics.example"
		if err := s.refused(ctx, c, "connection"); !errors.Is(err, asyncio.ErrConnReset) {
			s.Error(err)
		}
		s.until(ctx, "the report", func() bool { return len(s.reported) > 0 })
		if p := (*asyncio.PanicError)(nil); !errors.As(s.reported[0].Err, &p) || p.Value != "a callback of the configuration" {
			s.Error(s.reported)
		}
	})
}
