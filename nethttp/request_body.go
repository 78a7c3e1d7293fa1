package nethttp

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// requestBody is the body of a request while it is written: it is closed once, and waits,
// if it has to, until the server wants it.
type requestBody struct {
	x    *exchange
	body io.ReadCloser
	sink *sink // where it goes; flushed before a Read that may wait

	close    sync.Once
	closeErr error
	failed   error // what Read has failed with: http.Request.Write hides it
}

// errNotWanted ends the writing of a body that the server has answered without.
var errNotWanted = errors.New("nethttp: the server has answered without the body")

// Read reads the user's body.
func (b *requestBody) Read(p []byte) (n int, err error) {
	if !b.x.inMemory() {
		if err = b.sink.bw.Flush(); err == nil {
			err = b.x.await()
		}
	}
	if err == nil {
		if n, err = b.body.Read(p); err == io.EOF {
			return n, err
		} else if err != nil {
			b.failed = opError("reading the body of the request", err)
			return n, err
		}
	}
	b.failed = err
	return n, err
}

// Close closes the user's body, once. Any goroutine.
func (b *requestBody) Close() error {
	b.close.Do(func() { b.closeErr = b.body.Close() })
	return b.closeErr
}

// goAhead is what the server says about a body that asks before it comes.
type goAhead struct {
	mu      sync.Mutex
	decided bool
	refused bool
	waiters asyncio.Waiters // the body
}

// decide ends the wait; what was decided first counts.
func (g *goAhead) decide(refused bool) {
	g.mu.Lock()
	if !g.decided {
		g.decided, g.refused = true, refused
	}
	w := g.waiters.WakeAll(nil)
	g.mu.Unlock()
	w.Do()
}

// await waits until the body may be sent; errNotWanted if it may not.
func (x *exchange) await() error {
	g := x.ahead
	if g == nil {
		return nil
	}
	stop := after(x.c.pool.loop, x.c.pool.t.ExpectContinueTimeout, func() { g.decide(false) })
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.decided {
		if _, err := g.waiters.Wait(x.ctx, x.c.pool.loop, &g.mu); err != nil {
			return err
		}
	}
	if g.refused {
		return errNotWanted
	}
	return nil
}

// after calls f when d has passed: by a timer of the loop where the caller is on it, and of
// the runtime elsewhere. stop takes it back. Any goroutine.
func after(loop asyncio.EventLoop, d time.Duration, f func()) (stop func()) {
	if running, err := asyncio.GetRunningLoop(); err != nil || running != loop {
		timer := time.AfterFunc(d, f)
		return func() { timer.Stop() }
	}
	handle, _ := loop.CallLater(d, f) // refused by a loop that is being closed: so is the wait
	return func() { handle.Cancel() }
}

// sink is a bufio.Writer that http.Request.Write does not flush itself: it would send
// the header and each chunk alone, although a body in memory comes at once. It keeps what it has
// failed with, which http.Request.Write hides.
type sink struct {
	bw  *bufio.Writer
	err error
}

// Write implements io.Writer.
func (s *sink) Write(p []byte) (n int, err error) {
	n, s.err = s.bw.Write(p)
	return n, s.err
}

// WriteByte implements io.ByteWriter.
func (s *sink) WriteByte(b byte) error {
	s.err = s.bw.WriteByte(b)
	return s.err
}

// WriteString implements io.StringWriter.
func (s *sink) WriteString(text string) (n int, err error) {
	n, s.err = s.bw.WriteString(text)
	return n, s.err
}

// hasBody reports whether a request has something to send.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }
