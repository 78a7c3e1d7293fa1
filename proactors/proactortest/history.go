package proactortest

import (
	"math/rand/v2"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// history does random things with a few connections: it sends, receives in all ways,
// polls, cancels, ends, closes and opens, and keeps what is lent for a while. What comes
// on each connection must be what was sent on it, whatever becomes of the operations.
func history(b *bench, seed uint64, steps int) {
	h := &model{bench: b, rng: rand.New(rand.NewPCG(seed, 0x70726f61)), data: pattern(1 << 20)}
	for i := range h.lines {
		h.open(&h.lines[i])
	}
	for range steps {
		h.step(&h.lines[h.rng.IntN(len(h.lines))])
		if h.rng.IntN(3) == 0 {
			h.wait([]time.Duration{0, proactors.BriefWait}[h.rng.IntN(2)])
		}
		for len(h.kept) > 0 && h.rng.IntN(4) > 0 {
			h.p.Release(h.kept[0])
			h.kept = h.kept[1:]
		}
	}
	for i := range h.lines {
		h.close(&h.lines[i])
	}
	for _, c := range h.kept {
		h.p.Release(c)
	}
	h.Logf("%d bytes went through %d connections; %d operations, %d of them cancelled", h.bytes, h.opened, h.submitted, h.ended)
}

type model struct {
	*bench
	rng   *rand.Rand
	data  []byte
	lines [6]line
	kept  []proactors.Completion

	bytes, opened, submitted, ended int
}

// line is one direction of a connection: from y to x.
type line struct {
	x, y          uintptr
	sent, got     int
	send, receive op
	poll          op
	mem           [5000]byte
}

func (h *model) open(l *line) {
	x, y := h.loose()
	*l = line{x: x, y: y}
	h.opened++
	l.receive.on = func(c proactors.Completion) {
		switch {
		case c.N > 0 && c.Flags&proactors.Lent != 0:
			h.came(l, h.p.Memory(c))
			h.kept = append(h.kept, c)
		case c.N > 0:
			h.came(l, l.mem[:c.N])
		case c.Cancelled():
			h.ended++
		case c.N == 0 && l.receive.cancelled: // and then the connection was closed
		default:
			h.Fatalf("receiving ended with %+v", c)
		}
	}
	l.send.on = func(c proactors.Completion) {
		h.must(c.Err())
		l.sent += int(c.N)
	}
}

func (h *model) came(l *line, p []byte) {
	h.bytes += len(p)
	for _, c := range p {
		if c != h.data[l.got%len(h.data)] {
			h.Fatalf("byte %d of %d is wrong", l.got, l.sent)
		}
		l.got++
	}
}

func (h *model) start(o *op, r proactors.Request) {
	if !o.under {
		h.submitted++
		h.submit(o, r)
	}
}

func (h *model) step(l *line) {
	switch n := h.rng.IntN(40); {
	case n < 12:
		from := l.sent % len(h.data)
		p := h.data[from:min(from+1+h.rng.IntN(30_000), len(h.data))]
		half := len(p) / 2
		h.start(&l.send, proactors.Request{Kind: proactors.Send, FD: l.y, Bufs: [][]byte{p[:half+1], p[half+1:]}[:1+min(half, 1)]})
	case n < 20:
		h.start(&l.receive, proactors.Request{Kind: proactors.Receive, FD: l.x, Repeat: true})
	case n < 24:
		h.start(&l.receive, proactors.Request{Kind: proactors.Receive, FD: l.x})
	case n < 28:
		h.start(&l.receive, proactors.Request{Kind: proactors.Receive, FD: l.x, Bufs: [][]byte{l.mem[:1+h.rng.IntN(len(l.mem))]}})
	case n < 31:
		h.start(&l.poll, proactors.Request{Kind: proactors.Poll, FD: l.x, Mask: readable})
	case n < 34:
		if l.receive.under {
			h.cancel(&l.receive)
		}
	case n < 36:
		if l.poll.under {
			h.cancel(&l.poll)
		}
	case n < 37:
		h.p.Wake()
	case n < 38:
		h.must(h.p.Flush())
	case n < 39:
		h.drain(l)
	default:
		h.close(l)
		h.open(l)
	}
}

// drain receives all that was sent.
func (h *model) drain(l *line) {
	if l.receive.under {
		h.cancel(&l.receive)
		h.over(&l.receive)
	}
	h.until("the data", func() bool {
		if !l.receive.under && (l.got < l.sent || l.send.under) {
			h.start(&l.receive, proactors.Request{Kind: proactors.Receive, FD: l.x, Repeat: true})
		}
		if l.send.under || l.got < l.sent {
			for _, c := range h.kept { // else there may be no memory
				h.p.Release(c)
			}
			h.kept = h.kept[:0]
			return false
		}
		return true
	})
	if l.got != l.sent {
		h.Fatalf("%d bytes came of %d", l.got, l.sent)
	}
}

// close ends a connection: in order, or with operations under way.
func (h *model) close(l *line) {
	if h.rng.IntN(2) == 0 {
		h.drain(l)
	}
	l.send.on = nil // how much of it goes is not known
	for _, o := range []*op{&l.send, &l.receive, &l.poll} {
		if o.under {
			h.cancel(o)
		}
	}
	h.must(sock.Close(l.x))
	h.must(sock.Close(l.y))
	h.over(&l.send, &l.receive, &l.poll)
}
