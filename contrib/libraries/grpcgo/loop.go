// Package grpcgo uses google.golang.org/grpc beside an event loop: its server and its clients
// work on goroutines, over connections of the loop.
//
// A server is grpc.Server as it is, over nethttp.Listen. Its methods run on goroutines, and
// come to the loop's state by asyncio.RunCoroutineThreadsafe: OnLoop is that. A client's
// calls wait on channels for goroutines of its own that need the loop; in a coroutine they
// hold it, for ever if their connection lives on it. Call them by asyncio.ToThread, with the
// task's context, which ends them when the task is cancelled. So do Stop and GracefulStop of a
// server, and Close of a client, wait for goroutines: ToThread, too.
package grpcgo

import (
	"context"
	"net"

	"google.golang.org/grpc"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
)

// Client makes a client whose connections live on the loop.
func Client(loop asyncio.EventLoop, address string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	dial := grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return loopnet.Dial(ctx, loop, "tcp", address)
	})
	return grpc.NewClient("passthrough:///"+address, append([]grpc.DialOption{dial}, opts...)...)
}

// OnLoop has f run as a coroutine of the loop and waits for it, in a method of a server: there
// state that the loop's coroutines share needs no lock. When the client gives up, ctx is
// done and f is cancelled.
func OnLoop[T any](ctx context.Context, loop asyncio.EventLoop, f func(context.Context) (T, error)) (T, error) {
	result := asyncio.RunCoroutineThreadsafe(loop, f)
	defer context.AfterFunc(ctx, func() { result.Cancel() })()
	return result.Await(context.WithoutCancel(ctx))
}
