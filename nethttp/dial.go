package nethttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"weak"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// happyEyeballsDelay is when the next address of a host is tried beside the one before.
const happyEyeballsDelay = 250_000_000

// dial makes a connection, which is counted as open already.
func (p *pool) dial(ctx context.Context, d destination, proxy *url.URL) (made *conn, err error) {
	c := &conn{pool: p, to: d, header: -1}
	defer func() {
		if made == nil { // by whatever way
			c.close()
		}
	}()
	first := &url.URL{Scheme: d.scheme, Host: d.addr}
	if proxy != nil {
		first = proxy
	}
	if err := c.connect(ctx, first); err != nil {
		return nil, err
	}
	c.begin(ctx)
	if first.Scheme == "https" {
		if err := c.secure(ctx, first.Hostname()); err != nil {
			return nil, err
		}
	}
	if proxy != nil && d.scheme == "https" {
		if err := c.tunnel(ctx, proxy); err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(d.addr)
		if err := c.secure(ctx, host); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// connect makes the connection to the first host on the way.
func (c *conn) connect(ctx context.Context, first *url.URL) (err error) {
	address, err := hostPort(first)
	if err != nil {
		return err
	}
	loop := streams.WithLoop(c.pool.loop)
	if c.r, err = streams.NewStreamReader(loop); err != nil {
		return err
	}
	feeds, err := streams.NewStreamReaderProtocol(c.r, nil, loop)
	if err != nil {
		return err
	}
	protocol := &watched{StreamReaderProtocol: feeds, conn: weak.Make(c)}
	connect := c.pool.t.Connect
	if connect == nil {
		connect = connectByLoop
	}
	t, _, err := connect(ctx, c.pool.loop, func() asyncio.Protocol { return protocol }, "tcp", address)
	if err != nil {
		return err
	}
	if c.w, err = streams.NewStreamWriter(t, protocol, c.r); err != nil {
		t.Abort()
		return err
	}
	c.br = bufio.NewReader(c)
	return nil
}

// connectByLoop is what Transport.Connect is if it is nil.
func connectByLoop(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, network, address string) (asyncio.Transport, asyncio.Protocol, error) {
	return loop.CreateConnection(ctx, factory, network, address, &asyncio.ConnectionOptions{HappyEyeballsDelay: happyEyeballsDelay})
}

// tunnel has a proxy connect to the destination.
func (c *conn) tunnel(ctx context.Context, proxy *url.URL) error {
	header := c.pool.t.ProxyConnectHeader.Clone()
	if header == nil {
		header = http.Header{}
	}
	if auth := proxyAuth(proxy); auth != "" {
		header.Set("Proxy-Authorization", auth)
	}
	req := (&http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: c.to.addr}, Host: c.to.addr, Header: header}).WithContext(ctx)
	if err := req.Write(c); err != nil {
		return err
	}
	c.header = c.pool.t.maxHeader()
	resp, err := http.ReadResponse(c.br, req)
	c.header = -1
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		_, text, _ := strings.Cut(resp.Status, " ")
		return fmt.Errorf("nethttp: proxy %s refuses CONNECT %s: %s", proxy.Host, c.to.addr, text)
	case c.br.Buffered() > 0:
		return errors.New("nethttp: the proxy sent clear text behind its answer to CONNECT")
	}
	return nil
}
