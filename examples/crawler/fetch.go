package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

const (
	attempts = 4                     // how often a page is asked for
	patience = 10 * time.Second      // how long one attempt may take
	pause    = 50 * time.Millisecond // how long it is until the second attempt; twice that until the third
	largest  = 1 << 20               // how much of a page is read
)

// status is an answer that is no page.
type status int

func (s status) Error() string { return http.StatusText(int(s)) }

// fatal reports whether it is of no use to crawl on: we are not wanted here, are told to end, or
// the site does not answer at all.
func fatal(err error) bool {
	var s status
	if errors.As(err, &s) {
		return s == http.StatusForbidden || s == http.StatusUnauthorized
	}
	return err != nil
}

// passing reports whether the next attempt may well succeed.
func passing(err error) bool {
	var s status
	if errors.As(err, &s) {
		return s >= 500 || s == http.StatusTooManyRequests
	}
	return err != nil && !errors.Is(err, asyncio.ErrCancelled)
}

// fetch gets a page, if need be by several attempts, which are further and further apart, by
// about twice each time: not exactly, so that those that failed together do not come back together.
func (c *crawler) fetch(ctx context.Context, u *url.URL) page {
	p := page{url: u}
	for wait := pause; ; wait *= 2 {
		p.attempts++
		p.err = asyncio.WaitForErr(ctx, patience, func(ctx context.Context) (err error) {
			p.links, err = c.get(ctx, u)
			return err
		})
		if p.attempts == attempts || !passing(p.err) {
			return p
		}
		if err := asyncio.Sleep(ctx, wait/2+rand.N(wait)); err != nil {
			p.err = err
			return p
		}
	}
}

// get makes one request and returns the links of the page.
func (c *crawler) get(ctx context.Context, u *url.URL) ([]*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, status(resp.StatusCode)
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return nil, nil // closing the body ends the connection, and what else comes is not read
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return nil, err
	}
	return links(resp.Request.URL, text), nil // which is another one after a redirection
}

var href = regexp.MustCompile(`(?i)<a\s[^>]*href="([^"#]+)`)

// links returns what a page refers to.
func links(base *url.URL, text []byte) (all []*url.URL) {
	for _, m := range href.FindAllSubmatch(text, -1) {
		if u, err := base.Parse(string(m[1])); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			all = append(all, u)
		}
	}
	return all
}
