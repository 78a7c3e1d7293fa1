package streams

import (
	"context"
	"reflect"

	"github.com/go-asyncio/asyncio"
)

// OpenConnection connects as CreateConnection of the loop does, and returns the
// two halves of the connection. It is called in a coroutine or, with WithLoop,
// from any goroutine; elsewhere it is asyncio.ErrNoRunningLoop, and nothing that opts
// has was taken. (asyncio.open_connection)
func OpenConnection(ctx context.Context, network, address string, opts *asyncio.ConnectionOptions, more ...Option) (*StreamReader, *StreamWriter, error) {
	return open("OpenConnection", more, func(loop asyncio.EventLoop, factory func() asyncio.Protocol) (asyncio.Transport, asyncio.Protocol, error) {
		return loop.CreateConnection(ctx, factory, network, address, opts)
	})
}

// OpenUnixConnection connects to the unix socket at path as CreateUnixConnection of the
// loop does. It is OpenConnection otherwise. (asyncio.open_unix_connection)
func OpenUnixConnection(ctx context.Context, path string, opts *asyncio.ConnectionOptions, more ...Option) (*StreamReader, *StreamWriter, error) {
	return open("OpenUnixConnection", more, func(loop asyncio.EventLoop, factory func() asyncio.Protocol) (asyncio.Transport, asyncio.Protocol, error) {
		return loop.CreateUnixConnection(ctx, factory, path, opts)
	})
}

// open returns the two halves of the connection that create makes. With a nil factory
// create fails, and releases what it was given.
func open(op string, more []Option, create func(asyncio.EventLoop, func() asyncio.Protocol) (asyncio.Transport, asyncio.Protocol, error)) (*StreamReader, *StreamWriter, error) {
	c, err := configure(op, more, asyncio.GetRunningLoop)
	if err != nil {
		if loop := c.anyLoop(); loop != nil {
			_, _, _ = create(loop, nil)
		}
		return nil, nil, err
	}
	r := newReader(c)
	p := newProtocol(c, r, nil)
	t, _, err := create(c.loop, func() asyncio.Protocol { return p })
	if err != nil {
		return nil, nil, err
	}
	return r, newWriter(t, &p.FlowControl, r), nil
}

// Handler serves one connection of a server.
type Handler interface {
	~func(ctx context.Context, r *StreamReader, w *StreamWriter) |
		~func(ctx context.Context, r *StreamReader, w *StreamWriter) error
}

// StartServer listens as CreateServer of the loop does, and runs handler as a
// task for each connection. A handler closes its writer when it is done with the
// connection; it may also leave it to someone else. If it fails or panics, the
// exception handler hears of it, with the message
// "Unhandled exception in client_connected_cb", and the connection is closed; it
// is also closed if the task is cancelled. StartServer is called in a coroutine
// or, with WithLoop, from any goroutine; elsewhere it is asyncio.ErrNoRunningLoop, and
// nothing that opts has was taken. The context of the handlers has the values of ctx,
// not its end. (asyncio.start_server)
func StartServer[H Handler](ctx context.Context, handler H, network, address string, opts *asyncio.ServerOptions, more ...Option) (*asyncio.Server, error) {
	return start(ctx, "StartServer", asHandlerFunc(handler), more, func(loop asyncio.EventLoop, factory func() asyncio.Protocol) (*asyncio.Server, error) {
		return loop.CreateServer(ctx, factory, network, address, opts)
	})
}

// StartUnixServer listens on the unix socket at path as CreateUnixServer of the loop does.
// It is StartServer otherwise. (asyncio.start_unix_server)
func StartUnixServer[H Handler](ctx context.Context, handler H, path string, opts *asyncio.ServerOptions, more ...Option) (*asyncio.Server, error) {
	return start(ctx, "StartUnixServer", asHandlerFunc(handler), more, func(loop asyncio.EventLoop, factory func() asyncio.Protocol) (*asyncio.Server, error) {
		return loop.CreateUnixServer(ctx, factory, path, opts)
	})
}

// start returns the server that create makes, which has serve for each connection. With a
// nil factory create fails, and releases what it was given.
func start(ctx context.Context, op string, serve handlerFunc, more []Option, create func(asyncio.EventLoop, func() asyncio.Protocol) (*asyncio.Server, error)) (*asyncio.Server, error) {
	c, err := configure(op, more, asyncio.GetRunningLoop)
	if err == nil && serve == nil {
		err = invalid(op, "the handler is nil")
	}
	if err != nil {
		if loop := c.anyLoop(); loop != nil {
			_, _ = create(loop, nil)
		}
		return nil, err
	}
	tasks := asyncio.WithContext(ctx)
	return create(c.loop, func() asyncio.Protocol {
		p := newProtocol(c, newReader(c), serve)
		p.begin.tasks = tasks
		return p
	})
}

// asHandlerFunc turns a handler of either form into the one with an error, nil
// into nil.
func asHandlerFunc[H Handler](handler H) handlerFunc {
	v := reflect.ValueOf(handler)
	if v.IsNil() {
		return nil
	}
	if v.Type().NumOut() == 1 {
		return v.Convert(reflect.TypeFor[handlerFunc]()).Interface().(handlerFunc)
	}
	plain := v.Convert(reflect.TypeFor[func(context.Context, *StreamReader, *StreamWriter)]()).
		Interface().(func(context.Context, *StreamReader, *StreamWriter))
	return func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
		plain(ctx, r, w)
		return nil
	}
}
