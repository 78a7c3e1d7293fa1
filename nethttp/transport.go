package nethttp

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Transport is an http.RoundTripper whose requests suspend the coroutine that makes them,
// and nothing else: put it into an http.Client, and call that in coroutines of any number
// of loops at once, and from other goroutines, which block. It speaks HTTP/1.1. The
// zero Transport is ready; its fields mean what those of http.Transport mean, and are not
// changed once it was used. It must not be copied.
//
// Connections belong to the loop that made them, and those that are kept are kept for the
// coroutines of that loop, so that limits count for each loop of its own. A body is read
// and closed where its request was made, or on a goroutine that is no loop's. Close it, or
// read it to its end: until then the connection is in use. One reads it at a time.
//
// A request ends when its context is done, the task is cancelled or the loop is closed, at
// whatever point it is, and so does the reading of its body; its connection is closed then.
// Request.Cancel is not looked at. A request whose body is not a few bytes in memory is
// written by a coroutine of its own, or a goroutine where the caller is one, so that a
// response that comes early is seen. A Read of such a body in a coroutine must not block.
//
// A plain callback gets asyncio.ErrAwaitInCallback at once.
type Transport struct {
	// Loop is where the requests are made that goroutines make which are no loop's. It
	// must run meanwhile. nil: such a request is asyncio.ErrNoRunningLoop.
	Loop asyncio.EventLoop

	// Proxy returns the proxy for a request, nil for none: http.ProxyFromEnvironment, for
	// instance. It is called on the loop and must not block. Schemes are "http" and
	// "https". An error ends the request.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyConnectHeader is sent with CONNECT requests to proxies.
	ProxyConnectHeader http.Header

	// Connect makes the connections instead of CreateConnection of the loop: over unix
	// sockets, for instance, or with other options. It is called in the coroutine or on
	// the goroutine that makes the request, and waits there.
	Connect func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, network, address string) (asyncio.Transport, asyncio.Protocol, error)

	// TLSClientConfig is how TLS is spoken; nil is the default. NextProtos is HTTP/1.1,
	// whatever it says.
	TLSClientConfig *tls.Config
	// TLSHandshakeTimeout bounds each handshake; zero: 60 s.
	TLSHandshakeTimeout time.Duration

	// DisableKeepAlives has each connection closed after its first request.
	DisableKeepAlives bool
	// DisableCompression keeps "Accept-Encoding: gzip" out of requests that do not say
	// themselves what they accept. Otherwise the answer is unpacked, as
	// Response.Uncompressed tells.
	DisableCompression bool

	// MaxIdleConns is how many connections of one loop are kept for later; zero: any
	// number.
	MaxIdleConns int
	// MaxIdleConnsPerHost is how many of them to one host; zero:
	// http.DefaultMaxIdleConnsPerHost, less: none.
	MaxIdleConnsPerHost int
	// MaxConnsPerHost is how many connections of one loop there are to one host, those
	// in use and those about to be made included; who wants one more waits, first come,
	// first served. Zero: any number.
	MaxConnsPerHost int
	// IdleConnTimeout is how long a connection is kept for later, on the clock of its
	// loop; zero: any time.
	IdleConnTimeout time.Duration

	// ResponseHeaderTimeout is how long the header of the response may take, from when
	// the request was written; zero: any time.
	ResponseHeaderTimeout time.Duration
	// ExpectContinueTimeout is how long the body of a request with "Expect:
	// 100-continue" waits for the server's word; then it is sent without. Zero: it is sent
	// at once.
	ExpectContinueTimeout time.Duration
	// MaxResponseHeaderBytes bounds the header of a response; zero: 10 MiB.
	MaxResponseHeaderBytes int64

	mu     sync.Mutex
	pools  map[asyncio.EventLoop]*pool
	closed bool
}

var _ http.RoundTripper = (*Transport)(nil)

// defaultMaxHeader is MaxResponseHeaderBytes of who says none.
const defaultMaxHeader = 10 << 20

// CloseIdleConnections closes the connections, of all loops, that are not in use. Any
// goroutine may call it.
func (t *Transport) CloseIdleConnections() {
	for _, p := range t.allPools() {
		p.closeIdle()
	}
}

// Close closes the connections that are not in use; those that are will be closed when
// their responses have been read, and a further request is ErrTransportClosed. Any
// goroutine may call it; closing again is harmless. It returns nil.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.CloseIdleConnections()
	return nil
}

// isClosed reports whether Close was called.
func (t *Transport) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// allPools returns what there is for each loop.
func (t *Transport) allPools() []*pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*pool, 0, len(t.pools))
	for _, p := range t.pools {
		all = append(all, p)
	}
	return all
}

// poolHere returns the connections of the loop whose coroutine the caller is or, for a
// goroutine that is no loop's, of Loop.
func (t *Transport) poolHere() (*pool, error) {
	loop, err := asyncio.GetRunningLoop()
	switch {
	case err != nil && t.Loop == nil:
		return nil, opError("RoundTrip", noLoop{})
	case err != nil:
		loop = asyncio.NewFuture[struct{}](t.Loop).Loop() // as it shows itself in its own coroutines
	case asyncio.CurrentTask() == nil:
		return nil, opError("RoundTrip", asyncio.ErrAwaitInCallback)
	}
	if loop.IsClosed() {
		return nil, opError("RoundTrip", asyncio.ErrLoopClosed)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, ErrTransportClosed
	}
	if p := t.pools[loop]; p != nil {
		return p, nil
	}
	for old := range t.pools {
		if old.IsClosed() { // and has closed what it had
			delete(t.pools, old)
		}
	}
	if t.pools == nil {
		t.pools = map[asyncio.EventLoop]*pool{}
	}
	p := newPool(t, loop)
	t.pools[loop] = p
	return p, nil
}

// noLoop is the asyncio.ErrNoRunningLoop of a goroutine that needs Transport.Loop.
type noLoop struct{}

func (noLoop) Error() string {
	return "no running event loop in this goroutine; set Transport.Loop, or make the request in a coroutine"
}

// Unwrap returns asyncio.ErrNoRunningLoop.
func (noLoop) Unwrap() error { return asyncio.ErrNoRunningLoop }

// maxHeader is how many bytes the header of a response may have.
func (t *Transport) maxHeader() int64 {
	if t.MaxResponseHeaderBytes > 0 {
		return t.MaxResponseHeaderBytes
	}
	return defaultMaxHeader
}

// maxIdlePerHost is how many connections to one host are kept for later.
func (t *Transport) maxIdlePerHost() int {
	switch {
	case t.MaxIdleConnsPerHost > 0:
		return t.MaxIdleConnsPerHost
	case t.MaxIdleConnsPerHost < 0:
		return 0
	}
	return http.DefaultMaxIdleConnsPerHost
}
