package guides

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/streams"
)

// echoOverTLS is the first code of tls.md.
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

// upgrade serves a connection that begins in clear.
func upgrade(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter, config *tls.Config) error {
	defer w.Close()
	line, err := r.ReadLine(ctx)
	if err != nil || string(line) != "STARTTLS\n" {
		return err
	}
	if _, err := w.Write([]byte("go ahead\n")); err != nil {
		return err
	}
	if err := w.StartTLS(ctx, config); err != nil { // it is the side of the server
		return err
	}
	if line, err = r.ReadLine(ctx); err != nil { // over TLS
		return err
	}
	_, err = w.Write(line)
	return err
}

// askForTLS is the client of upgrade.
func askForTLS(ctx context.Context, serverConfig, clientConfig *tls.Config) error {
	server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		return upgrade(ctx, r, w, serverConfig)
	}, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer server.Close()
	r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := w.Write([]byte("STARTTLS\n")); err != nil {
		return err
	}
	if _, err := r.ReadLine(ctx); err != nil {
		return err
	}
	name := "localhost"
	if err := w.StartTLS(ctx, clientConfig, asyncio.StartTLSOptions{ServerName: &name}); err != nil {
		return err
	}
	if _, err := w.Write([]byte("secret\n")); err != nil {
		return err
	}
	line, err := r.ReadLine(ctx)
	if err == nil && string(line) != "secret\n" {
		err = fmt.Errorf("the server answered %q", line)
	}
	return err
}

// TestTLS runs the code of tls.md.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(ctx context.Context, serverConfig, clientConfig *tls.Config) error{
		"from the start": echoOverTLS, "StartTLS": askForTLS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
				return f(ctx, certs.Default().Server(), certs.Default().Client())
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
