package streams

import (
	"context"
	"runtime"

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
	in    *connection // nil: there is no reader
	begin *beginning  // nil: the handler runs or is over, or there never was one

	serves   bool // there is a handler, or was
	halfOpen bool // the sending side stays open at the peer's end over TLS, too, if it can
	overTLS  bool
	made     bool // the reader and its line have the connection's transport, which asks for memory
	alone    bool // it is the transport's protocol itself, and no part of another one
	lends    bool // so that it lends, and need not look
}

// beginning is what is needed until the handler runs. It keeps the reader until there is a
// connection to serve, and then until the task that serves it does; on a simulated loop for good.
type beginning struct {
	reader  *StreamReader // may be nil
	writer  *StreamWriter
	handler handlerFunc        // nil: it only keeps the reader
	tasks   asyncio.TaskOption // of the server, for the handler's task; may be nil
	task    *asyncio.Task[struct{}]
	early   asyncio.CallbackToken // for the end of a task that has not begun
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
	return newProtocol(c, r, handler), nil
}

func newProtocol(c config, r *StreamReader, handler handlerFunc) *StreamReaderProtocol {
	p := r.firstProtocol(c.loop)
	p.loop, p.serves, p.halfOpen = c.loop, handler != nil, c.halfOpen
	if p.serves || r != nil && asyncio.IsSimulated(c.loop) {
		p.begin = &beginning{reader: r, handler: handler}
	}
	if r != nil {
		p.in = r.connection
		r.mu.Lock()
		r.kept = r.kept || p.serves
		r.watch()
		r.mu.Unlock()
	}
	return p
}

// firstProtocol is the protocol that is a part of the connection, or one more.
func (r *StreamReader) firstProtocol(loop asyncio.EventLoop) *StreamReaderProtocol {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.protocol.in == nil && r.protocol.loop == loop {
			r.protocol.in = r.connection
			return &r.protocol
		}
	}
	return new(StreamReaderProtocol)
}

// ConnectionMade gives the reader its transport, and starts the handler.
// (connection_made)
func (p *StreamReaderProtocol) ConnectionMade(t asyncio.Transport) {
	if p.in != nil && p.in.fate.Load()&dropped != 0 {
		p.reject(t, "An open stream was garbage collected prior to establishing network connection; call \"stream.close()\" explicitly.", nil)
		return
	}
	p.overTLS = t.GetExtraInfo("sslcontext") != nil
	if p.in != nil {
		if err := p.in.setTransport(t); err != nil {
			p.reject(t, "A stream reader was given to a second connection", err)
			return
		}
		p.made = same(p.in.line.first, t)
		p.lends = p.alone && p.made
	}
	if p.serves {
		p.serve(t)
	}
}

// reject ends a connection that nobody can read.
func (p *StreamReaderProtocol) reject(t asyncio.Transport, message string, err error) {
	p.loop.CallExceptionHandler(asyncio.ExceptionContext{Message: message, Err: err, Transport: t, Protocol: p})
	t.Abort()
}

// serve runs the handler in a task of its own.
func (p *StreamReaderProtocol) serve(t asyncio.Transport) {
	b := p.begin
	if p.in == nil { // it may be the protocol of several connections
		one := *b
		b = &one
	}
	b.writer = newWriter(t, &p.FlowControl, b.reader)
	var options []asyncio.TaskOption
	if b.tasks != nil {
		options = append(options, b.tasks)
	}
	serve := func(ctx context.Context) (struct{}, error) { return struct{}{}, p.run(ctx, b) }
	task := asyncio.CreateTask(p.loop, serve, options...)
	b.task, b.early = task, task.AddDoneCallback(b.writer.ended)
}

// run is the handler's task. It keeps what the handler has been given until that returns: one
// that only reads has not dropped its writer. The callback for the task's end is that of a task
// which never began; it is not kept while the handler runs.
func (p *StreamReaderProtocol) run(ctx context.Context, b *beginning) error {
	r, w, handler := b.reader, b.writer, b.handler
	if task := b.task; task != nil && task.RemoveDoneCallback(b.early) > 0 {
		defer w.hearEnd(task)
	}
	if r != nil && !asyncio.IsSimulated(p.loop) {
		p.begin = nil
	}
	err := handler(ctx, r, w)
	if r != nil {
		r.letGo()
	}
	runtime.KeepAlive(w)
	return err
}

// hearEnd has the line hear of the end of the handler's task.
func (l *line) hearEnd(task *asyncio.Task[struct{}]) { task.AddDoneCallback(l.ended) }

// ended closes the connection of a handler that has failed, and reports it.
func (l *line) ended(task *asyncio.Task[struct{}]) {
	err := task.Exception()
	if err == nil {
		return
	}
	if !task.Cancelled() {
		l.flow.loop.CallExceptionHandler(asyncio.ExceptionContext{
			Message: "Unhandled exception in client_connected_cb", Err: err, Transport: l.first,
		})
	}
	_ = l.first.Close() // on its own loop it closes
}

// DataReceived feeds the reader. (data_received)
func (p *StreamReaderProtocol) DataReceived(data []byte) {
	if in := p.in; in != nil && in.fate.Load()&dropped == 0 {
		if len(data) >= keepFrom && p.keep(data) {
			return
		}
		_ = in.feed(data) // fails only after an end that the protocol's user has fed: as if it came too late
	}
}

// keep has the transport leave data where they are, if it can and the reader takes them so, and
// reports whether it does.
func (p *StreamReaderProtocol) keep(data []byte) bool {
	if !p.lends && !p.lendsUnasked() {
		return false // data may be anybody's
	}
	keeper, ok := p.over().(asyncio.DataKeeper)
	if !ok {
		return false
	}
	kept := keeper.KeepData(data)
	return kept.Held() && p.in.feedKept(data, kept)
}

// LendsAs says to a transport, as asyncio.LendingProtocol has it, whether p lends: for itself,
// but not as a part of another protocol, which embeds it and may override DataReceived.
func (p *StreamReaderProtocol) LendsAs(protocol any) bool {
	self, ok := protocol.(*StreamReaderProtocol)
	p.alone = ok && self == p
	p.lends = p.alone && p.made
	return p.alone
}

// lendsUnasked is LendsAs for a transport that has not asked.
//
//go:noinline
func (p *StreamReaderProtocol) lendsUnasked() bool {
	t := p.over()
	return t != nil && t.GetProtocol() == asyncio.Protocol(p)
}

// over is the transport that asks for memory, nil if there is none.
func (p *StreamReaderProtocol) over() asyncio.Transport {
	if !p.made {
		return nil
	}
	return p.in.line.first
}

// LendBuffer implements asyncio.LendingProtocol: what comes goes where the coroutine that
// waits for it wants it.
func (p *StreamReaderProtocol) LendBuffer() []byte {
	if !p.lends && !p.lendsUnasked() {
		return nil
	}
	r := &p.in.reading
	r.mu.Lock()
	var buf []byte
	if r.waiters.Suspended() && !r.eof {
		l := &r.lent
		if l.spare != nil && l.room == nil {
			buf, l.out = l.spare.room, spareOut // as lendOut, in the usual case
		} else {
			buf = l.lendOut()
		}
	}
	r.mu.Unlock()
	return buf
}

// BufferFilled implements asyncio.LendingProtocol.
func (p *StreamReaderProtocol) BufferFilled(n int) {
	r := &p.in.reading
	r.mu.Lock()
	l := &r.lent
	switch m := l.spare; {
	case l.out != spareOut:
		l.n = uint32(n)
	case n == len(m.room) || l.size > 0 || r.buf.mem != nil:
		r.fillSpare(n)
	default: // as fillSpare, in the usual case
		l.spare = nil
		r.buf.mem, r.buf.end = m, n
	}
	l.out = nothingOut
	if r.buf.end-r.buf.off > 2*r.limit {
		r.came()
		return
	}
	r.waiters.Unpark(&r.mu)
}

// EOFReceived feeds the reader the end. The connection stays open for writing,
// but over TLS only WithHalfOpen. (eof_received)
func (p *StreamReaderProtocol) EOFReceived() bool {
	if p.in != nil {
		p.in.feedEOF()
	}
	return !p.overTLS || p.halfOpen && p.canEndOneSide()
}

// canEndOneSide reports whether the connection can end its writing alone.
func (p *StreamReaderProtocol) canEndOneSide() bool {
	if p.in == nil {
		return false
	}
	p.in.mu.Lock()
	t := p.in.transport
	p.in.mu.Unlock()
	return t != nil && (*t).CanWriteEOF()
}

// ConnectionLost ends the stream, and every call that waits for it.
// (connection_lost)
func (p *StreamReaderProtocol) ConnectionLost(err error) {
	if in := p.in; in != nil {
		if err == nil {
			in.feedEOF()
		} else {
			in.setException(err)
		}
	}
	p.FlowControl.ConnectionLost(err)
}
