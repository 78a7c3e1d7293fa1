package streams

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// FuzzReader plays random pieces into a reader and reads them in random ways. The
// model is the whole stream and a position in it: every byte is returned, or
// dropped by a call that says so, in order and once.
func FuzzReader(f *testing.F) {
	random := rand.New(rand.NewSource(3))
	for range 300 {
		script := make([]byte, 20+random.Intn(300))
		random.Read(script)
		f.Add(script)
	}
	f.Add(bytes.Repeat([]byte{6}, 200))     // nothing but peeks
	f.Add(append(make([]byte, 9), 8, 6, 8)) // and reads of nothing among them
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 4 {
			return
		}
		if len(script) > 4096 {
			script = script[:4096]
		}
		play(t, nil, func(s *stage) { newHistory(s, script).run() })
	})
}

// history is one play: half of the script says how data come, half how they are
// read.
type history struct {
	*stage
	r      *StreamReader
	gate   *gate
	limit  int
	stream []byte // all that comes, and
	pos    int    // how much of it was read
	feeds  []byte
	reads  []byte
}

// gate is a transport that knows whether it is paused.
type gate struct {
	valve
	paused bool
}

func (g *gate) PauseReading() error  { g.paused = true; return nil }
func (g *gate) ResumeReading() error { g.paused = false; return nil }

func newHistory(s *stage, script []byte) *history {
	limit := int(script[0])%40 + 1
	half := (len(script) - 1) / 2
	h := &history{stage: s, r: s.reader(limit), gate: &gate{}, limit: limit, feeds: script[1 : 1+half], reads: script[1+half:]}
	s.must(h.r.SetTransport(h.gate))
	return h
}

// A script may hold nothing but peeks, and reads of nothing: after some steps in a row that
// took nothing, one reads what is there.
const (
	unmoved  = 16
	readSome = 8 << 3
)

// letters make separators of one and of several bytes frequent.
const letters = "aab\nbaa\r\nabab\nc"

func (h *history) run() {
	var pieces [][]byte
	for i, b := range h.feeds {
		p := make([]byte, int(b)%60)
		for k := range p {
			p[k] = letters[(i*7+k*int(b|1)+k*k)%len(letters)]
		}
		pieces = append(pieces, p)
		h.stream = append(h.stream, p...)
	}
	feeding := h.start(func(ctx context.Context) error { return h.feed(ctx, pieces) })
	for i, idle := 0, 0; !h.r.AtEOF(); i++ {
		before := h.pos
		if idle < unmoved {
			h.step(h.reads[i%len(h.reads)], i)
		} else {
			h.step(readSome, i)
		}
		if idle++; h.pos != before {
			idle = 0
		}
		if uint64(h.pos) != h.r.buf.dropped {
			h.Fatalf("%d bytes are gone, %d were read", h.r.buf.dropped, h.pos)
		}
		if h.gate.paused && !h.r.eof && h.r.buf.len() <= h.limit {
			h.Fatalf("paused with %d bytes left", h.r.buf.len())
		}
	}
	if h.pos != len(h.stream) {
		h.Fatalf("%d bytes of %d were read", h.pos, len(h.stream))
	}
	_, err := feeding.Await(h.ctx)
	h.check(err)
}

// feed feeds piece after piece, as a transport would: not while it is paused.
func (h *history) feed(ctx context.Context, pieces [][]byte) error {
	for i, p := range pieces {
		for h.gate.paused {
			if h.r.waiters.Len() > 0 {
				h.Error("somebody waits for a transport that is paused")
				h.r.SetException(errBoom)
				return nil
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		if err := h.r.FeedData(p); err != nil {
			return err
		}
		if len(p) > 0 && !h.gate.paused && h.r.buf.len() > 2*h.limit {
			h.Errorf("not paused with %d bytes, limit %d", h.r.buf.len(), h.limit)
		}
		if i%3 != 0 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
	}
	h.r.FeedEOF()
	return nil
}

// step reads once, in a way that how says.
func (h *history) step(how byte, i int) {
	n := int(how>>3) + i%3
	switch how % 8 {
	case 0:
		p, err := h.r.Read(h.ctx, n)
		h.took(p, err, io.EOF)
		if len(p) > n || len(p) == 0 && n > 0 && err == nil {
			h.Fatalf("read %d bytes of %d", len(p), n)
		}
	case 1:
		room := make([]byte, n)
		k, err := h.r.ReadInto(h.ctx, room)
		h.took(room[:k], err, io.EOF)
	case 2:
		p, err := h.r.ReadExactly(h.ctx, 3*n)
		h.tookOrIncomplete(p, err, 3*n)
	case 3:
		h.readLine()
	case 4:
		h.readUntil([]byte("ab"))
	case 5:
		h.readUntil([]byte("\r\n"), []byte("c"), []byte("aba"))
	case 6:
		p, err := h.r.Peek(h.ctx, n)
		if (err == nil) != (len(p) == n) || err != nil && err != io.EOF || !bytes.HasPrefix(h.stream[h.pos:], p) {
			h.Fatalf("peeked %q, %v", p, err)
		}
	case 7:
		k, err := h.r.Discard(h.ctx, n)
		if (err == nil) != (k == n) || err != nil && err != io.EOF {
			h.Fatalf("discarded %d of %d, %v", k, n, err)
		}
		h.pos += k
	}
}

// took compares what was read with the stream.
func (h *history) took(p []byte, err, allowed error) {
	h.Helper()
	if err != nil && !errors.Is(err, allowed) || !bytes.HasPrefix(h.stream[h.pos:], p) {
		h.Fatalf("at %d: read %q, %v", h.pos, p, err)
	}
	h.pos += len(p)
}

func (h *history) tookOrIncomplete(p []byte, err error, n int) {
	h.Helper()
	var e *IncompleteReadError
	if !errors.As(err, &e) {
		if h.took(p, err, nil); n >= 0 && len(p) != n {
			h.Fatalf("read %d bytes, not %d", len(p), n)
		}
		return
	}
	h.took(e.Partial, nil, nil)
	if h.pos != len(h.stream) || e.Expected != n {
		h.Fatalf("incomplete at %d of %d: %v", h.pos, len(h.stream), e)
	}
}

func (h *history) readUntil(seps ...[]byte) {
	h.Helper()
	p, err := h.r.ReadUntil(h.ctx, seps...)
	var e *LimitOverrunError
	if errors.As(err, &e) {
		rest := h.stream[h.pos:]
		if e.Consumed <= h.limit || endOfFirst(rest[:e.Consumed], seps) > 0 {
			h.Fatalf("overrun at %d of %q with limit %d", e.Consumed, rest, h.limit)
		}
		h.took(must(h.r.ReadExactly(h.ctx, e.Consumed)), nil, nil)
		return
	}
	h.tookOrIncomplete(p, err, -1)
	if end := endOfFirst(p, seps); err == nil && end != len(p) {
		h.Fatalf("%q ends at %d", p, end)
	}
}

// endOfFirst is the slow and simple way to find where a separator ends first.
func endOfFirst(p []byte, seps [][]byte) int {
	for end := range len(p) + 1 {
		for _, s := range seps {
			if bytes.HasSuffix(p[:end], s) {
				return end
			}
		}
	}
	return 0
}

func (h *history) readLine() {
	h.Helper()
	before := h.r.buf.dropped
	p, err := h.r.ReadLine(h.ctx)
	var e *LimitOverrunError
	if !errors.As(err, &e) {
		h.took(p, err, io.EOF)
		if i := bytes.IndexByte(p, '\n'); i >= 0 && i != len(p)-1 || i < 0 && err == nil && h.pos != len(h.stream) {
			h.Fatalf("line %q", p)
		}
		return
	}
	gone := h.stream[h.pos:][:h.r.buf.dropped-before]
	h.pos += len(gone)
	if i := bytes.IndexByte(gone, '\n'); i >= 0 && i != len(gone)-1 || len(gone) <= h.limit {
		h.Fatalf("dropped %q with limit %d", gone, h.limit)
	}
}

func must(p []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return p
}
