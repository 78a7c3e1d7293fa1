package nethttp

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// ServeOptions changes how Serve serves. The zero value is the default; the fields mean what
// those of http.Server mean.
type ServeOptions struct {
	// Server is how to listen; with its TLS the server speaks HTTPS, of which NextProtos
	// is HTTP/1.1, whatever it says.
	Server asyncio.ServerOptions

	// ReadHeaderTimeout is how long the header of a request may take, from its first byte;
	// zero: as long as ReadTimeout.
	ReadHeaderTimeout time.Duration
	// ReadTimeout is how long a request may take, its body included; zero: any time.
	ReadTimeout time.Duration
	// WriteTimeout is how long the response may take, from when the header of the request
	// has come; zero: any time.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection is kept open for the next request; zero: as
	// long as ReadTimeout.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds the header of a request; zero: http.DefaultMaxHeaderBytes.
	MaxHeaderBytes int
}

// Server serves HTTP in coroutines of a loop.
type Server struct {
	loop    asyncio.EventLoop
	handler http.Handler
	opts    ServeOptions
	server  *asyncio.Server
	tasks   asyncio.TaskOption
	address net.Addr

	// Loop only.
	conns    map[*serverConn]struct{}
	shutting bool
}

// Serve listens on address as CreateServer of the loop does, and has handler answer the
// requests, each in a coroutine: while it waits others run, and between its waits nobody
// else does, so that handlers of one loop need no locks for what they share. nil is
// http.DefaultServeMux. It speaks HTTP/1.1. What blocks belongs into asyncio.ToThread, and
// what a handler does with its http.ResponseWriter into its own coroutine.
//
// The request's context has the values of ctx, not its end; it is done when the handler has
// returned or the peer has gone. A handler's panic, but http.ErrAbortHandler, is told to the
// exception handler, and ends its connection; so does a Goexit. A response writer is an
// http.Flusher and an http.Hijacker, and has the deadlines that http.ResponseController sets.
// A connection that has nothing to do has no coroutine. A TLS configuration is copied, as
// http.Server does it: session ticket keys that are set later are not seen.
//
// Serve is called in a coroutine or, with WithLoop, from any goroutine; elsewhere it is
// asyncio.ErrNoRunningLoop.
func Serve(ctx context.Context, handler http.Handler, network, address string, opts *ServeOptions, more ...Option) (*Server, error) {
	c, err := configure("Serve", more)
	if err != nil {
		return nil, err
	}
	if handler == nil {
		handler = http.DefaultServeMux
	}
	s := &Server{loop: c.loop, handler: handler, conns: map[*serverConn]struct{}{}}
	if opts != nil {
		s.opts = *opts
	}
	if cfg := s.opts.Server.TLS; cfg != nil {
		cfg = cfg.Clone()
		cfg.NextProtos = []string{"http/1.1"} // whatever else is agreed upon is not spoken
		s.opts.Server.TLS = cfg
	}
	s.tasks = asyncio.WithContext(context.WithValue(ctx, http.ServerContextKey, s))
	s.loop = asyncio.NewFuture[struct{}](c.loop).Loop() // as it shows itself in its own coroutines
	if s.server, err = c.loop.CreateServer(ctx, s.protocol, network, address, &s.opts.Server); err != nil {
		return nil, err
	}
	if addrs := s.server.Addrs(); len(addrs) > 0 {
		s.address = addrs[0]
	}
	return s, nil
}

// Addr returns the address, the first if there are several. Any goroutine.
func (s *Server) Addr() net.Addr { return s.address }

// Close stops listening and ends all connections; handlers that are at it hear of that by
// their contexts. Any goroutine; closing again is harmless. It returns nil.
func (s *Server) Close() error {
	s.server.Close()
	s.server.AbortClients()
	return nil
}

// Shutdown stops listening, closes the connections that have nothing to do, and waits until
// the others have answered what they are at, and are closed. If ctx is done first it returns
// ctx's error, and leaves them. It suspends or blocks: any goroutine. Connections that were
// hijacked it waits for, too: end them, or ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.server.Close()
	onLoop(s.loop, func() {
		s.shutting = true
		for c := range s.conns {
			c.leave()
		}
	})
	return s.server.WaitClosed(ctx)
}

// protocol makes the protocol of a connection.
func (s *Server) protocol() asyncio.Protocol {
	return accept(s.loop, func(a *accepted, r *streams.StreamReader, w *streams.StreamWriter) {
		c := &serverConn{s: s, r: r, w: w}
		a.came, a.ended, a.lost = c.came, c.peerEnded, c.lost
		s.conns[c] = struct{}{}
		c.rest()
	})
}

// idleTimeout is how long a connection may have nothing to do.
func (s *Server) idleTimeout() time.Duration {
	if s.opts.IdleTimeout != 0 {
		return s.opts.IdleTimeout
	}
	return s.opts.ReadTimeout
}

// headerTimeout is how long the header of a request may take.
func (s *Server) headerTimeout() time.Duration {
	if s.opts.ReadHeaderTimeout != 0 {
		return s.opts.ReadHeaderTimeout
	}
	return s.opts.ReadTimeout
}

// maxHeader is how large the header of a request may be, with what net/http allows beside.
func (s *Server) maxHeader() int64 {
	if s.opts.MaxHeaderBytes > 0 {
		return int64(s.opts.MaxHeaderBytes) + headerSlop
	}
	return http.DefaultMaxHeaderBytes + headerSlop
}

// headerSlop is what net/http reads beyond MaxHeaderBytes.
const headerSlop = 4096
