// Package fasthttpserver runs the server of github.com/valyala/fasthttp in coroutines of an
// event loop: each connection is served by Server.ServeConn over a streams.Conn. All handlers
// run on the loop's goroutine, one at a time, so what they share needs no locks; where a
// handler waits, by a call that takes a context, only its coroutine is suspended.
//
// What works: keep-alive, pipelining, bodies of any size, SetBodyStream with a reader, read,
// write and idle timeouts (they are deadlines of the connection), Hijack (fasthttp calls the
// hijack handler on a goroutine of its own).
//
// What holds the loop, and with it everything, because it waits on a channel for a goroutine:
// fasthttpadaptor.NewFastHTTPHandler (use Handler), fasthttp.TimeoutHandler and
// TimeoutWithCodeHandler (use asyncio.Timeout in the handler), SetBodyStreamWriter (use
// SetBodyStream). The compressing handlers hold the loop for as long as compressing takes.
// Server.Shutdown knows nothing of these connections: end them by the asyncio.Server that
// Start returns.
package fasthttpserver

import (
	"context"

	"github.com/valyala/fasthttp"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Start serves what connects to the address on the running loop, a coroutine for each
// connection. A handler that panics is reported to the loop's exception handler, and its
// connection is closed. It is called in a coroutine.
func Start(ctx context.Context, server *fasthttp.Server, network, address string, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
	return streams.StartServer(ctx, func(_ context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		// Not the task's context: a connection that is hijacked outlives the task. A
		// cancellation of the task ends its reads and writes all the same.
		conn := streams.Conn(context.Background(), r, w)
		if err := server.ServeConn(conn); err != nil && server.LogAllErrors && server.Logger != nil {
			server.Logger.Printf("error when serving connection %q<->%q: %v", conn.LocalAddr(), conn.RemoteAddr(), err)
		}
	}, network, address, opts)
}
