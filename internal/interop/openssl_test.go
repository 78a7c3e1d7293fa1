package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// flag is the version as openssl's programs want it.
func flag(v string) string { return "-tls" + strings.ReplaceAll(v, ".", "_") }

// sClient are the arguments of openssl's client.
func (s *scene) sClient(addr, v string, more ...string) []string {
	return append([]string{
		"s_client", "-connect", addr, "-servername", "localhost", flag(v),
		"-CAfile", s.files.Authority, "-verify_return_error",
	}, more...)
}

// TestOpensslClient: openssl's client speaks with a server of the loop's.
func TestOpensslClient(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		t.Run(v+"/echo", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				addr, _, end := s.serve(ctx, version(certs.Default().Server(), number), echo)
				out, err := s.dialogue(ctx, "hello\n", "hello", "openssl", s.sClient(addr, v, "-quiet", "-no_ign_eof")...)
				s.wants(out, err, "hello")
				end()
			})
		})
		t.Run(v+"/protocol", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				c := version(certs.Default().Server(), number)
				c.NextProtos = []string{"h2", "http/1.1"}
				addr, last, end := s.serve(ctx, c, nil)
				out, err := s.program(ctx, "", "openssl", s.sClient(addr, v, "-alpn", "spdy/1,h2")...)
				s.wants(out, err, "ALPN protocol: h2", "Verify return code: 0 (ok)")
				_ = last
				end()
			})
		})
		t.Run(v+"/client-certificate", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				c := version(certs.Default().Server(), number)
				c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, certs.Default().Pool()
				var whose string
				var p func() *peer
				addr, p, end := s.serve(ctx, c, func([]byte) []byte {
					whose = p().transport.GetExtraInfo("peercert").(*x509.Certificate).Subject.CommonName
					return []byte("I know you\n")
				})
				out, err := s.dialogue(ctx, "me\n", "I know you", "openssl", s.sClient(addr, v, "-quiet", "-no_ign_eof", "-cert", s.files.Cert, "-key", s.files.Key)...)
				s.wants(out, err, "I know you")
				if whose != "a test" {
					s.Errorf("the client is %q", whose)
				}
				out, err = s.dialogue(ctx, "me\n", "I know you", "openssl", s.sClient(addr, v, "-quiet", "-no_ign_eof")...)
				if err == nil || strings.Contains(out, "I know you") {
					s.Errorf("without a certificate: %v\n%s", err, out)
				}
				end()
			})
		})
		t.Run(v+"/resumption", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				addr, _, end := s.serve(ctx, version(certs.Default().Server(), number), echo)
				session := filepath.Join(s.TempDir(), "session")
				out, err := s.dialogue(ctx, "hello\n", "hello\n", "openssl", s.sClient(addr, v, "-no_ign_eof", "-sess_out", session)...)
				s.wants(out, err, "New, TLSv"+v)
				out, err = s.dialogue(ctx, "hello\n", "hello\n", "openssl", s.sClient(addr, v, "-no_ign_eof", "-sess_in", session)...)
				s.wants(out, err, "Reused, TLSv"+v)
				end()
			})
		})
	}
	t.Run("renegotiation", func(t *testing.T) {
		over(t, func(ctx context.Context, s *scene) {
			addr, last, end := s.serve(ctx, version(certs.Default().Server(), tls.VersionTLS12), echo)
			out, _ := s.dialogue(ctx, "R\n", "no renegotiation", "openssl", s.sClient(addr, "1.2")...)
			s.wants(out, nil, "RENEGOTIATING", "alert")
			if err, failed := last().lost.Await(ctx); err == nil || failed != nil {
				s.Errorf("the server's connection ended with %v", err)
			}
			out, err := s.dialogue(ctx, "hello\n", "hello", "openssl", s.sClient(addr, "1.2", "-quiet", "-no_ign_eof")...)
			s.wants(out, err, "hello")
			end()
		})
	})
}

// sServer is openssl's server, to be spoken with.
type sServer struct {
	addr    string
	stdin   io.Writer
	printed *testkit.LogBook
}

// sServer starts openssl's server, and has f speak with it.
func (s *scene) sServer(ctx context.Context, v string, more []string, f func(o sServer)) {
	s.Helper()
	s.check(testkit.WithFreePort(s, func(addr string) error {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		o := sServer{addr: addr, printed: &testkit.LogBook{}}
		c := exec.Command("openssl", append([]string{"s_server", "-accept", port, flag(v), "-cert", s.files.Cert, "-key", s.files.Key}, more...)...)
		if o.stdin, err = c.StdinPipe(); err != nil {
			return err
		}
		c.Stdout, c.Stderr = o.printed, o.printed
		if err := c.Start(); err != nil {
			return err
		}
		defer func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		}()
		s.until(ctx, "openssl accepts", func() bool { return o.printed.Count("ACCEPT") > 0 })
		f(o)
		return nil
	}))
}

// TestOpensslServer: a client of the loop's speaks with openssl's server.
func TestOpensslServer(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		t.Run(v+"/reversed", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				s.sServer(ctx, v, []string{"-rev", "-alpn", "h2"}, func(o sServer) {
					config := version(certs.Default().Client(), number)
					config.NextProtos = []string{"spdy/1", "h2"}
					config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
					for again := range 3 {
						c, err := s.connect(ctx, o.addr, config)
						if err != nil {
							s.Error(err)
							return
						}
						state := c.transport.GetExtraInfo("ssl_object").(tls.ConnectionState)
						if state.NegotiatedProtocol != "h2" || state.Version != number || state.DidResume != (again > 0) {
							s.Errorf("%d: %q, version %x, resumed %v", again, state.NegotiatedProtocol, state.Version, state.DidResume)
						}
						_, err = c.transport.Write([]byte("hello\n"))
						s.check(err)
						c.hears(ctx, s, "olleh\n")
						c.closes(ctx, s)
					}
				})
			})
		})
		t.Run(v+"/client-certificate", func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				s.sServer(ctx, v, []string{"-rev", "-Verify", "1", "-verify_return_error", "-CAfile", s.files.Authority}, func(o sServer) {
					config := version(certs.Default().Client(), number)
					config.Certificates = []tls.Certificate{certs.Default().Sign()}
					c, err := s.connect(ctx, o.addr, config)
					if err != nil {
						s.Error(err)
						return
					}
					_, err = c.transport.Write([]byte("hello\n"))
					s.check(err)
					c.hears(ctx, s, "olleh\n")
					c.closes(ctx, s)
				})
			})
		})
	}
	t.Run("change-of-keys", func(t *testing.T) {
		over(t, func(ctx context.Context, s *scene) {
			s.sServer(ctx, "1.3", nil, func(o sServer) {
				c, err := s.connect(ctx, o.addr, certs.Default().Client())
				if err != nil {
					s.Error(err)
					return
				}
				for i := range 3 {
					_, _ = fmt.Fprintln(o.stdin, "K") // a command if it comes by itself
					s.until(ctx, "the keys change", func() bool { return o.printed.Count("SSL_do_handshake -> 1") > i })
					_, _ = fmt.Fprintf(o.stdin, "hello %d\n", i)
					c.hears(ctx, s, fmt.Sprintf("hello %d\n", i))
					_, err = c.transport.Write([]byte("with the new keys\n"))
					s.check(err)
				}
				c.closes(ctx, s)
			})
		})
	})
}
