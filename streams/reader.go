package streams

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// DefaultLimit is the limit of a StreamReader unless WithLimit says otherwise,
// in bytes.
const DefaultLimit = 64 << 10

// StreamReader holds what has come from a connection, or from FeedData, until it
// is read. What its methods return is the caller's to keep, but for what Next returns.
// One may read at a time: a second read while one waits is an asyncio.ErrInvalidState.
//
// The end of the stream is io.EOF under errors.Is, from every call that returns
// data and has none left to return, but for ReadAll. A read that is cancelled, or whose context is done, takes
// nothing, except ReadAll and Discard.
//
// Any goroutine may call any method. (asyncio.StreamReader)
type StreamReader struct {
	*connection

	// The other half, in the same piece of memory: as long as one of the two is in use the
	// connection is.
	writer StreamWriter
	other  *StreamWriter // one that was made while writer was in use
}

// reading is what a reader is to its connection, which does not keep the reader itself.
type reading struct {
	limit int

	mu        sync.Mutex
	buf       buffer
	err       error              // what SetException said
	transport *asyncio.Transport // nil if there is none, or one that cannot be paused; usually the line's
	waiters   asyncio.Waiters    // the one who reads
	lent      lent
	eof       bool
	paused    bool // the transport

	kept    bool          // by its protocol, which serves the connection
	watched bool          // the collector tells when it is dropped
	fate    atomic.Uint32 // dropped, failed
}

// What has become of a reader, for who asks without its mutex.
const (
	dropped uint32 = 1 << iota // the collector has found it
	failed                     // there is an exception
)

// NewStreamReader makes a reader without a connection: FeedData, FeedEOF and
// SetException say what comes. Without WithLoop it belongs to the running loop,
// else to the current one, and if there is none the error is
// asyncio.ErrNoCurrentLoop. Any goroutine may call it. (asyncio.StreamReader)
func NewStreamReader(opts ...Option) (*StreamReader, error) {
	c, err := configure("NewStreamReader", opts, asyncio.GetEventLoop)
	if err != nil {
		return nil, err
	}
	return newReader(c), nil
}

func newReader(c config) *StreamReader {
	r := &StreamReader{connection: &connection{reading: reading{limit: c.limit}}}
	r.protocol.loop = c.loop
	return r
}

// SetTransport says which transport to pause when too much is buffered.
// asyncio.ErrInvalidState if there is one already. (set_transport)
func (r *StreamReader) SetTransport(t asyncio.Transport) error { return r.setTransport(t) }

func (c *connection) setTransport(t asyncio.Transport) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport != nil {
		return opError("SetTransport", fmt.Errorf("%w: there is one already", asyncio.ErrInvalidState))
	}
	if c.line.first == nil {
		c.line.first = t
	}
	c.transport = &c.line.first
	if !same(*c.transport, t) {
		other := t
		c.transport = &other
	}
	return nil
}

// FeedData adds a copy of data to what can be read, and pauses the transport if
// that is more than twice the limit. asyncio.ErrInvalidState after FeedEOF. Call
// it where the transport may be paused: on the loop. (feed_data)
func (r *StreamReader) FeedData(data []byte) error { return r.feed(data) }

func (r *reading) feed(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	r.mu.Lock()
	if r.eof {
		r.mu.Unlock()
		return opError("FeedData", fmt.Errorf("%w: the end was fed already", asyncio.ErrInvalidState))
	}
	if rest := data[r.take(data):]; len(rest) > 0 {
		r.buf.write(rest)
	}
	r.came()
	return nil
}

// came wakes who waits, and has the transport pause if too much is buffered. It gives up
// mu.
func (r *reading) came() {
	w := r.waiters.WakeOne(nil)
	full := r.transport
	if r.paused || r.buf.len() <= 2*r.limit {
		full = nil
	}
	// Decided under the lock: who reads meanwhile, on another goroutine, takes it
	// back, and the loop hears of that later than of this.
	r.paused = r.paused || full != nil
	r.mu.Unlock()
	w.Do()
	if full != nil {
		r.pause(*full)
	}
}

// pause keeps the transport from bringing more. One that cannot be paused is
// forgotten, and everything buffered.
func (r *reading) pause(t asyncio.Transport) {
	if err := t.PauseReading(); err != nil {
		r.mu.Lock()
		r.paused = false
		if cannotDo(err) {
			r.transport = nil
		}
		r.mu.Unlock()
	}
}

// unpause decides that the transport is to bring more, if it does not. mu is
// held; the transport returned, if there is one, is for resume.
func (r *reading) unpause() asyncio.Transport {
	paused := r.paused
	r.paused = false
	if !paused || r.transport == nil {
		return nil
	}
	return *r.transport
}

// resume lets the transport bring more. mu is not held.
func (c *connection) resume(t asyncio.Transport) {
	if t == nil {
		return
	}
	if err := t.ResumeReading(); errors.Is(err, asyncio.ErrWrongGoroutine) {
		// Nothing is left to resume on a loop that is closed.
		_, _ = c.protocol.loop.CallSoonThreadsafe(func() {
			c.mu.Lock()
			paused := c.paused // again, by now
			c.mu.Unlock()
			if !paused {
				c.resume(t)
			}
		})
	}
}

// took ends a read that has taken something: the transport is resumed if little
// enough is left. It gives up mu.
func (c *connection) took() {
	if !c.paused {
		c.mu.Unlock()
		return
	}
	var t asyncio.Transport
	if c.buf.len() <= c.limit {
		t = c.unpause()
	}
	c.mu.Unlock()
	c.resume(t)
}

// FeedEOF says that no more data come. (feed_eof)
func (r *StreamReader) FeedEOF() { r.feedEOF() }

func (r *reading) feedEOF() {
	r.mu.Lock()
	r.eof = true
	w := r.waiters.WakeOne(nil)
	r.mu.Unlock()
	w.Do()
}

// SetException makes the read that waits, if there is one, and every later one
// fail with err, whatever is buffered. A read for which data have come already, and
// which only waits for its turn, still returns them. (set_exception)
func (r *StreamReader) SetException(err error) { r.setException(err) }

func (r *reading) setException(err error) {
	r.mu.Lock()
	r.err = err
	if err == nil {
		r.fate.And(^failed)
	} else {
		r.fate.Or(failed)
	}
	w := r.waiters.WakeOne(nil)
	r.mu.Unlock()
	w.Do()
}

// Exception returns what SetException said, nil if nothing. (exception)
func (r *StreamReader) Exception() error { return r.exception() }

func (r *reading) exception() error {
	r.mu.Lock()
	err := r.err
	r.mu.Unlock()
	return err
}

// AtEOF reports whether the end has come and everything before it was read.
// (at_eof)
func (r *StreamReader) AtEOF() bool {
	r.lock()
	defer r.mu.Unlock()
	return r.atEOF()
}

func (r *reading) atEOF() bool { return r.eof && r.buf.len() == 0 }

// Buffered returns how many bytes can be read without waiting.
func (r *StreamReader) Buffered() int {
	r.lock()
	defer r.mu.Unlock()
	return r.buf.len()
}

// String describes the reader by its state.
func (r *StreamReader) String() string {
	r.lock()
	defer r.mu.Unlock()
	var b strings.Builder
	b.WriteString("<StreamReader")
	if n := r.buf.len(); n > 0 {
		fmt.Fprintf(&b, " %d bytes", n)
	}
	if r.eof {
		b.WriteString(" eof")
	}
	if r.limit != DefaultLimit {
		fmt.Fprintf(&b, " limit=%d", r.limit)
	}
	if r.waiters.Len() > 0 {
		b.WriteString(" waiter")
	}
	if r.err != nil {
		fmt.Fprintf(&b, " exception=%q", r.err.Error())
	}
	if r.transport != nil {
		fmt.Fprintf(&b, " transport=%v", *r.transport)
	}
	if r.paused {
		b.WriteString(" paused")
	}
	return b.String() + ">"
}
