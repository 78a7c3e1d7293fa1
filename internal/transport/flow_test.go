package transport_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// TestLimits: a mark that is not said follows from the other.
func TestLimits(t *testing.T) {
	t.Parallel()
	b := running(t)
	const k = 1 << 10
	for _, c := range []struct {
		high, low         int
		wantHigh, wantLow int
		refused           bool
	}{
		{1024, 128, 1024, 128, false}, {1024, -1, 1024, 256, false}, {-1, 100, 400, 100, false},
		{-1, -1, 64 * k, 16 * k, false}, {0, 0, 0, 0, false}, {5, 5, 5, 5, false}, {0, 1, 0, 1, true},
	} {
		wasLow, wasHigh := b.Limits()
		if ok := b.SetLimits(c.high, c.low); ok == c.refused {
			t.Errorf("SetLimits(%d, %d) = %v", c.high, c.low, ok)
		}
		if high, low := transport.Limits(c.high, c.low); high != c.wantHigh || low != c.wantLow {
			t.Errorf("Limits(%d, %d) = %d, %d", c.high, c.low, high, low)
		}
		if c.refused {
			c.wantLow, c.wantHigh = wasLow, wasHigh
		}
		if low, high := b.Limits(); high != c.wantHigh || low != c.wantLow {
			t.Errorf("after SetLimits(%d, %d): %d, %d", c.high, c.low, high, low)
		}
	}
}

// TestWithinResume: what the protocol does when it is told to go on.
func TestWithinResume(t *testing.T) {
	t.Parallel()
	row(t, "write", func(b *bench) {
		b.each(func(p *player) { p.does = map[string]func(){"ResumeWriting": func() { b.writes(-1, "more") }} })
		b.writes(0, strings.Repeat("x", 100_000))
		b.eng.sent(-1, nil)
		if b.eng.writes != 1 || !b.eng.sending || b.Size() != 4 {
			b.Errorf("%d writes, sending=%v, %d bytes to be sent", b.eng.writes, b.eng.sending, b.Size())
		}
		b.eng.sent(-1, nil)
		if !strings.HasSuffix(string(b.eng.wire), "xmore") {
			b.Errorf("sent %q at the end", b.eng.wire[len(b.eng.wire)-5:])
		}
	})
	row(t, "write-after-eof", func(b *bench) {
		b.each(func(p *player) { p.does = map[string]func(){"ResumeWriting": func() { b.writes(-1, "more") }} })
		b.writes(0, strings.Repeat("x", 100_000))
		b.WriteEOF()
		b.eng.sent(-1, nil)
		if b.eng.shut != 1 || b.Size() != 0 {
			b.Errorf("shut %d times, %d bytes to be sent", b.eng.shut, b.Size())
		}
	})
	row(t, "abort", func(b *bench) {
		b.each(func(p *player) { p.does = map[string]func(){"ResumeWriting": func() { b.Abort(nil) }} })
		b.writes(0, strings.Repeat("x", 100_000))
		b.eng.sent(99_000, nil)
		b.pass()
		b.wants("pause, resume, lost <nil>, released")
	})
	row(t, "close", func(b *bench) {
		b.each(func(p *player) { p.does = map[string]func(){"ResumeWriting": b.Close} })
		b.writes(0, strings.Repeat("x", 100_000))
		b.eng.sent(-1, nil)
		b.wants("pause, resume, lost <nil>, released")
	})
}

// TestFlowControlModel drives streams through random histories beside a model: what was
// sent is what was written, in order, and the protocol is told to pause and to resume
// exactly when the marks say so.
func TestFlowControlModel(t *testing.T) {
	t.Parallel()
	text := make([]byte, 42<<10) // no power of two in its period
	for i := range text {
		text[i] = byte(i % 251)
	}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := running(t)
		b.eng.keeps = seed%2 == 1
		var written []byte
		low, high, paused := 16<<10, 64<<10, false
		check := func(step int, rose bool) {
			t.Helper()
			size := len(written) - len(b.eng.wire)
			switch was := paused; {
			case rose && size > high:
				paused = true
				if !was {
					b.wants("pause")
				}
			case !rose && size <= low:
				paused = false
				if was {
					b.wants("resume")
				}
			default:
				b.wants("")
			}
			b.log = nil
			if b.Size() != size {
				t.Fatalf("seed %d step %d: %d bytes to be sent, want %d", seed, step, b.Size(), size)
			}
			if queued := size - len(b.eng.held); b.eng.sending != (queued > 0) && !b.eng.keeps {
				t.Fatalf("seed %d step %d: sending=%v with %d bytes queued", seed, step, b.eng.sending, queued)
			}
		}
		next := 0
		data := func() []byte {
			p := make([]byte, 1+rng.IntN(40<<10))
			copy(p, text[next:])
			next = (next + len(p)) % 251
			written = append(written, p...)
			return p
		}
		for step := range 200 {
			b.eng.accept = rng.IntN(50<<10) - 100
			switch rng.IntN(7) {
			case 0, 1:
				b.Write(data())
				check(step, true)
			case 2:
				b.WriteVec([][]byte{data(), nil, data()})
				check(step, true)
			case 3, 4:
				if b.eng.sending {
					b.eng.sent(rng.IntN(100<<10), nil)
					check(step, false)
				}
			case 5:
				low = rng.IntN(20 << 10)
				high = low + rng.IntN(60<<10)
				b.SetLimits(high, low)
				check(step, true)
			case 6:
				if b.eng.Pending() {
					b.eng.flush(1+rng.IntN(100<<10), nil)
					check(step, true)
				}
			}
		}
		for b.Close(); b.eng.sending; {
			b.eng.sent(-1, nil)
		}
		b.pass()
		if string(b.eng.wire) != string(written) || !b.Released() {
			t.Fatalf("seed %d: %d bytes sent of %d, released=%v", seed, len(b.eng.wire), len(written), b.Released())
		}
	}
}

// TestQueueIsGivenBack: what a stream that catches up, or is lost, has queued goes back
// to the pool, unless the engine may still read it.
func TestQueueIsGivenBack(t *testing.T) {
	t.Parallel()
	row(t, "caught-up", func(b *bench) {
		b.writes(0, overHigh)
		b.eng.sent(-1, nil)
		if b.pool.Free() == 0 {
			b.Error("the pool has nothing back")
		}
	})
	row(t, "lost", func(b *bench) {
		b.writes(0, overHigh)
		b.Abort(nil)
		if b.pool.Free() != 0 {
			b.Error("the pool has back what the engine may read")
		}
	})
}
