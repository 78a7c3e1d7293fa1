package serve

import (
	"context"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// api is what the echo is written with.
type api struct {
	// open listens without a server of the loops', nil for those with one, that of listen.
	open func(ctx context.Context, o *Options, workers []*worker) (intake, error)
	// listen makes a server whose clients are the worker's, on what opts say.
	listen func(ctx context.Context, w *worker, at endpoint, opts *asyncio.ServerOptions) (*asyncio.Server, error)
}

// Words of --api.
const (
	apiDefault  = "protocol"
	apiDatagram = "datagram"
)

// apis are the ways to write an echo, by the words of --api. That of datagrams has no
// connections.
var apis = map[string]api{
	apiDefault:  {listen: listenProtocol},
	"sock":      {open: listenSockets},
	"streams":   {listen: listenStreams},
	apiDatagram: {},
}

// echo is the server in callbacks. What the system does not take at once the
// transport buffers; nothing more is received until it is sent, so that a client
// that does not read costs no more memory than the write buffer's high mark and
// one receive.
type echo struct {
	client
	worker    *worker
	transport asyncio.Transport
}

func newEcho(w *worker) asyncio.Protocol { return &echo{worker: w} }

func listenProtocol(ctx context.Context, w *worker, at endpoint, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
	return w.loop.CreateServer(ctx, func() asyncio.Protocol { return newEcho(w) }, at.network, at.address, opts)
}

// ConnectionMade implements asyncio.Protocol.
func (e *echo) ConnectionMade(t asyncio.Transport) {
	e.transport = t
	e.worker.enter(&e.client, t)
}

// DataReceived implements asyncio.Protocol. An error is the end of the connection,
// of which ConnectionLost tells.
func (e *echo) DataReceived(data []byte) {
	e.worker.received(len(data))
	_, _ = e.transport.Write(data)
}

// EOFReceived implements asyncio.Protocol: the transport sends what is buffered and
// closes.
func (e *echo) EOFReceived() bool { return false }

// PauseWriting implements asyncio.Protocol.
func (e *echo) PauseWriting() { _ = e.transport.PauseReading() }

// ResumeWriting implements asyncio.Protocol.
func (e *echo) ResumeWriting() { _ = e.transport.ResumeReading() }

// ConnectionLost implements asyncio.Protocol.
func (e *echo) ConnectionLost(error) { e.worker.leave(&e.client) }

func listenStreams(ctx context.Context, w *worker, at endpoint, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
	return w.loop.CreateServer(ctx, func() asyncio.Protocol { return newStreamEcho(w) }, at.network, at.address, opts)
}

// newStreamEcho makes the protocol of one connection: what streams.StartServer makes, but for
// the end of a client over TLS. Python's streams end both directions then, and what was
// received and not sent back yet would be lost.
func newStreamEcho(w *worker) asyncio.Protocol {
	r, err := streams.NewStreamReader(streams.WithLoop(w.loop))
	if err != nil {
		return nil // which refuses the connection
	}
	p, err := streams.NewStreamReaderProtocol(r, w.echoStream, streams.WithLoop(w.loop), streams.WithHalfOpen())
	if err != nil {
		return nil
	}
	return p
}

// echoStream is the server in a coroutine per client, which holds no memory while it waits. A
// connection that breaks is the client's affair and no failure.
func (w *worker) echoStream(ctx context.Context, r *streams.StreamReader, out *streams.StreamWriter) error {
	var c client
	w.enter(&c, out.Transport())
	defer w.endStream(ctx, &c, out)
	for {
		p, err := r.Next(ctx)
		if err != nil {
			return nil
		}
		w.received(len(p))
		if _, err := out.Write(p); err != nil {
			return nil
		}
		if out.Drain(ctx) != nil {
			return nil
		}
	}
}

// endStream ends a client.
func (w *worker) endStream(ctx context.Context, c *client, out *streams.StreamWriter) {
	defer w.leave(c)
	if out.Close() == nil {
		_ = out.WaitClosed(ctx)
	}
}
