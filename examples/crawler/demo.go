package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-asyncio/asyncio/nethttp"
)

// site is a small site on the same loop: which page has links to which.
var site = map[string][]string{
	"/":      {"/a", "/b", "/gone"},
	"/a":     {"/", "/c", "/shaky"},
	"/b":     {"/a", "/d"},
	"/c":     {"/d", "/e"},
	"/d":     {"http://elsewhere.example/"},
	"/e":     {},
	"/shaky": {"/e"},
	"/inner": {"/a", "/b", "/closed"}, // nobody leads here
}

// serveSite answers for the site. One page succeeds at the third time, and one is closed.
func serveSite() http.HandlerFunc {
	shaken := 0
	return func(w http.ResponseWriter, r *http.Request) {
		to, there := site[r.URL.Path]
		switch {
		case r.URL.Path == "/closed":
			w.WriteHeader(http.StatusForbidden)
		case !there:
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/shaky" && shaken < 2:
			shaken++
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			for _, u := range to {
				fmt.Fprintf(w, "<a href=\"%s\">%s</a>\n", u, u)
			}
		}
	}
}

// demonstrate crawls a site of its own, twice.
func (c *crawler) demonstrate(ctx context.Context) error {
	server, err := nethttp.Serve(ctx, serveSite(), "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer server.Close()
	base := "http://" + server.Addr().String()
	fmt.Println("the whole site:")
	if err := c.show(ctx, base+"/"); err != nil {
		return err
	}
	fmt.Println("from where a link leads to a page that is closed:")
	c.workers = 1 // so that it is known what was fetched before
	err = c.show(ctx, base+"/inner")
	fmt.Println("  given up:", err)
	c.client.CloseIdleConnections()
	return server.Shutdown(ctx)
}
