package nethttp

import (
	"context"
	"net"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Option changes how Listen and Serve listen.
type Option func(*config)

// config is what the options say.
type config struct {
	loop asyncio.EventLoop
}

// WithLoop sets the loop; the default is the running one. With it the call can be made from
// any goroutine.
func WithLoop(loop asyncio.EventLoop) Option { return func(c *config) { c.loop = loop } }

// configure applies the options.
func configure(op string, opts []Option) (c config, err error) {
	for _, o := range opts {
		o(&c)
	}
	if c.loop == nil {
		if c.loop, err = asyncio.GetRunningLoop(); err != nil {
			return c, opError(op, err)
		}
	}
	return c, nil
}

// Listener is a net.Listener whose connections live on a loop.
type Listener struct {
	loop   asyncio.EventLoop
	limit  int
	server *asyncio.Server
	addr   net.Addr

	mu      sync.Mutex
	closed  bool
	ready   []net.Conn // that nobody has accepted yet
	waiters asyncio.Waiters
}

var _ net.Listener = (*Listener)(nil)

// defaultWaiting is how many connections may wait to be accepted if ServerOptions.Backlog
// says nothing.
const defaultWaiting = 4096

// Listen listens on address as CreateServer of the loop does, and returns a listener for
// code that knows nothing of loops: http.Server, for instance, whose goroutines block where
// the loop does not. Its connections are those that streams.Conn makes.
//
// Accept suspends a coroutine of the loop and blocks a goroutine. The loop must run
// meanwhile: call http.Server.Serve on a goroutine of its own, or by asyncio.ToThread. For
// TLS and HTTP/2 there are http.Server.ServeTLS and tls.NewListener; ServerOptions.TLS is
// refused here, because http.Server knows TLS only by a *tls.Conn.
//
// opts.Backlog is also how many connections may wait for Accept, 4096 if it is zero; more
// are refused. Listen is called in a coroutine or, with WithLoop, from any goroutine;
// elsewhere it is asyncio.ErrNoRunningLoop.
func Listen(ctx context.Context, network, address string, opts *asyncio.ServerOptions, more ...Option) (*Listener, error) {
	const op = "Listen"
	c, err := configure(op, more)
	if err != nil {
		return nil, err
	}
	l := &Listener{loop: c.loop, limit: defaultWaiting}
	if opts != nil && opts.Backlog > 0 {
		l.limit = opts.Backlog
	}
	if opts != nil && opts.TLS != nil {
		_, _ = c.loop.CreateServer(ctx, nil, network, address, opts) // which releases what it was given
		return nil, invalid(op, "ServerOptions.TLS: use http.Server.ServeTLS, or tls.NewListener over this listener")
	}
	if l.server, err = c.loop.CreateServer(ctx, l.protocol, network, address, opts); err != nil {
		return nil, err
	}
	if addrs := l.server.Addrs(); len(addrs) > 0 {
		l.addr = addrs[0]
	}
	return l, nil
}

// Accept returns the next connection. net.ErrClosed once the listener is closed,
// asyncio.ErrLoopClosed once its loop is. It suspends or blocks: any goroutine.
func (l *Listener) Accept() (net.Conn, error) {
	c, next, err := l.accept()
	next.Do()
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: err}
	}
	return c, nil
}

// accept waits for a connection. next: it was woken for one that it does not take.
func (l *Listener) accept() (c net.Conn, next asyncio.Wakeup, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.ready) == 0 && !l.closed {
		handOn, err := l.waiters.Wait(context.Background(), l.loop, &l.mu)
		if err != nil {
			if handOn {
				next = l.waiters.WakeOne(nil)
			}
			return nil, next, err
		}
	}
	if l.closed {
		return nil, next, net.ErrClosed
	}
	c, l.ready = l.ready[0], l.ready[1:]
	return c, next, nil
}

// Close stops listening and ends every Accept. Connections that were accepted are left
// alone. Any goroutine; closing again is net.ErrClosed.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	l.closed = true
	left := l.ready
	l.ready = nil
	all := l.waiters.WakeAll(nil)
	l.mu.Unlock()
	all.Do()
	l.server.Close()
	for _, c := range left {
		_ = c.Close() // nobody has seen it
	}
	return nil
}

// Addr returns the address, the first if there are several. Any goroutine.
func (l *Listener) Addr() net.Addr { return l.addr }

// Server returns the server that accepts, which counts the connections: its WaitClosed
// waits for the last one. Any goroutine.
func (l *Listener) Server() *asyncio.Server { return l.server }

// offer keeps a connection for Accept. Loop only.
func (l *Listener) offer(c net.Conn, t asyncio.Transport) {
	l.mu.Lock()
	if l.closed || len(l.ready) >= l.limit {
		l.mu.Unlock()
		t.Abort()
		return
	}
	l.ready = append(l.ready, c)
	next := l.waiters.WakeOne(nil)
	l.mu.Unlock()
	next.Do()
}

// protocol makes the protocol of a connection.
func (l *Listener) protocol() asyncio.Protocol {
	return accept(l.loop, func(_ *accepted, r *streams.StreamReader, w *streams.StreamWriter) {
		l.offer(streams.Conn(context.Background(), r, w), w.Transport())
	})
}
