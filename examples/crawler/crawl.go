package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

// crawler is how to crawl.
type crawler struct {
	client        *http.Client
	workers, most int
}

// page is a page that was fetched, or could not be.
type page struct {
	url      *url.URL
	links    []*url.URL
	attempts int
	err      error
}

// crawl fetches all pages of a site that links lead to, by their addresses. The first failure
// that is fatal ends it, and is returned with the pages that were fetched by then.
//
// Workers only take from the one queue and put into the other; it is here that new links come
// back, and here nobody waits for room. So they cannot all wait for each other, as they would
// if each worker put the links that it finds into the queue that it takes from.
func (c *crawler) crawl(ctx context.Context, from *url.URL) ([]page, error) {
	jobs, done := queues.NewQueue[*url.URL](2*c.workers), queues.NewQueue[page](c.workers)
	seen := map[string]bool{from.String(): true}
	todo := []*url.URL{from}
	var pages []page
	err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		for range c.workers {
			g.Go(func(ctx context.Context) error { return c.work(ctx, jobs, done) })
		}
		for under := 0; under > 0 || len(todo) > 0; {
			for len(todo) > 0 && jobs.PutNowait(todo[0]) == nil { // until it is full
				todo = todo[1:]
				under++
			}
			p, err := done.Get(ctx)
			if err != nil {
				return err
			}
			under--
			pages = append(pages, p)
			for _, u := range p.links {
				if u.Host == from.Host && !seen[u.String()] && len(seen) < c.most {
					seen[u.String()] = true
					todo = append(todo, u)
				}
			}
		}
		jobs.Shutdown(false) // the workers' Get ends
		return nil
	})
	slices.SortFunc(pages, func(a, b page) int { return cmp.Compare(a.url.Path, b.url.Path) })
	var failed *asyncio.GroupError
	if errors.As(err, &failed) {
		err = failed.Errors[0] // of what went wrong in the same moment, one is enough to say
	}
	return pages, err
}

// work fetches one page after another, until there are no more. It returns what is fatal; a
// page that is not there is not.
func (c *crawler) work(ctx context.Context, jobs *queues.Queue[*url.URL], done *queues.Queue[page]) error {
	for {
		u, err := jobs.Get(ctx)
		if errors.Is(err, queues.ErrShutDown) {
			return nil
		}
		if err != nil {
			return err
		}
		p := c.fetch(ctx, u)
		if fatal(p.err) {
			return fmt.Errorf("%s: %w", u.Path, p.err)
		}
		if err := done.Put(ctx, p); err != nil {
			return err
		}
	}
}
