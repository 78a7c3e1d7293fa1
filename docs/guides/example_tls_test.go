package guides

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// echoOverTLS is the code of tls.md.
func echoOverTLS(ctx context.Context, serverConfig, clientConfig *tls.Config) error {
	server, err := streams.StartServer(ctx, echo, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: serverConfig})
	if err != nil {
		return err
	}
	defer server.Close()
	r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), &asyncio.ConnectionOptions{TLS: clientConfig})
	if err != nil {
		return err
	}
	_, err = w.Write([]byte("x\n"))
	_, readErr := r.ReadExactly(ctx, 2)
	return errors.Join(err, readErr, w.Close())
}

// TestTLS runs the code of tls.md with a certificate of its own.
func TestTLS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return echoOverTLS(ctx,
			&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
			&tls.Config{RootCAs: trusted})
	})
	if err != nil {
		t.Error(err)
	}
}
