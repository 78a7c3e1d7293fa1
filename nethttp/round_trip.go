package nethttp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"

	"github.com/go-asyncio/asyncio/streams"
)

// RoundTrip implements http.RoundTripper. It suspends or blocks: any goroutine.
func (t *Transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	handed := false
	defer func() {
		if !handed {
			closeBody(req.Body)
		}
		err = asTimeout(err)
	}()
	if err := check(req); err != nil {
		return nil, err
	}
	p, err := t.poolHere()
	if err != nil {
		return nil, err
	}
	if err := req.Context().Err(); err != nil {
		return nil, context.Cause(req.Context())
	}
	d, proxy, err := t.destinationOf(req)
	if err != nil {
		return nil, err
	}
	handed = true
	return p.roundTrip(req, d, proxy)
}

// closeBody closes the body of a request that is not made, as a RoundTripper has to.
func closeBody(body io.Closer) {
	if body != nil {
		_ = body.Close()
	}
}

// check finds what is no request.
func check(req *http.Request) error {
	const op = "RoundTrip"
	switch {
	case req.URL == nil:
		return invalid(op, "the request has no URL")
	case req.Header == nil:
		return invalid(op, "the request has no Header: make it by http.NewRequestWithContext")
	case ports[req.URL.Scheme] == "":
		return invalid(op, "a URL of scheme %q: use http or https", req.URL.Scheme)
	case req.URL.Host == "":
		return invalid(op, "the URL has no host")
	case req.Method != "" && !isToken(req.Method):
		return invalid(op, "a method of %q", req.Method)
	}
	for name, values := range req.Header {
		if !isToken(name) {
			return invalid(op, "a header of the name %q", name)
		}
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return invalid(op, "the value of header %q has a line end or a zero byte", name)
			}
		}
	}
	return nil
}

// roundTrip makes the request on one connection and, if that was an old one that had
// ended, on others.
func (p *pool) roundTrip(req *http.Request, d destination, proxy *url.URL) (*http.Response, error) {
	body := req.Body
	for {
		resp, again, err := p.attempt(req, d, proxy, body)
		if !again {
			return resp, err
		}
		if hasBody(req) {
			if body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// attempt makes the request on one connection. again: it has failed because that had ended.
func (p *pool) attempt(req *http.Request, d destination, proxy *url.URL, body io.ReadCloser) (resp *http.Response, again bool, err error) {
	var c *conn
	handed := false
	defer func() { // by whatever way: a trace may panic
		if handed {
			return
		}
		closeBody(body)
		if c != nil {
			c.close()
		}
	}()
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	if c, err = p.get(req.Context(), d, proxy); err != nil {
		return nil, false, err
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(c.info())
	}
	out, unpack := p.t.outgoing(req, proxy)
	out.Body, handed = body, true
	resp, silent, err := c.exchange(req, out, unpack)
	return resp, err != nil && c.reused && silent && replayable(req), err
}

// info is what a trace is told of a connection.
func (c *conn) info() httptrace.GotConnInfo {
	info := httptrace.GotConnInfo{Conn: streams.Conn(context.Background(), c.r, c.w), Reused: c.reused, WasIdle: c.reused}
	if c.reused {
		info.IdleTime = c.pool.loop.Time() - c.since
	}
	return info
}

// outgoing is a request as it is written. unpack: the answer is to be unpacked.
func (t *Transport) outgoing(req *http.Request, proxy *url.URL) (out *http.Request, unpack bool) {
	out = req.WithContext(req.Context())
	own := false
	set := func(name, value string) {
		if !own {
			out.Header, own = req.Header.Clone(), true
		}
		out.Header.Set(name, value)
	}
	out.Close = req.Close || t.DisableKeepAlives || hasToken(req.Header["Connection"], "close")
	if hasBody(req) && req.ContentLength <= 0 {
		// Its length is not known. Left alone, the request would find out on a goroutine
		// of its own whether there is anything in it.
		out.ContentLength, out.TransferEncoding = -1, []string{"chunked"}
	}
	unpack = !t.DisableCompression && req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && req.Method != http.MethodHead
	if unpack {
		set("Accept-Encoding", "gzip")
	}
	if auth := proxyAuth(proxy); auth != "" && req.URL.Scheme == "http" {
		set("Proxy-Authorization", auth)
	}
	return out, unpack
}

// replayable reports whether a request that may have reached the server can be made again.
func replayable(req *http.Request) bool {
	if hasBody(req) && req.GetBody == nil {
		return false
	}
	switch req.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	_, key := req.Header["Idempotency-Key"]
	_, xkey := req.Header["X-Idempotency-Key"]
	return key || xkey
}
