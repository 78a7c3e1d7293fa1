// Package fasthttpclient gives the client of github.com/valyala/fasthttp connections of an
// event loop, so that a coroutine can call it: Do writes the request and reads the answer on
// the goroutine that calls it, and waits in a Read or Write of the connection alone.
//
// What works in a coroutine: Do, DoTimeout, DoDeadline and DoRedirects of a HostClient, a
// Client and an LBClient whose Dial is the one of this package; TLS too, of the client's own
// (IsTLS). Cancelling the task ends the request. A goroutine of the client's closes connections
// that have been idle; it needs nothing of the loop.
//
// What holds the loop, because it waits on a channel: a HostClient whose connections are all
// in use and that has a MaxConnWaitTimeout (without one it is ErrNoFreeConns at once; use a
// locks.Semaphore to wait), the Get functions with a timeout (use DoTimeout), and the
// PipelineClient. Call these by asyncio.ToThread: the same Dial serves there.
package fasthttpclient

import (
	"context"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
)

// Dial returns what a client's Dial is to be: it connects on the loop. Where DialTimeout of
// the client is set, that is asked instead.
func Dial(loop asyncio.EventLoop) fasthttp.DialFunc {
	return func(address string) (net.Conn, error) {
		return loopnet.Dial(context.Background(), loop, "tcp", address)
	}
}
