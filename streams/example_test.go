package streams_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// ExampleConn_httpClient: a client of net/http reads and writes its connections on
// goroutines of its own. They need the loop, so the coroutine must not hold it while it
// waits for them: ToThread waits without holding it.
func ExampleConn_httpClient() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "you asked for %s", r.URL.Path)
	}))
	defer server.Close()

	answer, err := asyncio.Run(context.Background(), func(ctx context.Context) (string, error) {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return "", err
		}
		client := &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				r, w, err := streams.OpenConnection(ctx, network, address, nil, streams.WithLoop(loop))
				if err != nil {
					return nil, err
				}
				return streams.Conn(context.Background(), r, w), nil // it outlives the dialling
			},
			DisableKeepAlives: true,
		}}
		return asyncio.ToThread(ctx, func() (string, error) {
			resp, err := client.Get(server.URL + "/tea")
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return string(body), err
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: you asked for /tea
}
