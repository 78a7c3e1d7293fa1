package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// DefaultLimit is the limit of a StreamReader unless WithLimit says otherwise,
// in bytes.
const DefaultLimit = 64 << 10

// StreamReader holds what has come from a connection, or from FeedData, until it
// is read. What its methods return is the caller's to keep. One may read at a
// time: a second read while one waits is an asyncio.ErrInvalidState.
//
// The end of the stream is io.EOF under errors.Is, from every call that returns
// data and has none left to return, but for ReadAll. A read that is cancelled, or whose context is done, takes
// nothing, except ReadAll and Discard.
//
// Any goroutine may call any method. (asyncio.StreamReader)
type StreamReader struct {
	loop  asyncio.EventLoop
	limit int

	mu        sync.Mutex
	buf       buffer
	eof       bool
	err       error             // what SetException said
	transport asyncio.Transport // nil if there is none, or one that cannot be paused
	paused    bool              // the transport
	waiters   asyncio.Waiters   // the one who reads

	// writer is the other half: as long as one of the two is in use the
	// connection is.
	writer *StreamWriter
}

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

func newReader(c config) *StreamReader { return &StreamReader{loop: c.loop, limit: c.limit} }

// SetTransport says which transport to pause when too much is buffered.
// asyncio.ErrInvalidState if there is one already. (set_transport)
func (r *StreamReader) SetTransport(t asyncio.Transport) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != nil {
		return opError("SetTransport", fmt.Errorf("%w: there is one already", asyncio.ErrInvalidState))
	}
	r.transport = t
	return nil
}

// FeedData adds a copy of data to what can be read, and pauses the transport if
// that is more than twice the limit. asyncio.ErrInvalidState after FeedEOF. Call
// it where the transport may be paused: on the loop. (feed_data)
func (r *StreamReader) FeedData(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	r.mu.Lock()
	if r.eof {
		r.mu.Unlock()
		return opError("FeedData", fmt.Errorf("%w: the end was fed already", asyncio.ErrInvalidState))
	}
	r.buf.write(data)
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
		r.pause(full)
	}
	return nil
}

// pause keeps the transport from bringing more. One that cannot be paused is
// forgotten, and everything buffered.
func (r *StreamReader) pause(t asyncio.Transport) {
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
func (r *StreamReader) unpause() asyncio.Transport {
	if !r.paused {
		return nil
	}
	r.paused = false
	return r.transport
}

// resume lets the transport bring more. mu is not held.
func (r *StreamReader) resume(t asyncio.Transport) {
	if t == nil {
		return
	}
	if err := t.ResumeReading(); errors.Is(err, asyncio.ErrWrongGoroutine) {
		// Nothing is left to resume on a loop that is closed.
		_, _ = r.loop.CallSoonThreadsafe(func() {
			r.mu.Lock()
			paused := r.paused // again, by now
			r.mu.Unlock()
			if !paused {
				r.resume(t)
			}
		})
	}
}

// took ends a read that has taken something: the transport is resumed if little
// enough is left. It gives up mu.
func (r *StreamReader) took() {
	var t asyncio.Transport
	if r.buf.len() <= r.limit {
		t = r.unpause()
	}
	r.mu.Unlock()
	r.resume(t)
}

// FeedEOF says that no more data come. (feed_eof)
func (r *StreamReader) FeedEOF() {
	r.mu.Lock()
	r.eof = true
	w := r.waiters.WakeOne(nil)
	r.mu.Unlock()
	w.Do()
}

// SetException makes the read that waits, if there is one, and every later one
// fail with err, whatever is buffered. A read for which data have come already, and
// which only waits for its turn, still returns them. (set_exception)
func (r *StreamReader) SetException(err error) {
	r.mu.Lock()
	r.err = err
	w := r.waiters.WakeOne(nil)
	r.mu.Unlock()
	w.Do()
}

// Exception returns what SetException said, nil if nothing. (exception)
func (r *StreamReader) Exception() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// AtEOF reports whether the end has come and everything before it was read.
// (at_eof)
func (r *StreamReader) AtEOF() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.atEOF()
}

func (r *StreamReader) atEOF() bool { return r.eof && r.buf.len() == 0 }

// Buffered returns how many bytes can be read without waiting.
func (r *StreamReader) Buffered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.len()
}

// wait waits until something has come, be it the end. mu is held when it is
// called and when it returns, and not held meanwhile; nor may its unlocking be
// deferred, see the function wait. Look again then.
func (r *StreamReader) wait(ctx context.Context, op string) error {
	switch {
	case r.waiters.Len() > 0 && r.loop.IsClosed():
		return opError(op, asyncio.ErrLoopClosed) // who waits is about to be unwound
	case r.waiters.Len() > 0:
		return opError(op, fmt.Errorf("%w: another call already waits for data of this reader", asyncio.ErrInvalidState))
	case r.eof:
		return io.EOF
	case r.err != nil:
		return r.err
	case r.paused:
		// Who waits for more than the limit would wait for ever.
		t := r.unpause()
		r.mu.Unlock()
		r.resume(t)
		r.mu.Lock()
		return nil
	}
	// The rest does what the function wait does, without calling it: a call through
	// which a coroutine comes back costs more than others.
	back := false
	defer func() {
		if !back {
			r.mu.Unlock()
		}
	}()
	_, err := r.waiters.Wait(ctx, r.loop, &r.mu)
	back = true
	return err
}

// waitForAny waits until there is at least one byte; io.EOF if there is none
// and none will come.
func (r *StreamReader) waitForAny(ctx context.Context, op string) error {
	for r.buf.len() == 0 {
		if err := r.wait(ctx, op); err != nil {
			return err
		}
	}
	return nil
}

// String describes the reader by its state.
func (r *StreamReader) String() string {
	r.mu.Lock()
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
		fmt.Fprintf(&b, " transport=%v", r.transport)
	}
	if r.paused {
		b.WriteString(" paused")
	}
	return b.String() + ">"
}
