package streams_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// certified are configurations of a server and a client that trust each other: here those of a
// test server of net/http, whose certificate is for example.com.
func certified() (server, client *tls.Config) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	server = &tls.Config{Certificates: s.TLS.Certificates}
	client = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"}
	return server, client
}

// upgrade answers STARTTLS by going on in TLS.
func upgrade(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter, config *tls.Config) error {
	defer w.Close()
	if _, err := r.ReadLine(ctx); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, "go ahead"); err != nil {
		return err
	}
	if err := w.StartTLS(ctx, config); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "a secret")
	return err
}

// ExampleStreamWriter_StartTLS begins TLS in the middle of a connection, on both sides.
func ExampleStreamWriter_StartTLS() {
	serverConfig, clientConfig := certified()
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
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
		if _, err := fmt.Fprintln(w, "STARTTLS"); err != nil {
			return err
		}
		if _, err := r.ReadLine(ctx); err != nil {
			return err
		}
		if err := w.StartTLS(ctx, clientConfig); err != nil {
			return err
		}
		line, err := r.ReadLine(ctx)
		_, secure := w.GetExtraInfo("ssl_object").(tls.ConnectionState)
		fmt.Printf("%s%t\n", line, secure)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// a secret
	// true
}
