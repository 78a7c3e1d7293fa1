package streams

import (
	"bytes"
	"context"
	"io"
	"iter"

	"github.com/go-asyncio/asyncio"
)

var newline = [][]byte{{'\n'}}

// ReadUntil returns everything up to and with a separator: the newline if none is
// given, and if several are, the one that ends first; of several that end there,
// the shortest.
//
// If the stream ends before, it returns an *IncompleteReadError with what there
// was. If more than the limit comes before the separator, it returns a
// *LimitOverrunError and takes nothing. asyncio.ErrInvalidArgument for an empty
// separator, and for a list of separators that is empty and not nil. (readuntil)
func (r *StreamReader) ReadUntil(ctx context.Context, separators ...[]byte) ([]byte, error) {
	const op = "ReadUntil"
	switch {
	case separators == nil:
		separators = newline
	case len(separators) == 0:
		return nil, invalid(op, "there is no separator in the list")
	}
	for _, s := range separators {
		if len(s) == 0 {
			return nil, invalid(op, "separator should be at least one-byte string")
		}
	}
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	m, err := r.find(ctx, op, separators)
	if err != nil {
		if err == io.EOF {
			err = &IncompleteReadError{Partial: r.buf.next(r.buf.len()), Expected: -1}
		}
		r.mu.Unlock()
		return nil, err
	}
	p := r.buf.next(m.end)
	r.took()
	return p, nil
}

// ReadLine returns the next line with its newline, or what is left without one at
// the end of the stream, and then io.EOF.
//
// A line longer than the limit, its newline not counted, is dropped, or as much
// of it as has come, and an error returned that is a *LimitOverrunError and an
// asyncio.ErrInvalidArgument. (readline)
func (r *StreamReader) ReadLine(ctx context.Context) ([]byte, error) {
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return nil, err
	}
	r.lock()
	m, err := r.find(ctx, "ReadLine", newline)
	over, _ := err.(*LimitOverrunError)
	if err == io.EOF && r.buf.len() > 0 {
		m.end, err = r.buf.len(), nil
	}
	switch {
	case err == nil:
		p := r.buf.next(m.end)
		r.took()
		return p, nil
	case over != nil:
		if m.end == 0 { // no newline among what has come
			m.end = r.buf.len()
		}
		r.buf.discard(m.end)
		r.took()
		return nil, lineTooLong{over}
	}
	r.mu.Unlock()
	return nil, err
}

// Lines goes through the lines of the stream, as ReadLine returns them, until its
// end. An error comes with an empty line and ends it.
//
//	for line, err := range r.Lines(ctx) {
//
// (async for line in reader)
func (r *StreamReader) Lines(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := r.ReadLine(ctx)
			if err == io.EOF || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// match is where a separator stands in the buffer.
type match struct{ start, end int }

// find waits for a separator. mu is held when it is called and when it returns.
// The error is io.EOF if the stream ended before, or a *LimitOverrunError: then
// the match is where a separator stands that is too far away, or empty.
func (r *StreamReader) find(ctx context.Context, op string, separators [][]byte) (match, error) {
	if r.err != nil {
		return match{}, r.err
	}
	shortest, longest := len(separators[0]), 0
	for _, s := range separators {
		shortest, longest = min(shortest, len(s)), max(longest, len(s))
	}
	// No separator begins before from, so that no byte is looked at again and
	// again while more are waited for.
	from, dropped := 0, r.buf.dropped
	for {
		if n := r.buf.len(); n-from >= shortest {
			m := firstMatch(r.buf.bytes(), from, separators)
			switch {
			case m.start > r.limit:
				return m, &LimitOverrunError{"Separator is found, but chunk is longer than limit", m.start}
			case m.end > 0:
				return m, nil
			}
			from = max(0, n+1-longest)
			if from > r.limit {
				return match{}, &LimitOverrunError{"Separator is not found, and chunk exceed the limit", from}
			}
		}
		if err := r.wait(ctx, op); err != nil {
			return match{}, err
		}
		if r.buf.dropped != dropped { // somebody else has read
			from, dropped = 0, r.buf.dropped
		}
	}
}

// firstMatch finds the separator that ends first, of several the shortest, and does
// not begin before from; none has an end of 0.
func firstMatch(p []byte, from int, separators [][]byte) match {
	var best match
	for _, s := range separators {
		i := bytes.Index(p[from:], s)
		if i < 0 {
			continue
		}
		m := match{from + i, from + i + len(s)}
		if best.end == 0 || m.end < best.end || m.start > best.start {
			best = m
			p = p[:m.end] // what ends later does not count
		}
	}
	return best
}
