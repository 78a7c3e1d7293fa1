package nethttp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// inlineBody is up to how many bytes a body in memory is written by who makes the request,
// before he reads: a connection takes so much without waiting.
const inlineBody = 8 << 10

// writeBuffer is how much of a request is gathered before it is written.
const writeBuffer = 16 << 10

// lateWrite is how long a request may still be written when its response has been read to
// the end; then its connection is closed.
const lateWrite = 50 * time.Millisecond

var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBuffer) }}

// exchange is one request and its response on one connection.
//
// The two are done side by side. The connection is free when both are; whichever fails
// closes it, and so ends the other.
type exchange struct {
	c     *conn
	ctx   context.Context
	req   *http.Request // as the user made it
	out   *http.Request // as it is written
	body  *requestBody  // nil for none
	ahead *goAhead      // what the body waits for, nil for nothing

	unpack bool // a body that is packed
	silent bool // nothing of a response has come

	mu       sync.Mutex
	parts    int  // that are not done: of the writing and the reading
	spoilt   bool // one of them has failed
	answered bool // the header of the response has come
	writer   asyncio.AnyTask
	writeErr error
}

// exchange writes a request, which is out, and reads the header of the response to it. The
// connection is closed if that fails, by whatever way. silent: it has failed before
// anything had come, because the connection has ended.
func (c *conn) exchange(req, out *http.Request, unpack bool) (resp *http.Response, silent bool, err error) {
	x := &exchange{c: c, ctx: req.Context(), req: req, out: out, parts: 2, unpack: unpack, silent: true}
	c.begin(x.ctx)
	ok := false
	defer func() {
		if !ok {
			x.abandon()
		}
	}()
	if hasBody(out) {
		x.body = &requestBody{x: x, body: out.Body}
		out.Body = x.body
		if out.Header.Get("Expect") == "100-continue" && c.pool.t.ExpectContinueTimeout > 0 {
			x.ahead = &goAhead{}
		}
	}
	x.startWriting()
	resp, err = x.readHeader()
	if err != nil {
		return nil, x.silent && c.lost() && c.reason() == nil, x.explain(err)
	}
	resp.TLS = c.state
	x.give(resp)
	ok = true
	return resp, false, nil
}

// inMemory reports whether the body is at hand, as those that http.NewRequest knows are.
func (x *exchange) inMemory() bool { return x.out.GetBody != nil && x.ahead == nil }

// startWriting has the request written: at once if it is short, else by a coroutine or,
// where the caller is a goroutine, by another one.
func (x *exchange) startWriting() {
	if x.body == nil || x.inMemory() && x.out.ContentLength > 0 && x.out.ContentLength <= inlineBody {
		x.write()
		return
	}
	if _, err := asyncio.GetRunningLoop(); err != nil {
		go x.write()
		return
	}
	task := asyncio.CreateTaskErr(x.c.pool.loop, func(context.Context) error {
		x.write()
		return nil
	}, asyncio.WithContext(x.ctx))
	x.mu.Lock()
	x.writer = task
	x.mu.Unlock()
}

// write writes the request. Its failure is seen by who reads, to whom the connection ends.
func (x *exchange) write() {
	err := errBodyLeft
	defer func() { x.written(err) }()
	bw := writers.Get().(*bufio.Writer)
	bw.Reset(x.c)
	to := &sink{bw: bw}
	if x.body != nil {
		x.body.sink = to
	}
	if x.c.to.proxy != "" && x.c.to.addr == "" {
		err = x.out.WriteProxy(to)
	} else {
		err = x.out.Write(to)
	}
	switch {
	case err == nil:
		err = bw.Flush()
	case x.body != nil && x.body.failed != nil:
		err = x.body.failed
	case to.err != nil:
		err = to.err
	}
	bw.Reset(nil)
	writers.Put(bw)
}

// errBodyLeft is the failure of a body whose Read has not returned.
var errBodyLeft = errors.New("nethttp: a panic or Goexit in the Read of the request's body")

// written notes that the request was written, or how that failed. What has failed and is no
// end of the connection ends it: who reads is told why.
func (x *exchange) written(err error) {
	x.mu.Lock()
	x.writeErr = err
	limit := x.c.pool.t.ResponseHeaderTimeout
	if err == nil && limit > 0 && !x.answered {
		_ = x.c.whole.SetReadDeadline(time.Now().Add(limit)) // of a connection that is open
	}
	x.mu.Unlock()
	switch {
	case err == nil, errors.Is(err, errNotWanted):
	case connectionEnded(err):
		x.c.close()
	default:
		x.c.fail(err)
	}
	x.partDone(err == nil)
}

// connectionEnded reports whether writing has failed because the connection has ended.
func connectionEnded(err error) bool {
	for _, other := range []error{asyncio.ErrCancelled, asyncio.ErrTimeout, asyncio.ErrLoopClosed, asyncio.ErrWrongLoop} {
		if errors.Is(err, other) {
			return false
		}
	}
	var errno syscall.Errno
	return errors.As(err, &errno) || errors.Is(err, net.ErrClosed)
}

// readHeader reads the header of the response; what the server says before it is passed on.
func (x *exchange) readHeader() (*http.Response, error) {
	c, trace := x.c, httptrace.ContextClientTrace(x.ctx)
	for {
		c.header = c.pool.t.maxHeader()
		if _, err := c.br.Peek(1); err != nil {
			return nil, err
		}
		if x.silent && trace != nil && trace.GotFirstResponseByte != nil {
			trace.GotFirstResponseByte()
		}
		x.silent = false
		resp, err := http.ReadResponse(c.br, x.req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			c.header = -1
			return resp, x.answer()
		}
		if err := x.interim(resp, trace); err != nil {
			return nil, err
		}
	}
}

// interim passes on what comes before the response.
func (x *exchange) interim(resp *http.Response, trace *httptrace.ClientTrace) error {
	if resp.StatusCode == http.StatusContinue {
		if trace != nil && trace.Got100Continue != nil {
			trace.Got100Continue()
		}
		if x.ahead != nil {
			x.ahead.decide(false)
		}
	}
	if trace != nil && trace.Got1xxResponse != nil {
		return trace.Got1xxResponse(resp.StatusCode, textproto.MIMEHeader(resp.Header))
	}
	return nil
}

// answer notes that the header has come: its deadline is over, and a body that has not
// begun is not wanted.
func (x *exchange) answer() error {
	x.mu.Lock()
	x.answered = true
	x.mu.Unlock()
	if x.ahead != nil {
		x.ahead.decide(true)
	}
	if x.c.pool.t.ResponseHeaderTimeout > 0 {
		return x.c.whole.SetReadDeadline(time.Time{})
	}
	return nil
}

// explain finds out why an exchange has failed.
func (x *exchange) explain(err error) error {
	if reason := x.c.reason(); reason != nil {
		return reason
	}
	x.mu.Lock()
	writeErr := x.writeErr
	x.mu.Unlock()
	switch {
	case deadlinePassed(err):
		return timeoutError("timeout awaiting response headers")
	case x.silent && x.c.lost() && writeErr != nil && !errors.Is(writeErr, errNotWanted):
		return opError("writing the request", writeErr)
	case x.silent && x.c.lost():
		return opError("the server closed the connection before it answered", err)
	}
	return opError("reading the response", err)
}

// deadlinePassed reports whether an error is that of a connection's deadline, and not that
// of a context's.
func deadlinePassed(err error) bool {
	var ofContext *asyncio.TimeoutError
	return errors.Is(err, os.ErrDeadlineExceeded) && !errors.As(err, &ofContext)
}

// partDone notes that the request was written or the response read. When both are, the
// connection is free, or closed if one has failed.
func (x *exchange) partDone(ok bool) {
	x.mu.Lock()
	x.parts--
	x.spoilt = x.spoilt || !ok
	done, spoilt := x.parts == 0, x.spoilt
	x.mu.Unlock()
	switch {
	case done && !spoilt:
		x.c.pool.put(x.c)
	case done:
		x.c.close()
	}
}

// readDone notes that the response was read to its end, after which the connection can be
// used again. A request that is still being written has a moment to end.
func (x *exchange) readDone() {
	x.mu.Lock()
	late := x.parts > 1
	x.mu.Unlock()
	x.partDone(true)
	if late {
		after(x.c.pool.loop, lateWrite, func() {
			x.mu.Lock()
			late := x.parts > 0
			x.mu.Unlock()
			if late {
				x.abandon()
			}
		})
	}
}

// abandon ends all that is under way. Any goroutine.
func (x *exchange) abandon() {
	x.c.close()
	x.mu.Lock()
	writer := x.writer
	x.mu.Unlock()
	if writer != nil {
		writer.Cancel()
	}
	if x.body != nil {
		_ = x.body.Close() // as a RoundTripper has to
	}
}
