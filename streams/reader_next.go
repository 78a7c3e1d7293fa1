package streams

import (
	"context"
	"runtime"

	"github.com/go-asyncio/asyncio"
)

// Ready waits until Read, ReadInto or Next would not wait: until there is something to read,
// the end, or the exception, which the read then tells. A connection that waits here
// needs no memory to read into. Its error is that of the wait.
func (r *StreamReader) Ready(ctx context.Context) error {
	r.lock()
	r.holdNothing()
	if r.nothing() {
		_, err := r.suspend(ctx, nil)
		if err != nil || !r.nothing() {
			r.mu.Unlock()
			return err
		}
	}
	r.mu.Unlock()
	return r.ready(ctx)
}

// holdNothing gives back what is lent to nobody now.
func (r *reading) holdNothing() {
	if r.waiters.Len() == 0 {
		r.lent.takeBack()
		r.lent.rest()
	}
}

// nothing reports whether a read would suspend, and may: there is nothing to look at.
func (r *reading) nothing() bool { return r.buf.len() == 0 && !r.mustLook() }

// ready is Ready where there may be no need to wait.
func (r *StreamReader) ready(ctx context.Context) error {
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return err
	}
	r.lock()
	r.holdNothing()
	for r.buf.len() == 0 && !r.eof && r.err == nil {
		if err := r.wait(ctx, "Ready"); err != nil {
			r.mu.Unlock()
			return err
		}
	}
	r.mu.Unlock()
	return nil
}

// Next returns what has come, as it came: at least one byte, and io.EOF at the end of the
// stream. It is lent until the next read of this reader, which ReadLine and Ready are, too; what is to be
// kept longer is to be copied. Nothing is copied where the system can receive
// when asked; over io_uring, which receives before, nothing of what is large, which stays where it came;
// over TLS all is copied once. While it waits, it
// holds half a KiB, or nothing before the first call; Ready holds nothing. The limit does
// not hold for it.
func (r *StreamReader) Next(ctx context.Context) ([]byte, error) {
	c := r.connection
	c.mu.Lock()
	l := &c.lent
	if l.n > 0 {
		c.putBack()
	}
	if c.nothing() {
		// Who waits need not give way first. The rest does what suspend does.
		if m := l.piece; m != nil {
			if l.spare == nil && l.size == 0 && len(m.room) == smallestPiece {
				l.spare, l.piece = m, nil // as takeBack, in the usual case
			} else {
				l.takeBack()
			}
		}
		number := l.lend(nil)
		_, err := c.waiters.Park(ctx, c.protocol.loop, &c.mu)
		runtime.KeepAlive(r)
		c.mu.Lock()
		if l.n > 0 {
			c.putBack()
		}
		if l.number == number {
			l.out = nothingOut
		}
		if err != nil {
			c.mu.Unlock()
			return nil, err
		}
		if c.buf.off < c.buf.end {
			return c.lendNext(), nil
		}
	}
	c.mu.Unlock()
	return r.next(ctx)
}

// next is Next where there may be no need to wait.
func (r *StreamReader) next(ctx context.Context) ([]byte, error) {
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	err := r.err
	if err == nil {
		err = r.waitForAny(ctx, "Next")
	}
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	return r.lendNext(), nil
}

// lendNext lends all that there is, with its memory. It gives up mu.
func (r *connection) lendNext() []byte {
	if r.lent.piece != nil {
		r.lent.takeBack()
	}
	b := &r.buf
	m, off, end := b.mem, b.off, b.end
	r.lent.piece = m
	b.mem, b.off, b.end = nil, 0, 0
	b.dropped += uint64(end - off)
	if r.paused {
		r.took()
	} else {
		r.mu.Unlock()
	}
	return m.room[off:end:end]
}
