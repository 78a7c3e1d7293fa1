// Https_server serves HTTP/2 and HTTP/1.1 over TLS with net/http's own server, whose
// connections live on an event loop: a listener of package nethttp is all it takes. The
// server's goroutines block where they wait, and the loop does not; what they want of the
// loop's state they ask it for. Clients are net/http's own.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/authority"
	"github.com/go-asyncio/asyncio/nethttp"
)

// counter belongs to its loop, and needs no lock.
type counter struct {
	loop   asyncio.EventLoop
	visits int
}

// ServeHTTP runs on a goroutine of the server's.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	visit := asyncio.RunCoroutineThreadsafe(c.loop, func(context.Context) (int, error) {
		c.visits++
		return c.visits, nil
	})
	n, err := visit.Await(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "visit %d, by %s and %s", n, r.Proto, tls.VersionName(r.TLS.Version))
}

// get says what a client is answered. It blocks.
func get(url string, transport *http.Transport) error {
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Printf("%s %s: %s\n", resp.Proto, resp.Status, body)
	return err
}

// clients visit the server.
func clients(url string, trusted *tls.Config) error {
	onlyFirst := &http.Protocols{}
	onlyFirst.SetHTTP1(true)
	return errors.Join(
		get(url, &http.Transport{TLSClientConfig: trusted.Clone(), ForceAttemptHTTP2: true}),
		get(url, &http.Transport{TLSClientConfig: trusted.Clone(), Protocols: onlyFirst}),
	)
}

func run(ctx context.Context) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	ca, err := authority.New()
	if err != nil {
		return err
	}
	config, err := ca.Server("localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	l, err := nethttp.Listen(ctx, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &counter{loop: loop}, TLSConfig: config}
	serving := asyncio.GoErr(ctx, func(ctx context.Context) error {
		return asyncio.ToThreadErr(ctx, func() error { return server.ServeTLS(l, "", "") })
	})
	err = asyncio.ToThreadErr(ctx, func() error {
		err := clients("https://"+l.Addr().String(), &tls.Config{RootCAs: ca.Pool()})
		return errors.Join(err, server.Shutdown(context.Background()))
	})
	if _, ended := serving.Await(ctx); !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return errors.Join(err, l.Server().WaitClosed(ctx))
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the server is closed")
}
