// Http_client makes many requests at once from coroutines of one loop, through an
// http.Client whose transport suspends the coroutine that calls it, and nothing else. The
// server is net/http's own, and answers when all of them are there: so that they are at it
// together is no matter of luck. At the end the one goroutine of the loop has made them all,
// over no more connections than the transport may open.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/nethttp"
)

// together is how many requests are under way at once.
const together = 100

// page answers when so many requests have come as are made at once.
func page() http.HandlerFunc {
	var there sync.WaitGroup
	there.Add(together)
	return func(w http.ResponseWriter, r *http.Request) {
		there.Done()
		there.Wait()
		fmt.Fprintf(w, "page %s", r.URL.Path)
	}
}

// length returns how long a page is.
func length(ctx context.Context, client *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return len(body), err
}

func run(ctx context.Context) (struct{}, error) {
	none := struct{}{}
	server := httptest.NewServer(page())
	defer server.Close()
	transport := &nethttp.Transport{MaxConnsPerHost: together}
	defer transport.Close()
	client := &http.Client{Transport: transport}

	var requests []func(context.Context) (int, error)
	for i := range together {
		url := fmt.Sprintf("%s/%02d", server.URL, i)
		requests = append(requests, func(ctx context.Context) (int, error) { return length(ctx, client, url) })
	}
	lengths, err := asyncio.Gather(ctx, requests...)
	if err != nil {
		return none, err
	}
	total := 0
	for _, n := range lengths {
		total += n
	}
	fmt.Println(len(lengths), "pages,", total, "bytes")
	return none, nil
}

func main() {
	if _, err := asyncio.Run(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
