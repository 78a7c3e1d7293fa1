package interop

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// page answers the empty line that ends a request.
func page(line []byte) []byte {
	if len(line) > 1 || len(line) == 1 && line[0] != '\r' {
		return nil
	}
	return []byte("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nfrom the loop\n")
}

// TestCurl: curl fetches from a server of the loop's.
func TestCurl(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		t.Run(v, func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				addr, _, end := s.serve(ctx, version(certs.Default().Server(), number), page)
				url := "https://" + addr + "/"
				out, err := s.program(ctx, "", "curl", "-sS", "--max-time", "50", "--tlsv"+v, "--cacert", s.files.Authority, url, url)
				s.wants(out, err, "from the loop\nfrom the loop\n")
				end()
			})
		})
	}
}

// nginx starts nginx with what a server block says, and has f speak with it; %s in it is its
// address.
func (s *scene) nginx(ctx context.Context, block string, f func(addr string)) {
	s.Helper()
	folder := s.TempDir()
	s.check(testkit.WithFreePort(s, func(addr string) error {
		config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { %[2]s }
}
`, folder, fmt.Sprintf(block, addr))
		file := filepath.Join(folder, "nginx.conf")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			return err
		}
		book := &testkit.LogBook{}
		c := exec.Command("/usr/sbin/nginx", "-c", file, "-p", folder)
		c.Stdout, c.Stderr = book, book
		if err := c.Start(); err != nil {
			return err
		}
		defer func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		}()
		s.until(ctx, "nginx accepts", func() bool {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
			}
			return err == nil || book.Count("emerg") > 0
		})
		f(addr)
		if s.Failed() {
			s.Logf("nginx: %v", book)
		}
		return nil
	}))
}

// TestNginxServer: a client of the loop's fetches from nginx, which wants its certificate.
func TestNginxServer(t *testing.T) {
	t.Parallel()
	for v, number := range versions {
		t.Run(v, func(t *testing.T) {
			over(t, func(ctx context.Context, s *scene) {
				s.nginx(ctx, fmt.Sprintf(`listen %%s ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3;
					ssl_client_certificate %s; ssl_verify_client on; location / { return 200 "you are $ssl_client_s_dn over $ssl_protocol\n"; }`,
					s.files.Cert, s.files.Key, s.files.Authority), func(addr string) {
					config := version(certs.Default().Client(), number)
					config.Certificates = []tls.Certificate{certs.Default().Sign()}
					c, err := s.connect(ctx, addr, config)
					if err != nil {
						s.Error(err)
						return
					}
					_, err = c.transport.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
					s.check(err)
					c.hears(ctx, s, "you are CN=a test over TLSv"+v)
					c.closes(ctx, s)
				})
			})
		})
	}
}

// TestNginxClient: nginx fetches from a server of the loop's, for curl.
func TestNginxClient(t *testing.T) {
	t.Parallel()
	over(t, func(ctx context.Context, s *scene) {
		addr, _, end := s.serve(ctx, certs.Default().Server(), page)
		s.nginx(ctx, fmt.Sprintf(`listen %%s; location / { proxy_pass https://%s; proxy_ssl_verify on; proxy_ssl_name localhost;
			proxy_ssl_trusted_certificate %s; proxy_ssl_protocols TLSv1.2 TLSv1.3; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
			addr, s.files.Authority), func(through string) {
			out, err := s.program(ctx, "", "curl", "-sS", "--max-time", "50", "http://"+through+"/", "http://"+through+"/")
			s.wants(out, err, "from the loop\nfrom the loop\n")
		})
		end()
	})
}
