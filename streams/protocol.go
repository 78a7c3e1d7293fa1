package streams

import (
	"context"
	"runtime"
	"weak"

	"github.com/go-asyncio/asyncio"
)

// StreamReaderProtocol feeds a StreamReader from a connection. OpenConnection and
// StartServer make one for each connection; make your own to hand to
// CreateConnection or CreateServer of a loop.
//
// It does not keep its reader: who uses the connection holds the reader or the
// writer, each of which keeps the other. When both are dropped and not closed, the
// connection is closed with a warning. (asyncio.StreamReaderProtocol)
type StreamReaderProtocol struct {
	FlowControl
	reader    weak.Pointer[StreamReader]
	hasReader bool
	held      *StreamReader // keeps it until there is a connection to serve,
	kept      bool          // or for good
	handler   handlerFunc
	tasks     asyncio.TaskOption // of the server, for the handler's task; may be nil
	overTLS   bool
}

// handlerFunc serves one connection.
type handlerFunc = func(ctx context.Context, r *StreamReader, w *StreamWriter) error

// NewStreamReaderProtocol makes a protocol that feeds r, which may be nil. If
// handler is not nil it serves the connection, as with StartServer. Without
// WithLoop it belongs to the running loop, else to the current one, and if there
// is none the error is asyncio.ErrNoCurrentLoop. Any goroutine may call it.
// (asyncio.StreamReaderProtocol)
func NewStreamReaderProtocol(r *StreamReader, handler func(ctx context.Context, r *StreamReader, w *StreamWriter) error, opts ...Option) (*StreamReaderProtocol, error) {
	c, err := configure("NewStreamReaderProtocol", opts, asyncio.GetEventLoop)
	if err != nil {
		return nil, err
	}
	return newProtocol(c.loop, r, handler), nil
}

func newProtocol(loop asyncio.EventLoop, r *StreamReader, handler handlerFunc) *StreamReaderProtocol {
	p := &StreamReaderProtocol{handler: handler, hasReader: r != nil}
	p.loop = loop
	if r != nil {
		p.reader = weak.Make(r)
		p.kept = asyncio.IsSimulated(loop) // when the collector runs must not matter there
		if handler != nil || p.kept {
			p.held = r
		}
	}
	return p
}

// ConnectionMade gives the reader its transport, and starts the handler.
// (connection_made)
func (p *StreamReaderProtocol) ConnectionMade(t asyncio.Transport) {
	r := p.reader.Value()
	if r == nil && p.hasReader {
		p.reject(t, "An open stream was garbage collected prior to establishing network connection; call \"stream.close()\" explicitly.", nil)
		return
	}
	p.overTLS = t.GetExtraInfo("sslcontext") != nil
	if r != nil {
		if err := r.SetTransport(t); err != nil {
			p.reject(t, "A stream reader was given to a second connection", err)
			return
		}
	}
	if !p.kept {
		p.held = nil
	}
	if p.handler != nil {
		p.serve(r, newWriter(t, &p.FlowControl, r, p.loop), t)
	}
}

// reject ends a connection that nobody can read.
func (p *StreamReaderProtocol) reject(t asyncio.Transport, message string, err error) {
	p.loop.CallExceptionHandler(asyncio.ExceptionContext{Message: message, Err: err, Transport: t, Protocol: p})
	t.Abort()
}

// serve runs the handler in a task of its own.
func (p *StreamReaderProtocol) serve(r *StreamReader, w *StreamWriter, t asyncio.Transport) {
	var options []asyncio.TaskOption
	if p.tasks != nil {
		options = append(options, p.tasks)
	}
	task := asyncio.CreateTask(p.loop, func(ctx context.Context) (struct{}, error) {
		err := p.handler(ctx, r, w)
		runtime.KeepAlive(w) // a handler that only reads has not dropped its writer
		return struct{}{}, err
	}, options...)
	task.AddDoneCallback(func(task *asyncio.Task[struct{}]) {
		err := task.Exception()
		if err == nil {
			return
		}
		if !task.Cancelled() {
			p.loop.CallExceptionHandler(asyncio.ExceptionContext{
				Message: "Unhandled exception in client_connected_cb", Err: err, Transport: t,
			})
		}
		_ = t.Close() // on its own loop it closes
	})
}

// DataReceived feeds the reader. (data_received)
func (p *StreamReaderProtocol) DataReceived(data []byte) {
	if r := p.reader.Value(); r != nil {
		_ = r.FeedData(data) // fails only after an end that the protocol's user has fed: as if it came too late
	}
}

// EOFReceived feeds the reader the end. The connection stays open for writing,
// but not over TLS. (eof_received)
func (p *StreamReaderProtocol) EOFReceived() bool {
	if r := p.reader.Value(); r != nil {
		r.FeedEOF()
	}
	return !p.overTLS
}

// ConnectionLost ends the stream, and every call that waits for it.
// (connection_lost)
func (p *StreamReaderProtocol) ConnectionLost(err error) {
	if r := p.reader.Value(); r != nil {
		if err == nil {
			r.FeedEOF()
		} else {
			r.SetException(err)
		}
	}
	p.FlowControl.ConnectionLost(err)
}
