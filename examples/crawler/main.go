// Crawler follows the links of one site, a few pages at a time, and tells which lead nowhere.
// Without arguments it makes a site of its own, and crawls that:
//
//	go run ./examples/crawler
//	go run ./examples/crawler -workers 8 -most 200 http://localhost:8000/
//
// It shows a task group whose first failure ends all the rest; queues that are bounded, and cannot
// lock each other up; requests that are tried again, later and later, where that may help; a
// time limit for each; and Go's http.Client in coroutines.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/nethttp"
)

func main() {
	c := crawler{}
	flag.IntVar(&c.workers, "workers", 4, "how many pages are fetched at once")
	flag.IntVar(&c.most, "most", 1000, "how many pages are fetched at most")
	flag.Parse()
	if flag.NArg() > 1 || c.workers < 1 || c.most < 1 {
		fmt.Fprintln(os.Stderr, "crawler: one address, or none, and numbers above 0")
		flag.Usage()
		os.Exit(2)
	}
	transport := &nethttp.Transport{MaxConnsPerHost: c.workers}
	defer transport.Close()
	c.client = &http.Client{Transport: transport}
	run := c.demonstrate
	if flag.NArg() == 1 {
		run = func(ctx context.Context) error { return c.show(ctx, flag.Arg(0)) }
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil { // Ctrl-C cancels it
		log.Fatal("crawler: ", err)
	}
}

// show crawls from an address on and prints what there is.
func (c *crawler) show(ctx context.Context, address string) error {
	from, err := url.Parse(address)
	if err != nil || from.Host == "" {
		return fmt.Errorf("%q is no address of a page", address)
	}
	pages, err := c.crawl(ctx, from)
	for _, p := range pages {
		if p.err != nil {
			fmt.Printf("  %-10s %v\n", p.url.Path, p.err)
		} else {
			fmt.Printf("  %-10s links: %d, attempts: %d\n", p.url.Path, len(p.links), p.attempts)
		}
	}
	return err
}
