package streams

import (
	"context"
	"errors"
	"io"

	"github.com/go-asyncio/asyncio"
)

// Read returns up to n bytes as soon as there is at least one, and io.EOF at the
// end of the stream. n = 0 returns an empty slice at once; n < 0 is ReadAll. The
// limit does not hold for it. (read)
func (r *StreamReader) Read(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		return r.ReadAll(ctx)
	}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	err := r.err
	if err == nil && n > 0 {
		err = r.waitForAny(ctx, "Read")
	}
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	p := r.buf.next(min(n, r.buf.len()))
	r.took()
	return p, nil
}

// ReadInto reads into p: up to len(p) bytes, as soon as there is at least one.
// It returns how many, and io.EOF at the end of the stream. An empty p is filled
// at once. While a coroutine waits in it with nothing buffered, the system receives
// straight into p where it can. (readinto)
func (r *StreamReader) ReadInto(ctx context.Context, p []byte) (int, error) {
	r.lock()
	if r.buf.len() > 0 || len(p) == 0 || r.mustLook() {
		r.mu.Unlock()
		return r.readInto(ctx, p)
	}
	// Who waits need not give way first.
	n, err := r.suspend(ctx, p)
	switch {
	case n > 0:
		r.took()
		return n, nil
	case err != nil:
		r.mu.Unlock()
		return 0, err
	}
	return r.fill(ctx, p)
}

// readInto is ReadInto where there may be no need to wait.
func (r *StreamReader) readInto(ctx context.Context, p []byte) (int, error) {
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return 0, err
	}
	r.lock()
	if err := r.err; err != nil {
		r.mu.Unlock()
		return 0, err
	}
	return r.fill(ctx, p)
}

// fill waits for what there is to read, and reads it into p. It gives up mu.
func (r *StreamReader) fill(ctx context.Context, p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 && r.buf.len() == 0 {
		if n, err = r.waitInto(ctx, "ReadInto", p); err != nil {
			r.mu.Unlock()
			return 0, err
		}
	}
	if n == 0 {
		n = r.takeInto(p)
	}
	r.took()
	return n, nil
}

// takeInto moves what is there into p. mu is held.
func (r *reading) takeInto(p []byte) int {
	n := copy(p, r.buf.bytes())
	r.buf.discard(n)
	return n
}

// ReadAll returns everything up to the end of the stream, which is no error for
// it. The limit does not hold for it. If it fails, what it has read is returned
// with the error. (read(-1))
func (r *StreamReader) ReadAll(ctx context.Context) ([]byte, error) {
	all := []byte{}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return all, err
	}
	r.lock()
	for {
		err := r.err
		if err == nil {
			err = r.waitForAny(ctx, "Read")
		}
		if err != nil {
			r.mu.Unlock()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		all = append(all, r.buf.bytes()...)
		r.buf.discard(r.buf.len())
		r.took()
		r.lock()
	}
}

// ReadExactly returns n bytes. If the stream ends before, it returns an
// *IncompleteReadError with what there was. The limit does not hold for it.
// asyncio.ErrInvalidArgument if n < 0. (readexactly)
func (r *StreamReader) ReadExactly(ctx context.Context, n int) ([]byte, error) {
	const op = "ReadExactly"
	if n < 0 {
		return nil, invalid(op, "size can not be less than zero")
	}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	err := r.err
	for err == nil && r.buf.len() < n {
		if err = r.wait(ctx, op); err == io.EOF {
			err = &IncompleteReadError{Partial: r.buf.next(r.buf.len()), Expected: n}
		}
	}
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	p := r.buf.next(n)
	r.took()
	return p, nil
}

// Peek returns a copy of the next n bytes and leaves them to be read. If the
// stream ends before, it returns those that there are, with io.EOF. The limit
// does not hold for it. asyncio.ErrInvalidArgument if n < 0.
func (r *StreamReader) Peek(ctx context.Context, n int) ([]byte, error) {
	const op = "Peek"
	if n < 0 {
		return nil, invalid(op, "size can not be less than zero")
	}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	err := r.err
	for err == nil && r.buf.len() < n {
		err = r.wait(ctx, op)
	}
	var p []byte
	if err == nil || err == io.EOF {
		p = append([]byte{}, r.buf.bytes()[:min(n, r.buf.len())]...)
	}
	r.mu.Unlock()
	return p, err
}

// Discard drops the next n bytes, as they come, and returns how many it dropped:
// fewer than n only with an error, io.EOF if the stream ended before.
// asyncio.ErrInvalidArgument if n < 0.
func (r *StreamReader) Discard(ctx context.Context, n int) (int, error) {
	const op = "Discard"
	if n < 0 {
		return 0, invalid(op, "size can not be less than zero")
	}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return 0, err
	}
	dropped := 0
	r.lock()
	err := r.err
	for err == nil && dropped < n {
		if err = r.waitForAny(ctx, op); err == nil {
			k := min(n-dropped, r.buf.len())
			r.buf.discard(k)
			dropped += k
			r.took()
			r.lock()
			if dropped < n {
				err = r.err
			}
		}
	}
	r.mu.Unlock()
	return dropped, err
}
