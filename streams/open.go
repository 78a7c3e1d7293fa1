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
	c, err := configure("OpenConnection", more, asyncio.GetRunningLoop)
	if err != nil {
		if loop := c.anyLoop(); loop != nil {
			_, _, _ = loop.CreateConnection(ctx, nil, network, address, opts) // fails, and releases what it was given
		}
		return nil, nil, err
	}
	r := newReader(c)
	p := newProtocol(c.loop, r, nil)
	t, _, err := c.loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, network, address, opts)
	if err != nil {
		return nil, nil, err
	}
	return r, newWriter(t, &p.FlowControl, r, c.loop), nil
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
	const op = "StartServer"
	c, err := configure(op, more, asyncio.GetRunningLoop)
	serve := asHandlerFunc(handler)
	if err == nil && serve == nil {
		err = invalid(op, "the handler is nil")
	}
	if err != nil {
		if loop := c.anyLoop(); loop != nil {
			_, _ = loop.CreateServer(ctx, nil, network, address, opts) // fails, and releases what it was given
		}
		return nil, err
	}
	tasks := asyncio.WithContext(ctx)
	return c.loop.CreateServer(ctx, func() asyncio.Protocol {
		p := newProtocol(c.loop, newReader(c), serve)
		p.tasks = tasks
		return p
	}, network, address, opts)
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
