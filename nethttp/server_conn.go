package nethttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// serverConn is a connection of a Server. A coroutine serves it while there is something to
// read; between requests it rests, and has none. All of it is the loop's.
type serverConn struct {
	s *Server
	r *streams.StreamReader
	w *streams.StreamWriter

	busy     bool // a coroutine serves
	hijacked bool
	timer    asyncio.TimerHandle // while it rests
	cancel   context.CancelFunc  // of the request that is being answered, nil if there is none

	// While a coroutine serves:
	conn   net.Conn
	br     *bufio.Reader
	bw     *bufio.Writer
	header int64 // how much of a header may be read still; -1: there is no limit
	shared bool  // somebody reads a body still whose handler has returned
}

var serverReaders = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
var serverWriters = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}

// lingering is how long what the peer still sends is read, so that it reads the last answer.
const lingering = 500 * time.Millisecond

// rest has the connection wait for the next request.
func (c *serverConn) rest() {
	if d := c.s.idleTimeout(); d > 0 {
		c.timer, _ = c.s.loop.CallLater(d, c.close) // refused by a loop that is being closed
	}
}

// came begins to serve, if nobody does.
func (c *serverConn) came() {
	if c.busy || c.hijacked || c.w.IsClosing() {
		return
	}
	c.busy = true
	c.timer.Cancel()
	asyncio.CreateTaskErr(c.s.loop, func(ctx context.Context) error {
		c.serve(ctx)
		return nil
	}, c.s.tasks)
}

// peerEnded closes a connection that has nothing to do. Who answers goes on; who has read his request
// hears of it.
func (c *serverConn) peerEnded() (open bool) {
	if c.cancel != nil && c.r.Buffered() == 0 {
		c.cancel()
	}
	return c.busy || c.hijacked
}

// lost counts the connection out.
func (c *serverConn) lost() {
	c.timer.Cancel()
	if c.cancel != nil {
		c.cancel()
	}
	delete(c.s.conns, c)
}

// leave closes the connection if it has nothing to do.
func (c *serverConn) leave() {
	if !c.busy && !c.hijacked {
		c.close()
	}
}

// close closes the connection when all is sent.
func (c *serverConn) close() { _ = c.w.Close() } // on its own loop it closes

// serve answers requests as long as there are some to read.
func (c *serverConn) serve(ctx context.Context) {
	c.conn = streams.Conn(ctx, c.r, c.w)
	c.br, c.bw = serverReaders.Get().(*bufio.Reader), serverWriters.Get().(*bufio.Writer)
	c.br.Reset(c)
	c.bw.Reset(c.conn)
	keep := false
	defer func() { // by whatever way
		c.busy = false
		switch {
		case c.hijacked:
		case !keep:
			c.end()
		default:
			c.rest()
		}
	}()
	for {
		again := c.serveOne(ctx)
		if c.hijacked {
			return
		}
		if !again || c.s.shutting {
			break
		}
		if c.br.Buffered() == 0 && c.r.Buffered() == 0 {
			keep = !c.r.AtEOF() && c.r.Exception() == nil
			break
		}
	}
	if c.shared {
		return
	}
	c.br.Reset(nil)
	c.bw.Reset(nil)
	serverReaders.Put(c.br)
	serverWriters.Put(c.bw)
	c.br, c.bw = nil, nil
}

// end closes the connection: what has been sent may be on its way, what has not is dropped if the
// peer does not take it.
func (c *serverConn) end() {
	c.close()
	if c.w.Transport().GetWriteBufferSize() > 0 {
		_, _ = c.s.loop.CallLater(lingering, c.w.Transport().Abort) // refused by a loop that is being closed
	}
}

// Read reads for the header and the body of a request.
func (c *serverConn) Read(p []byte) (int, error) {
	return readHeaded(c.conn, p, &c.header, errRequestTooLarge)
}

// errRequestTooLarge is the end of a request whose header is too large.
var errRequestTooLarge = errors.New("nethttp: the header of the request is too large")

// serveOne answers one request, and reports whether there may be another one.
func (c *serverConn) serveOne(ctx context.Context) (again bool) {
	began := time.Now()
	c.header = c.s.maxHeader()
	c.deadline(c.conn.SetReadDeadline, began, c.s.headerTimeout())
	req, err := http.ReadRequest(c.br)
	c.header = -1
	if err == nil {
		err = checkRequest(req)
	}
	if err != nil {
		c.refuse(err)
		return false
	}
	c.deadline(c.conn.SetReadDeadline, began, c.s.opts.ReadTimeout)
	c.deadline(c.conn.SetWriteDeadline, time.Now(), c.s.opts.WriteTimeout)
	ctx, cancel := context.WithCancel(context.WithValue(ctx, http.LocalAddrContextKey, c.conn.LocalAddr()))
	defer cancel()
	defer func() { c.cancel = nil }()
	c.cancel = cancel
	req = req.WithContext(ctx)
	req.RemoteAddr = c.conn.RemoteAddr().String()
	if state, ok := c.w.GetExtraInfo("ssl_object").(tls.ConnectionState); ok {
		req.TLS = &state
	}
	body := &serverBody{c: c, ReadCloser: req.Body, ask: req.ProtoAtLeast(1, 1) && hasToken(req.Header["Expect"], "100-continue")}
	if req.Body != http.NoBody {
		req.Body = body
	}
	w := &response{c: c, req: req, body: body, header: http.Header{}, length: -1}
	if expect := req.Header.Get("Expect"); expect != "" && !body.ask {
		w.close = true
		w.WriteHeader(http.StatusExpectationFailed)
		return w.finish()
	}
	if !c.call(w, req) || c.hijacked {
		return false
	}
	body.closed, c.shared = true, body.busy
	return w.finish()
}

// deadline sets a deadline, none if d is zero.
func (c *serverConn) deadline(set func(time.Time) error, from time.Time, d time.Duration) {
	if d > 0 {
		_ = set(from.Add(d)) // of a connection that is not closed by us
	} else {
		_ = set(time.Time{})
	}
}

// call calls the handler, and reports whether it has returned. One that panics ends the
// connection at once.
func (c *serverConn) call(w *response, req *http.Request) (returned bool) {
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			c.s.loop.CallExceptionHandler(asyncio.ExceptionContext{
				Message:   fmt.Sprintf("Unhandled exception in the handler of %s %s", req.Method, req.URL.Path),
				Err:       &asyncio.PanicError{Value: v, Stack: debug.Stack()},
				Transport: c.w.Transport(),
			})
		}
		if !c.hijacked {
			c.w.Transport().Abort()
		}
	}()
	c.s.handler.ServeHTTP(w, req)
	return true
}

// refuse answers what is no request, and nothing to what is none at all.
func (c *serverConn) refuse(err error) {
	status, text := http.StatusBadRequest, err.Error()
	var asked *requestError
	switch {
	case errors.Is(err, errRequestTooLarge):
		status, text = http.StatusRequestHeaderFieldsTooLarge, ""
	case errors.As(err, &asked):
		status = asked.status
	case isConnectionError(err):
		return
	}
	message := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if text != "" {
		text = ": " + text
	}
	_, _ = fmt.Fprintf(c.bw, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%s%s", message, message, text)
	_ = c.bw.Flush() // a peer that is gone hears of nothing
	c.linger()
}

// isConnectionError tells the end of a connection, or of its time, from what a peer says wrong.
func isConnectionError(err error) bool {
	var op *net.OpError
	return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}

// linger ends what is written and reads on for a moment: who closes while the peer still sends
// may take the answer from it.
func (c *serverConn) linger() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if c.conn.SetReadDeadline(time.Now().Add(lingering)) == nil {
		_, _ = io.Copy(io.Discard, c.conn) // whatever comes until then
	}
}
