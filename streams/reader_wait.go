package streams

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/go-asyncio/asyncio"
)

// lock locks the reader for who looks at what is there.
func (r *reading) lock() {
	r.mu.Lock()
	if r.lent.n > 0 {
		r.putBack()
	}
}

// wait waits until something has come, be it the end. mu is held when it is
// called and when it returns, and not held meanwhile; nor may its unlocking be
// deferred, see the function wait. Look again then.
func (r *StreamReader) wait(ctx context.Context, op string) error {
	if r.mustLook() {
		return r.look(op)
	}
	_, err := r.suspend(ctx, nil)
	return err
}

// waitInto is wait for who wants to have what comes in p, if nothing else comes in
// between. It returns how much of it is there, of which nothing is in the buffer.
func (r *StreamReader) waitInto(ctx context.Context, op string, p []byte) (int, error) {
	if r.mustLook() {
		return 0, r.look(op)
	}
	return r.suspend(ctx, p)
}

// mustLook reports whether nobody may wait now.
func (r *reading) mustLook() bool {
	return r.waiters.Len() > 0 || r.eof || r.err != nil || r.paused
}

// look is the wait of who may not. mu is held, but for a while if a paused transport is resumed.
//
//go:noinline
func (r *connection) look(op string) error {
	switch {
	case r.waiters.Len() > 0 && r.protocol.loop.IsClosed():
		return opError(op, asyncio.ErrLoopClosed) // who waits is about to be unwound
	case r.waiters.Len() > 0:
		return opError(op, fmt.Errorf("%w: another call already waits for data of this reader", asyncio.ErrInvalidState))
	case r.eof:
		return io.EOF
	case r.err != nil:
		return r.err
	}
	// The transport is paused: who waits for more than the limit would wait for ever.
	t := r.unpause()
	r.mu.Unlock()
	r.resume(t)
	r.lock()
	return nil
}

// suspend waits until it is woken, with p lent for what comes; nil lends nothing. It
// returns how much has come there, unless the wait has ended otherwise: then that is at the
// head of the buffer. mu is held when it is called and when it returns, and not held
// meanwhile, nor when a coroutine is unwound here: what has come for it then, the next who
// looks puts into the buffer.
func (r *StreamReader) suspend(ctx context.Context, p []byte) (n int, err error) {
	r.lent.takeBack()
	number := r.lent.lend(p)
	_, err = r.waiters.Park(ctx, r.protocol.loop, &r.mu)
	r.mu.Lock()
	if r.lent.number == number {
		r.lent.out = nothingOut
	}
	if err != nil || r.lent.number != number {
		// Cancelled, or somebody else has lent meanwhile, after what came here was put back.
		r.putBack()
	} else {
		n = int(r.lent.n)
		r.lent.room, r.lent.n = nil, 0
		r.buf.dropped += uint64(n)
	}
	runtime.KeepAlive(r) // who waits uses the connection, and nothing else may say so
	return n, err
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
