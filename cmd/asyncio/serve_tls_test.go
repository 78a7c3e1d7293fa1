package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// certificateFiles writes a certificate of the test's authority and its key.
func certificateFiles(t *testing.T) (cert, key string) {
	t.Helper()
	c := certs.Default().Server().Certificates[0]
	secret, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder.New(t)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// dialTLS connects over TLS as a client of the test's authority.
func dialTLS(network, address string, config *tls.Config) (*tls.Conn, error) {
	d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: config}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return c.(*tls.Conn), c.SetDeadline(time.Now().Add(patience))
}

// overTLS has clients echo over TLS.
func overTLS(t *testing.T, s *server, config *tls.Config) {
	t.Helper()
	together(t, 4, func(i int) error {
		c, err := dialTLS("tcp", s.address, config)
		if err != nil {
			return err
		}
		defer c.Close()
		for size := 1; size < 100_000; size *= 7 {
			if err := roundTrip(c, random(uint64(i), size+i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificateFiles(t)
	variants(t, func(t *testing.T, args ...string) {
		s := startServer(t, append(args, "--tls-cert", cert, "--tls-key", key)...)
		overTLS(t, s, certs.Default().Client())
		// Who does not speak it has no echo, and harms nobody.
		plain := s.dial()
		if err := roundTrip(plain, []byte("in clear, in clear")); err == nil {
			t.Error("there is an echo in clear")
		}
		overTLS(t, s, certs.Default().Client())
	})
	for _, share := range []string{"handover", "reuseport"} {
		for _, api := range connectionAPIs {
			t.Run(share+"/"+api, func(t *testing.T) {
				t.Parallel()
				if share == "reuseport" && !portsAreShared(t) {
					return // which another test has seen refused
				}
				s := startServer(t, "--loops", "3", "--share", share, "--api", api, "--tls-cert", cert, "--tls-key", key)
				overTLS(t, s, certs.Default().Client())
			})
		}
	}
	for _, api := range connectionAPIs {
		t.Run("half-close/"+api, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "--api", api, "--tls-cert", cert, "--tls-key", key)
			c, err := dialTLS("tcp", s.address, certs.Default().Client())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := exchange(c, random(7, 100_000)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("unix", func(t *testing.T) {
		t.Parallel()
		if !testkit.HasUnixSockets() {
			return // there is nothing to test
		}
		path := testkit.SocketPath(t)
		startServer(t, "--listen", "unix:"+path, "--tls-cert", cert, "--tls-key", key)
		config := certs.Default().Client()
		config.ServerName = "localhost"
		c, err := dialTLS("unix", path, config)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := roundTrip(c, random(8, 10_000)); err != nil {
			t.Error(err)
		}
	})
}

// TestServeSelfSigned: the certificate is the one whose fingerprint is said.
func TestServeSelfSigned(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--tls-self-signed")
	c, err := dialTLS("tcp", s.address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer := c.ConnectionState().PeerCertificates[0]
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := peer.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(roundTrip(c, []byte("hello")), c.Close()); err != nil {
		t.Error(err)
	}
	_ = s.command.Process.Kill()
	r := s.wait()
	sum := fmt.Sprintf("% X", sha256.Sum256(peer.Raw))
	if want := "certificate SHA-256 " + strings.ReplaceAll(sum, " ", ":") + "\n"; r.stdout != want {
		t.Errorf("it says %q, want %q", r.stdout, want)
	}
}

func TestServeRefusesTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificateFiles(t)
	other, _ := certificateFiles(t)
	absent := filepath.Join(folder.New(t), "absent.pem")
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--tls-cert", cert}, "without --tls-key"},
		{[]string{"--tls-key", key}, "without --tls-cert"},
		{[]string{"--tls-cert", cert, "--tls-key", key, "--tls-self-signed"}, "leave one of the two out"},
		{[]string{"--tls-cert", absent, "--tls-key", key}, "--tls-cert " + absent + ": "},
		{[]string{"--tls-cert", cert, "--tls-key", absent}, "--tls-key " + absent + ": "},
		{[]string{"--tls-cert", key, "--tls-key", key}, "failed to find"},
		{[]string{"--tls-cert", cert, "--tls-key", cert}, "found a certificate rather than a key"},
		{[]string{"--tls-cert", other, "--tls-key", key}, "does not match"},
		{[]string{"--tls-self-signed", "--api", "datagram"}, "there is none over datagrams"},
		{[]string{"--tls-self-signed", "--listen", "udp:127.0.0.1:0"}, "there is none over datagrams"},
	} {
		r := execute(t, append([]string{"serve"}, test.args...)...)
		if r.status != 2 || r.stdout != "" || !strings.Contains(r.stderr, test.says) || bytes.Count([]byte(r.stderr), []byte("\n")) != 1 {
			t.Errorf("%q: status %d, standard output %q, standard error %q", test.args, r.status, r.stdout, r.stderr)
		}
	}
}
