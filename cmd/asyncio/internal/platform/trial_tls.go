package platform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/certificate"
)

// tlsSides makes a certificate, and the configurations of a server that has it and of a client
// that trusts it.
func tlsSides() (server, client *tls.Config, err error) {
	c, err := certificate.SelfSigned("127.0.0.1")
	if err != nil {
		return nil, nil, err
	}
	trusted, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(trusted)
	return &tls.Config{Certificates: []tls.Certificate{c}}, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}, nil
}

// tryTLS sends something there and back over TLS.
func tryTLS(ctx context.Context, loop asyncio.EventLoop) error {
	server, client, err := tlsSides()
	if err != nil {
		return err
	}
	return echoOver(ctx, loop, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: server}, &asyncio.ConnectionOptions{TLS: client}, writeMessage)
}

// systemTLS has crypto/tls shake hands in memory.
func systemTLS() error {
	server, client, err := tlsSides()
	if err != nil {
		return err
	}
	server.SessionTicketsDisabled = true // nobody reads what follows the handshake
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	late := time.Now().Add(trialTime)
	if err := errors.Join(a.SetDeadline(late), b.SetDeadline(late)); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- tls.Server(a, server).Handshake() }()
	err = tls.Client(b, client).Handshake()
	return errors.Join(err, <-served)
}
