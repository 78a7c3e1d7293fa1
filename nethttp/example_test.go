package nethttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/nethttp"
)

// get asks a server and returns its answer: code as anywhere else, but for the client.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// serveAndAsk counts visits without a lock: handlers and clients are coroutines of one loop.
func serveAndAsk(ctx context.Context) error {
	visits := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits++
		fmt.Fprintf(w, "%s, visit %d", r.URL.Path, visits)
	})
	server, err := nethttp.Serve(ctx, handler, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer server.Close()
	transport := &nethttp.Transport{}
	defer transport.Close()
	client := &http.Client{Transport: transport}
	for _, path := range []string{"/tea", "/cake"} {
		answer, err := get(ctx, client, "http://"+server.Addr().String()+path)
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	transport.CloseIdleConnections()
	return server.Shutdown(ctx)
}

// ExampleServe is a server and a client of HTTP in coroutines.
func ExampleServe() {
	if err := asyncio.RunErr(context.Background(), serveAndAsk); err != nil {
		log.Fatal(err)
	}
	// Output:
	// /tea, visit 1
	// /cake, visit 2
}

// ExampleListen has net/http's own server, on its goroutines, serve connections of a loop.
func ExampleListen() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		listener, err := nethttp.Listen(ctx, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "tea")
		})}
		served := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return asyncio.ToThreadErr(ctx, func() error { return server.Serve(listener) })
		})
		transport := &nethttp.Transport{}
		defer transport.Close()
		answer, err := get(ctx, &http.Client{Transport: transport}, "http://"+listener.Addr().String())
		if err != nil {
			return err
		}
		fmt.Println(answer)
		transport.CloseIdleConnections()
		if err := asyncio.ToThreadErr(ctx, func() error { return server.Shutdown(ctx) }); err != nil {
			return err
		}
		if _, err := served.Await(ctx); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea
}

// ExampleTransport makes requests of several coroutines at once, on one loop.
func ExampleTransport() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := nethttp.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "here is %s", r.URL.Path[1:])
		}), "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()
		transport := &nethttp.Transport{}
		defer transport.Close()
		client := &http.Client{Transport: transport}
		url := "http://" + server.Addr().String()
		answers, err := asyncio.Gather(ctx,
			func(ctx context.Context) (string, error) { return get(ctx, client, url+"/tea") },
			func(ctx context.Context) (string, error) { return get(ctx, client, url+"/cake") },
		)
		fmt.Printf("%q %v\n", answers, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: ["here is tea" "here is cake"] <nil>
}
