package asyncio_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// inCallback makes a server's configuration each of whose callbacks calls f.
var inCallback = map[string]func(c *tls.Config, f func(ctx context.Context)){
	"GetConfigForClient": func(c *tls.Config, f func(context.Context)) {
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { f(h.Context()); return nil, nil }
	},
	"GetCertificate": func(c *tls.Config, f func(context.Context)) {
		cert := c.Certificates[0]
		c.Certificates = nil
		c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { f(h.Context()); return &cert, nil }
	},
	"VerifyConnection": func(c *tls.Config, f func(context.Context)) {
		c.VerifyConnection = func(tls.ConnectionState) error { f(nil); return nil }
	},
	"WrapSession": func(c *tls.Config, f func(context.Context)) {
		c.WrapSession = func(tls.ConnectionState, *tls.SessionState) ([]byte, error) { f(nil); return []byte("ticket"), nil }
	},
}

// asksForTickets is the configuration of a client that resumes sessions.
func asksForTickets() *tls.Config {
	c := forClient()
	c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	return c
}

// TestTLSCallbacksExit: a callback of a configuration that does not return ends its handshake; it
// is reported, and the server serves on.
func TestTLSCallbacksExit(t *testing.T) {
	t.Parallel()
	for how, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": goexit} {
		for name, in := range inCallback {
			tlsRow(t, how+" in "+name, func(ctx context.Context, n *netTest) {
				n.expectErrors = true
				bad := true
				config := forServer()
				in(config, func(context.Context) {
					if bad {
						leave()
					}
				})
				s, addr := n.serveTLS(ctx, config, nil)
				first := &recorder{}
				// With TLS 1.3 the client may be done before the server is.
				if _, err := n.connectTLS(ctx, first, addr, asksForTickets()); err == nil {
					n.until(ctx, "the end", func() bool { return first.lost })
				}
				n.until(ctx, "the report", func() bool { return len(n.reported) > 0 && asyncio.Active(s) == 0 })
				want(n.T, "reports", len(n.reported), 1)
				if err := n.reported[0].Err; !errors.Is(err, errBoom) && !errors.Is(err, asyncio.ErrGoexit) {
					n.Error(err)
				}
				bad = false
				second := &recorder{}
				_, err := n.connectTLS(ctx, second, addr, nil)
				n.check(err)
				second.transport.Abort()
				n.ends(ctx, s)
			})
		}
		tlsRow(t, how+" in a client", func(ctx context.Context, n *netTest) {
			s, addr := n.serveTLS(ctx, forServer(), nil)
			config := forClient()
			config.VerifyConnection = func(tls.ConnectionState) error { leave(); return nil }
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, addr, config)
			if !errors.Is(err, errBoom) && !errors.Is(err, asyncio.ErrGoexit) {
				n.Error(err)
			}
			want(n.T, "the protocol", r.history(), "")
			n.ends(ctx, s)
		})
	}
}

// TestTLSCallbacksWait: a callback may wait: the loop goes on, and what ends the connection ends
// the wait.
func TestTLSCallbacksWait(t *testing.T) {
	t.Parallel()
	for name, in := range inCallback {
		tlsRow(t, "waits in "+name, func(ctx context.Context, n *netTest) {
			config := forServer()
			passes := 0
			in(config, func(context.Context) {
				for range 5 {
					n.check(asyncio.Sleep(context.Background(), time.Millisecond))
					passes++
				}
			})
			client, server := n.pairTLS(ctx, asksForTickets(), config)
			want(n.T, "waited", passes, 5)
			n.closesTLS(ctx, client, server)
		})
	}
	for end, happens := range map[string]func(n *netTest, s *asyncio.Server, task *asyncio.Task[asyncio.Transport]){
		"timeout":       func(n *netTest, _ *asyncio.Server, _ *asyncio.Task[asyncio.Transport]) { n.clock.skip(2 * time.Minute) },
		"close clients": func(_ *netTest, s *asyncio.Server, _ *asyncio.Task[asyncio.Transport]) { s.CloseClients() },
		"abort clients": func(_ *netTest, s *asyncio.Server, _ *asyncio.Task[asyncio.Transport]) { s.AbortClients() },
	} {
		tlsRow(t, "waits until "+end, func(ctx context.Context, n *netTest) {
			config := forServer()
			waits, ended := false, error(nil)
			config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				waits = true
				_, ended = asyncio.NewFuture[int](n.l).Await(h.Context())
				return nil, ended
			}
			s, addr := n.serveTLS(ctx, config, nil)
			task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, &recorder{}, addr, nil) })
			n.until(ctx, "the callback", func() bool { return waits })
			happens(n, s, task)
			if _, err := task.Await(ctx); err == nil {
				n.Error("there is a connection")
			}
			n.until(ctx, "the end", func() bool { return asyncio.Active(s) == 0 && len(asyncio.AllTasks(n.l)) == 1 })
			if !errors.Is(ended, asyncio.ErrCancelled) {
				n.Error("the callback's wait ended with", ended)
			}
			n.ends(ctx, s)
		})
	}
	tlsRow(t, "a client's that waits is cancelled", func(ctx context.Context, n *netTest) {
		s, addr := n.serveTLS(ctx, only(tls.VersionTLS12, forServer()), nil)
		config := forClient()
		waits, ended := false, error(nil)
		config.VerifyConnection = func(tls.ConnectionState) error {
			waits = true
			_, ended = asyncio.NewFuture[int](n.l).Await(context.Background())
			return ended
		}
		task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) {
			return n.connectTLS(ctx, &recorder{}, addr, config)
		})
		n.until(ctx, "the callback", func() bool { return waits })
		task.Cancel()
		if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
			n.Error(err)
		}
		n.until(ctx, "the end", func() bool { return len(asyncio.Transports(n.l)) == 0 && len(asyncio.AllTasks(n.l)) == 1 })
		if !errors.Is(ended, asyncio.ErrCancelled) {
			n.Error(ended)
		}
		n.ends(ctx, s)
	})
	tlsRow(t, "calls what there is", func(ctx context.Context, n *netTest) {
		// In the callback crypto/tls is locked: nothing that a transport is asked may wait for it.
		config := forServer()
		var server *asyncio.Server
		config.VerifyConnection = func(tls.ConnectionState) error {
			for _, t := range asyncio.Transports(n.l) {
				_ = fmt.Sprint(t, t.GetProtocol(), t.GetExtraInfo("ssl_object"), t.IsClosing(), t.IsReading(), t.GetWriteBufferSize())
				n.check(t.PauseReading())
				n.check(t.ResumeReading())
			}
			server.CloseClients()
			return nil
		}
		var addr string
		server, addr = n.serveTLS(ctx, only(tls.VersionTLS12, config), nil)
		if _, err := n.connectTLS(ctx, &recorder{}, addr, nil); !errors.Is(err, errConnReset) {
			n.Error(err)
		}
		n.ends(ctx, server)
	})
}

// gated is an executor that runs what it is given once it may.
type gated struct {
	asked atomic.Int32
	open  chan struct{}
	err   error
}

func (g *gated) Submit(f func()) error {
	g.asked.Add(1)
	if g.err != nil {
		return g.err
	}
	go func() { <-g.open; f() }()
	return nil
}

// rsaCertificate is one whose key decrypts, too.
func rsaCertificate(t testing.TB) tls.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a key of RSA"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: crypto.PrivateKey(key)}
}

// leavingKey is a private key with which nothing is signed as long as leave is set.
type leavingKey struct {
	crypto.Signer
	leave func()
}

func (k *leavingKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.leave != nil {
		k.leave()
	}
	return k.Signer.Sign(rand, digest, opts)
}

// TestTLSExecutor: private keys are worked with in an executor, and the loop goes on meanwhile.
func TestTLSExecutor(t *testing.T) {
	t.Parallel()
	withExecutor := func(e asyncio.Executor) func(*asyncio.ServerOptions) {
		return func(o *asyncio.ServerOptions) { o.TLSExecutor = e }
	}
	for name, change := range map[string]func(t testing.TB, c *tls.Config){
		"Certificates": func(testing.TB, *tls.Config) {},
		"GetCertificate": func(_ testing.TB, c *tls.Config) {
			cert := c.Certificates[0]
			c.Certificates, c.GetCertificate = nil, func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }
		},
		"GetConfigForClient": func(_ testing.TB, c *tls.Config) {
			other := forServer()
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return other, nil }
		},
		"a key that decrypts": func(t testing.TB, c *tls.Config) {
			c.Certificates = []tls.Certificate{rsaCertificate(t)}
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		},
	} {
		tlsRow(t, name, func(ctx context.Context, n *netTest) {
			g := &gated{open: make(chan struct{})}
			config := forServer()
			change(n, config)
			s, addr := n.serveTLS(ctx, config, nil, withExecutor(g))
			r := &recorder{}
			asks := &tls.Config{InsecureSkipVerify: true, CipherSuites: config.CipherSuites}
			task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, r, addr, asks) })
			n.until(ctx, "the executor", func() bool { return g.asked.Load() == 1 })
			n.passes(ctx) // the loop goes on
			want(n.T, "done without the key", task.Done(), false)
			close(g.open)
			_, err := task.Await(ctx)
			n.check(err)
			want(n.T, "asked", g.asked.Load(), 1)
			if err == nil {
				r.transport.Abort()
			}
			n.ends(ctx, s)
		})
	}
	tlsRow(t, "a client's key", func(ctx context.Context, n *netTest) {
		for _, get := range []bool{false, true} {
			e := &gated{open: make(chan struct{})}
			close(e.open)
			server := forServer()
			server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, certs.Default().Pool()
			config, cert := forClient(), certs.Default().Sign(certs.Subject("somebody"))
			if get {
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
			} else {
				config.Certificates = []tls.Certificate{cert}
			}
			s, addr := n.serveTLS(ctx, server, nil)
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, addr, config, func(o *asyncio.ConnectionOptions) { o.TLSExecutor = e })
			n.check(err)
			want(n.T, "asked", e.asked.Load(), 1)
			r.transport.Abort()
			n.ends(ctx, s)
		}
	})
	tlsRow(t, "ended in the middle", func(ctx context.Context, n *netTest) {
		for _, end := range []string{"cancel", "close", "refuses", "times out"} {
			g := &gated{open: make(chan struct{})}
			if end == "refuses" {
				n.expectErrors, g.err = true, errBoom
			}
			s, addr := n.serveTLS(ctx, forServer(), nil, withExecutor(g))
			task := asyncio.Go(ctx, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, &recorder{}, addr, nil) })
			n.until(ctx, "the executor", func() bool { return g.asked.Load() == 1 })
			switch end {
			case "cancel":
				task.Cancel()
			case "close":
				s.CloseClients()
			case "times out":
				n.clock.skip(2 * time.Minute)
			}
			if _, err := task.Await(ctx); err == nil {
				n.Error(end, "and there is a connection")
			}
			if end == "cancel" { // which the server does not know before it goes on
				s.AbortClients()
			}
			n.until(ctx, "the end", func() bool { return asyncio.Active(s) == 0 && len(asyncio.AllTasks(n.l)) == 1 })
			close(g.open)
			n.ends(ctx, s)
		}
	})
	for how, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": goexit} {
		tlsRow(t, how+" in a key", func(ctx context.Context, n *netTest) {
			config := forServer()
			key := &leavingKey{Signer: config.Certificates[0].PrivateKey.(crypto.Signer), leave: leave}
			config.Certificates[0].PrivateKey = key
			s, addr := n.serveTLS(ctx, config, nil, withExecutor(asyncio.NewPoolExecutor(1)))
			if _, err := n.connectTLS(ctx, &recorder{}, addr, nil); err == nil {
				n.Error("there is a connection")
			}
			n.until(ctx, "the end", func() bool { return asyncio.Active(s) == 0 })
			// crypto/tls makes a text of why nothing is signed.
			if n.log.Lines("TLS handshake failed", "failed to sign") == nil {
				n.Errorf("logged: %v", n.log)
			}
			key.leave = nil
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, addr, nil)
			n.check(err)
			r.transport.Abort()
			n.ends(ctx, s)
		})
	}
	netRow(t, "loop closed in the middle", func(n *netTest) {
		n.expectErrors = true // a task is pending
		g := &gated{open: make(chan struct{})}
		n.run(func(ctx context.Context) {
			_, addr := n.serveTLS(ctx, forServer(), nil, withExecutor(g))
			asyncio.CreateTask(n.l, func(ctx context.Context) (asyncio.Transport, error) { return n.connectTLS(ctx, &recorder{}, addr, nil) })
			n.until(ctx, "the executor", func() bool { return g.asked.Load() == 1 })
		})
		n.check(n.l.Close())
		close(g.open)
	})
}

// TestTLSAgreement: what both sides agree upon.
func TestTLSAgreement(t *testing.T) {
	t.Parallel()
	stateOf := func(r *recorder) tls.ConnectionState {
		s, _ := r.transport.GetExtraInfo("ssl_object").(tls.ConnectionState)
		return s
	}
	for _, pooled := range []bool{false, true} {
		eachTLS(t, fmt.Sprintf("resumption, executor: %v", pooled), func(ctx context.Context, n *netTest, version uint16) {
			var options []func(*asyncio.ServerOptions)
			if pooled {
				e := &gated{open: make(chan struct{})}
				close(e.open)
				options = append(options, func(o *asyncio.ServerOptions) { o.TLSExecutor = e })
			}
			other := forServer()
			server := forServer()
			server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return other, nil }
			s, addr := n.serveTLS(ctx, server, func(r *recorder) {
				r.onMade = func(tr asyncio.Transport) { n.check(write(tr, []byte("x"))) }
			}, options...)
			config := only(version, forClient())
			config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
			for i := range 3 {
				r := &recorder{}
				_, err := n.connectTLS(ctx, r, addr, config)
				n.check(err)
				n.until(ctx, "what comes after the ticket", func() bool { return len(r.data) == 1 })
				want(n.T, fmt.Sprintf("resumed, connection %d", i), stateOf(r).DidResume, i > 0)
				n.check(r.transport.Close())
				n.until(ctx, "the end", func() bool { return r.lost })
			}
			n.ends(ctx, s)
		})
	}
	eachTLS(t, "ticket keys are replaced", func(ctx context.Context, n *netTest, version uint16) {
		for _, executor := range []asyncio.Executor{nil, here{}} {
			server := forServer()
			s, addr := n.serveTLS(ctx, server, func(r *recorder) {
				r.onMade = func(tr asyncio.Transport) { n.check(write(tr, []byte("x"))) }
			}, func(o *asyncio.ServerOptions) { o.TLSExecutor = executor })
			config := only(version, forClient())
			config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
			for i := range 3 {
				if i == 2 {
					server.SetSessionTicketKeys([][32]byte{{1}})
				}
				r := &recorder{}
				_, err := n.connectTLS(ctx, r, addr, config)
				n.check(err)
				n.until(ctx, "what comes after the ticket", func() bool { return len(r.data) == 1 })
				want(n.T, fmt.Sprintf("resumed, executor %T, connection %d", executor, i), stateOf(r).DidResume, i == 1)
				n.check(r.transport.Close())
				n.until(ctx, "the end", func() bool { return r.lost })
			}
			n.ends(ctx, s)
		}
	})
	eachTLS(t, "ALPN", func(ctx context.Context, n *netTest, version uint16) {
		c, s := only(version, forClient()), forServer()
		c.NextProtos, s.NextProtos = []string{"http/1.1", "h2"}, []string{"h2", "http/1.1"}
		client, server := n.pairTLS(ctx, c, s)
		want(n.T, "the client's", stateOf(client).NegotiatedProtocol, "h2")
		want(n.T, "the server's", stateOf(server).NegotiatedProtocol, "h2")
		n.closesTLS(ctx, client, server)
		c.NextProtos = []string{"nothing they have in common"}
		listening, addr := n.serveTLS(ctx, s, nil)
		if _, err := n.connectTLS(ctx, &recorder{}, addr, c); err == nil || !strings.Contains(err.Error(), "no application protocol") {
			n.Error(err)
		}
		n.ends(ctx, listening)
	})
	eachTLS(t, "SNI", func(ctx context.Context, n *netTest, version uint16) {
		names := map[string]*tls.Config{}
		for _, name := range []string{"one.example", "two.example"} {
			names[name] = &tls.Config{Certificates: []tls.Certificate{certs.Default().Sign(certs.Names(name))}}
		}
		s := forServer()
		s.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if c := names[h.ServerName]; c != nil {
				return c, nil
			}
			return nil, errBoom
		}
		listening, addr := n.serveTLS(ctx, s, nil)
		for _, name := range []string{"one.example", "two.example", "three.example"} {
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, addr, only(version, forClient()), func(o *asyncio.ConnectionOptions) { o.ServerName = &name })
			if name == "three.example" {
				if err == nil {
					n.Error("a server that nobody knows")
				}
				continue
			}
			n.check(err)
			n.check(stateOf(r).PeerCertificates[0].VerifyHostname(name))
			r.transport.Abort()
		}
		n.ends(ctx, listening)
	})
	eachTLS(t, "client certificates", func(ctx context.Context, n *netTest, version uint16) {
		s := forServer()
		s.ClientAuth, s.ClientCAs = tls.RequireAndVerifyClientCert, certs.Default().Pool()
		c := only(version, forClient())
		c.Certificates = []tls.Certificate{certs.Default().Sign(certs.Subject("somebody"))}
		client, server := n.pairTLS(ctx, c, s)
		want(n.T, "who it is", server.transport.GetExtraInfo("peercert").(*x509.Certificate).Subject.CommonName, "somebody")
		n.closesTLS(ctx, client, server)
		for _, bad := range [][]tls.Certificate{nil, {certs.SelfSigned()}, {certs.Default().Sign(certs.Expired)}} {
			var servers []*recorder
			listening, addr := n.serveTLS(ctx, s, func(r *recorder) { servers = append(servers, r) })
			c := only(version, forClient())
			c.Certificates = bad
			r := &recorder{}
			_, err := n.connectTLS(ctx, r, addr, c)
			if err == nil { // with TLS 1.3 it hears of it later
				n.until(ctx, "the refusal", func() bool { return r.lost })
				err = r.lostErr
			}
			if e := (*net.OpError)(nil); !errors.As(err, &e) || e.Op != "remote error" {
				n.Errorf("%T: %v", err, err)
			}
			n.until(ctx, "the server's side", func() bool { return asyncio.Active(listening) == 0 })
			want(n.T, "the server's protocol", servers[0].history(), "")
			n.ends(ctx, listening)
		}
	})
}
