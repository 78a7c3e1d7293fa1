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
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestTLSEcho: what is written on one side comes on the other, both ways, and both end.
func TestTLSEcho(t *testing.T) {
	t.Parallel()
	eachTLS(t, "echo", func(ctx context.Context, n *netTest, version uint16) {
		client, server := n.pairTLS(ctx, only(version, forClient()), nil)
		big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		server.onData = func(p []byte) { _, _ = server.transport.Write(p) }
		if k, err := client.transport.Write(big); err != nil || k != len(big) {
			n.Fatal(k, err)
		}
		n.until(ctx, "the echo", func() bool { return len(client.data) >= len(big) })
		if !bytes.Equal(client.data, big) {
			n.Error("other bytes")
		}
		n.closesTLS(ctx, client, server)
		want(n.T, "cipher after the end", server.transport.GetExtraInfo("cipher"), nil)
	})
}

// aMiB is what a client of the many sends.
var aMiB = bytes.Repeat([]byte("A"), 1<<20)

// TestTLSMany: many connections at once.
func TestTLSMany(t *testing.T) {
	t.Parallel()
	const clients = 25
	tlsRow(t, "tls.001.tls-server-many-clients", func(ctx context.Context, n *netTest) {
		s, addr := n.serveTLS(ctx, forServer(), func(r *recorder) {
			got := 0
			r.onData = func(p []byte) {
				before := got
				got += len(p)
				r.data = r.data[:0]
				if before < len(aMiB) && got >= len(aMiB) {
					_, _ = r.transport.Write([]byte("OK"))
				}
				if got == 2*len(aMiB) {
					n.check(r.transport.WriteLines([][]byte{[]byte("SP"), {}, []byte("AM")}))
				}
			}
		})
		var all []<-chan error
		for range clients {
			all = append(all, n.tlsClient(addr, nil, func(c *tls.Conn) error {
				for _, answer := range []string{"OK", "SPAM"} {
					if _, err := c.Write(aMiB); err != nil {
						return err
					}
					p := make([]byte, len(answer))
					if _, err := io.ReadFull(c, p); err != nil || string(p) != answer {
						return fmt.Errorf("%q, %v", p, err)
					}
				}
				return nil
			}))
		}
		for i, done := range all {
			if err := receive(ctx, n, fmt.Sprintf("client %d", i), done); err != nil {
				n.Error(err)
			}
		}
		n.ends(ctx, s)
	})
	tlsRow(t, "tls.002.tls-client-many", func(ctx context.Context, n *netTest) {
		serve := func(c *tls.Conn) error {
			p := make([]byte, len(aMiB))
			for _, answer := range []string{"OK", "SPAM"} {
				if _, err := io.ReadFull(c, p); err != nil {
					return err
				}
				if _, err := c.Write([]byte(answer)); err != nil {
					return err
				}
			}
			return nil
		}
		var all []*asyncio.Task[struct{}]
		for i := range clients {
			addr := n.tlsPeer(forServer(), serve)
			all = append(all, asyncio.GoErr(ctx, func(ctx context.Context) error {
				r := &recorder{}
				var tr asyncio.Transport
				var err error
				if i%2 == 0 {
					tr, err = n.connectTLS(ctx, r, addr, nil)
				} else {
					var c net.Conn
					if c, err = net.Dial("tcp", addr); err != nil {
						return err
					}
					defer c.Close()
					host := "localhost"
					tr, _, err = n.l.CreateConnection(ctx, func() asyncio.Protocol { return r }, "", "", &asyncio.ConnectionOptions{
						Conn: c, TLS: forClient(), ServerName: &host,
					})
				}
				if err != nil {
					return err
				}
				for _, answers := range []string{"OK", "OKSPAM"} {
					if _, err := tr.Write(aMiB); err != nil {
						return err
					}
					n.until(ctx, answers, func() bool { return len(r.data) >= len(answers) || r.lost })
					if string(r.data) != answers {
						return fmt.Errorf("%q", r.data)
					}
				}
				n.check(tr.Close())
				n.until(ctx, "the end", func() bool { return r.lost })
				return r.lostErr
			}))
		}
		for _, task := range all {
			_, err := task.Await(ctx)
			n.check(err)
		}
	})
}

// TestTLSCertificates: whom a client trusts.
func TestTLSCertificates(t *testing.T) {
	t.Parallel()
	fails := func(ctx context.Context, n *netTest, c *tls.Config, name string, as any) {
		n.Helper()
		var servers []*recorder
		// With TLS 1.3 the server may be done before the client refuses it.
		s, addr := n.serveTLS(ctx, only(tls.VersionTLS12, forServer()), func(r *recorder) { servers = append(servers, r) })
		client := &recorder{}
		var options []func(*asyncio.ConnectionOptions)
		if name != "" {
			options = append(options, func(o *asyncio.ConnectionOptions) { o.ServerName = &name })
		}
		_, err := n.connectTLS(ctx, client, addr, c, options...)
		if !errors.As(err, new(*tls.CertificateVerificationError)) || !errors.As(err, as) {
			n.Errorf("%T: %v", err, err)
		}
		n.until(ctx, "the end of the server's side", func() bool { return asyncio.Active(s) == 0 })
		want(n.T, "what the client's protocol has heard", client.history(), "")
		want(n.T, "protocols", len(servers), 1)
		want(n.T, "what the server's protocol has heard", servers[0].history(), "")
		n.ends(ctx, s)
	}
	for _, row := range []string{"tls.004.tls-failed-certificate", "events.015c.create-tls-connection-verify-fails", "events.026.tls-server-verify-failed"} {
		tlsRow(t, row, func(ctx context.Context, n *netTest) {
			fails(ctx, n, &tls.Config{RootCAs: x509.NewCertPool()}, "", new(x509.UnknownAuthorityError))
		})
	}
	tlsRow(t, "events.027.tls-server-name-mismatch", func(ctx context.Context, n *netTest) {
		fails(ctx, n, forClient(), "127.0.0.2", new(x509.HostnameError))
		fails(ctx, n, forClient(), "somebody.example", new(x509.HostnameError))
	})
	tlsRow(t, "events.015b.create-tls-connection-default-context", func(ctx context.Context, n *netTest) {
		// The zero configuration trusts whom the system trusts.
		fails(ctx, n, &tls.Config{}, "", new(x509.UnknownAuthorityError))
	})
	tlsRow(t, "events.028.tls-server-verified", func(ctx context.Context, n *netTest) {
		verified := func(client *recorder) {
			cert, ok := client.transport.GetExtraInfo("peercert").(*x509.Certificate)
			if !ok {
				n.Fatal(client.transport.GetExtraInfo("peercert"))
			}
			n.check(cert.VerifyHostname("localhost"))
			want(n.T, "issuer", cert.Issuer.CommonName, "an authority of tests")
			want(n.T, "subject", cert.Subject.CommonName, "a test")
			want(n.T, "valid", cert.NotBefore.Before(time.Now()) && cert.NotAfter.After(time.Now()), true)
			state := client.transport.GetExtraInfo("ssl_object").(tls.ConnectionState)
			want(n.T, "chains", len(state.VerifiedChains), 1)
			want(n.T, "name", state.ServerName, "localhost")
		}
		s, addr := n.serveTLS(ctx, forServer(), nil)
		client, name := &recorder{}, "localhost"
		if _, err := n.connectTLS(ctx, client, addr, nil, func(o *asyncio.ConnectionOptions) { o.ServerName = &name }); err != nil {
			n.Fatal(err)
		}
		verified(client)
		client.transport.Abort()
		n.ends(ctx, s)
		n.overUnix(ctx, func(_ *asyncio.Server, client *recorder, _ *[]*recorder) { verified(client) })
	})
}

// overUnix has f see a connection of TLS over a unix socket, where there are some.
func (n *netTest) overUnix(ctx context.Context, f func(s *asyncio.Server, client *recorder, servers *[]*recorder)) {
	n.Helper()
	if !testkit.HasUnixSockets() {
		return
	}
	path := testkit.SocketPath(n)
	var servers []*recorder
	s := n.serveUnix(ctx, path, &asyncio.ServerOptions{TLS: forServer()}, func(r *recorder) { servers = append(servers, r) })
	client, name := &recorder{}, "localhost"
	_, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, &asyncio.ConnectionOptions{TLS: forClient(), ServerName: &name})
	if err != nil {
		n.Fatal(err)
	}
	f(s, client, &servers)
	client.transport.Abort()
	n.ends(ctx, s)
}

// TestTLSConnection: what a connection of TLS is like for its user.
func TestTLSConnection(t *testing.T) {
	t.Parallel()
	tlsRow(t, "events.015a.create-tls-connection", func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, &tls.Config{InsecureSkipVerify: true}, nil)
		tr := client.transport
		state := tr.GetExtraInfo("ssl_object").(tls.ConnectionState)
		want(n.T, "peercert", tr.GetExtraInfo("peercert").(*x509.Certificate), state.PeerCertificates[0])
		want(n.T, "the server has none of the client's", server.transport.GetExtraInfo("peercert"), nil)
		want(n.T, "cipher", tr.GetExtraInfo("cipher"), any(asyncio.TLSCipher{tls.CipherSuiteName(state.CipherSuite), "TLS 1.3"}))
		want(n.T, "both", tr.GetExtraInfo("cipher"), server.transport.GetExtraInfo("cipher"))
		want(n.T, "compression", tr.GetExtraInfo("compression"), nil)
		want(n.T, "peername", tr.GetExtraInfo("peername").(net.Addr).String(), server.transport.LocalAddr().String())
		if c, ok := tr.GetExtraInfo("sslcontext").(*tls.Config); !ok || !c.InsecureSkipVerify {
			n.Error("sslcontext", tr.GetExtraInfo("sslcontext"))
		}
		n.closesTLS(ctx, client, server)
	})
	unixRow(t, "events.016.create-tls-unix-connection", func(n *netTest, path string) {
		n.run(func(ctx context.Context) { connectsUnixTLS(ctx, n, path) })
	})
	tlsRow(t, "events.025.create-tls-server", func(ctx context.Context, n *netTest) {
		serves := func(_ *asyncio.Server, client *recorder, servers *[]*recorder) {
			n.until(ctx, "the server's side", func() bool { return len(*servers) == 1 && (*servers)[0].transport != nil })
			server := (*servers)[0]
			want(n.T, "done before it is made", server.transport.GetExtraInfo("ssl_object").(tls.ConnectionState).HandshakeComplete, true)
			_, err := client.transport.Write([]byte("xxx"))
			n.check(err)
			n.until(ctx, "three bytes", func() bool { return len(server.data) == 3 })
			want(n.T, "the client sees TLS", client.transport.GetExtraInfo("ssl_object").(tls.ConnectionState).HandshakeComplete, true)
			if client.transport.GetExtraInfo("peername") == nil || client.transport.GetExtraInfo("cipher") == nil {
				n.Error("the client sees less")
			}
			n.closesTLS(ctx, server, client)
			want(n.T, "the server's side", server.history(), "made data lost")
		}
		var servers []*recorder
		s, addr := n.serveTLS(ctx, forServer(), func(r *recorder) { servers = append(servers, r) })
		client := &recorder{}
		if _, err := n.connectTLS(ctx, client, addr, nil); err != nil {
			n.Fatal(err)
		}
		serves(s, client, &servers)
		n.ends(ctx, s)
		n.overUnix(ctx, serves)
	})
	tlsRow(t, "tls.006.tls-accepted-socket", func(ctx context.Context, n *netTest) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			n.Fatal(err)
		}
		defer l.Close()
		done := n.tlsClient(l.Addr().String(), nil, func(c *tls.Conn) error {
			if _, err := c.Write([]byte("hello")); err != nil {
				return err
			}
			p, err := io.ReadAll(c)
			if string(p) != "HELLO" {
				return fmt.Errorf("%q, %v", p, err)
			}
			return err
		})
		c, err := l.Accept()
		if err != nil {
			n.Fatal(err)
		}
		defer c.Close()
		r := &recorder{}
		r.onData = func(p []byte) {
			if len(r.data) == 5 {
				_, _ = r.transport.Write(bytes.ToUpper(r.data))
				n.check(r.transport.Close())
			}
		}
		if _, _, err := n.l.ConnectAcceptedSocket(ctx, func() asyncio.Protocol { return r }, 0, &asyncio.ConnectionOptions{Conn: c, TLS: forServer()}); err != nil {
			n.Fatal(err)
		}
		n.check(receive(ctx, n, "the client", done))
		n.until(ctx, "the end", func() bool { return r.lost })
		want(n.T, "its life", r.history(), "made data lost")
		n.check(r.lostErr)
	})
	tlsRow(t, "tls.032.tls-made-before-waiter", func(ctx context.Context, n *netTest) {
		// With TLS 1.2 the server's last words of the handshake, and what follows them, come together.
		release := make(chan struct{})
		addr := n.tlsPeer(only(tls.VersionTLS12, forServer()), func(c *tls.Conn) error {
			if _, err := c.Write([]byte("first")); err != nil {
				return err
			}
			<-release
			return nil
		})
		defer close(release)
		returned := false
		r := &recorder{}
		r.onMade = func(asyncio.Transport) { want(n.T, "returned before ConnectionMade", returned, false) }
		if _, err := n.connectTLS(ctx, r, addr, nil); err != nil {
			n.Fatal(err)
		}
		returned = true
		want(n.T, "begins with", r.events[0], "made")
		n.until(ctx, "the data", func() bool { return string(r.data) == "first" })
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
	})
}

// TestTLSServerName: base.058.
func TestTLSServerName(t *testing.T) {
	t.Parallel()
	tlsRow(t, "base.058.tls-server-hostname-default", func(ctx context.Context, n *netTest) {
		asked := ""
		c := forServer()
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			asked = hello.ServerName
			return nil, nil
		}
		s, addr := n.serveTLS(ctx, c, nil)
		_, port, _ := net.SplitHostPort(addr)
		for _, test := range []struct {
			host, inConfig string
			given          *string
			asks           string
		}{
			{"localhost", "", nil, "localhost"},
			{"127.0.0.1", "", nil, ""}, // an address is no name, and is checked all the same
			{"127.0.0.1", "localhost", nil, "localhost"},
			{"127.0.0.1", "", ptr("localhost"), "localhost"},
			{"127.0.0.1", "somebody.example", ptr("localhost"), "localhost"},
			{"127.0.0.1", "somebody.example", ptr(""), ""},
		} {
			asked = "nobody"
			config := forClient()
			config.ServerName = test.inConfig
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, net.JoinHostPort(test.host, port), config, func(o *asyncio.ConnectionOptions) { o.ServerName = test.given })
			n.check(err)
			want(n.T, fmt.Sprintf("asked for, %+v", test), asked, test.asks)
			if err == nil {
				r.transport.Abort()
			}
		}
		// No name is checked, but who has signed is.
		if _, err := n.connectTLS(ctx, &recorder{}, addr, &tls.Config{RootCAs: x509.NewCertPool()}, func(o *asyncio.ConnectionOptions) { o.ServerName = ptr("") }); !errors.As(err, new(*tls.CertificateVerificationError)) {
			n.Error(err)
		}
		n.ends(ctx, s)
		// The timeouts, as they were given.
		addr = n.streamPeer(func(c *net.TCPConn) error { _, _ = io.Copy(io.Discard, c); return nil })
		stuck := asyncio.GoErr(ctx, func(ctx context.Context) error {
			_, err := n.connectTLS(ctx, &recorder{}, addr, nil, func(o *asyncio.ConnectionOptions) { o.TLSHandshakeTimeout = 3 * time.Hour })
			return err
		})
		n.until(ctx, "the handshake", func() bool { return len(asyncio.Transports(n.l)) > 0 })
		n.clock.skip(2 * time.Hour)
		n.passes(ctx)
		want(n.T, "done", stuck.Done(), false)
		n.clock.skip(4 * time.Hour)
		if _, err := stuck.Await(ctx); !errors.Is(err, asyncio.ErrTimeout) {
			n.Error(err)
		}
	})
}

// ptr is a pointer to a value.
func ptr[T any](v T) *T { return &v }

// connectsUnixTLS is events.016.
func connectsUnixTLS(ctx context.Context, n *netTest, path string) {
	n.Helper()
	s := n.serveUnix(ctx, path, &asyncio.ServerOptions{TLS: forServer()}, nil)
	name := "localhost"
	connect := func(c *tls.Config) (*recorder, error) {
		client := &recorder{}
		_, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, &asyncio.ConnectionOptions{TLS: c, ServerName: &name})
		return client, err
	}
	client, err := connect(&tls.Config{InsecureSkipVerify: true})
	if err != nil {
		n.Fatal(err)
	}
	want(n.T, "name", client.transport.GetExtraInfo("ssl_object").(tls.ConnectionState).ServerName, name)
	client.transport.Abort()
	for _, c := range []*tls.Config{{RootCAs: x509.NewCertPool()}, {}} { // the zero one trusts whom the system trusts
		if _, err := connect(c); !errors.As(err, new(*tls.CertificateVerificationError)) {
			n.Error(err)
		}
	}
	n.ends(ctx, s)
}
