package asyncio

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestFlowControl: the marks, and the protocol's part in them.
func TestFlowControl(t *testing.T) {
	t.Parallel()
	overFake(t, "selev.078a.write-low-water-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		n.check(tr.SetWriteBufferLimits(10, 4))
		tr.Write(make([]byte, 10))
		if r.history() != "made" {
			n.Errorf("%s at the high mark", r.history())
		}
		tr.Write(make([]byte, 2))
		tr.Write(make([]byte, 2))
		fs.writable(9, nil)
		if r.history() != "made pause" {
			n.Errorf("%s above the low mark", r.history())
		}
		fs.writable(1, nil)
		fs.writable(1, nil)
		if r.history() != "made pause resume" {
			n.Errorf("%s", r.history())
		}
		tr.Abort()
	})
	overFake(t, "selev.078b.pause-callback-error", func(ctx context.Context, n *netTest) {
		n.expectErrors = true
		r := &recorder{onPause: func() { panic("in pause") }, onResume: func() { panic("in resume") }}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write(make([]byte, 100_000))
		fs.writable(-1, nil)
		if len(n.reported) != 2 || n.reported[0].Message != "protocol.pause_writing() failed" ||
			n.reported[1].Message != "protocol.resume_writing() failed" {
			n.Errorf("reported %+v", n.reported)
		}
		if tr.IsClosing() || len(fs.wrote) != 100_000 {
			n.Errorf("closing=%v, %d bytes sent", tr.IsClosing(), len(fs.wrote))
		}
		tr.Abort()
	})
	overFake(t, "protocols.012a.limits-order", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		if err := tr.SetWriteBufferLimits(0, 1); !errors.Is(err, ErrInvalidArgument) {
			n.Errorf("high below low: %v", err)
		}
		if low, high := tr.GetWriteBufferLimits(); low != 16<<10 || high != 64<<10 {
			n.Errorf("limits %d, %d after the refusal", low, high)
		}
		tr.Abort()
	})
	overFake(t, "protocols.012b.limits-set", func(ctx context.Context, n *netTest) {
		tr, _ := n.faked(ctx, &recorder{})
		for _, c := range []struct{ high, low, wantLow, wantHigh int }{
			{1024, 128, 128, 1024}, {1024, -1, 256, 1024}, {-1, 100, 100, 400}, {-1, -1, 16 << 10, 64 << 10}, {0, 0, 0, 0},
		} {
			n.check(tr.SetWriteBufferLimits(c.high, c.low))
			if low, high := tr.GetWriteBufferLimits(); low != c.wantLow || high != c.wantHigh {
				n.Errorf("set (%d, %d): low %d, high %d", c.high, c.low, low, high)
			}
		}
		tr.Abort()
	})
	overFake(t, "protocols.012c.limits-lowered-pause", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		tr.Write(make([]byte, 512))
		n.check(tr.SetWriteBufferLimits(256, -1))
		if r.history() != "made pause" || tr.GetWriteBufferSize() != 512 {
			n.Errorf("%s", r.history())
		}
		tr.Abort()
	})
	overFake(t, "write-in-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		r.onResume = func() { tr.Write([]byte("more")) }
		tr.Write(make([]byte, 100_000))
		n.check(tr.WriteEOF())
		r.onResume = nil
		fs.writable(-1, nil)
		if fs.called("closewrite") != 1 {
			n.Errorf("calls %v", fs.calls)
		}
		tr.Abort()
	})
	overFake(t, "close-in-resume", func(ctx context.Context, n *netTest) {
		r := &recorder{}
		tr, fs := n.faked(ctx, r)
		fs.accept = 0
		r.onResume = func() { tr.Abort() }
		tr.Write(make([]byte, 100_000))
		fs.writable(99_000, nil)
		n.passes(ctx)
		if !r.lost || !fs.closed || fs.sending {
			n.Errorf("lost=%v closed=%v sending=%v", r.lost, fs.closed, fs.sending)
		}
	})
}

// TestFlowControlModel drives a transport through random histories beside a
// model: what was sent is what was written, in order, and the protocol is told
// to pause and to resume exactly when the marks say so.
func TestFlowControlModel(t *testing.T) {
	t.Parallel()
	text := make([]byte, 42<<10) // no power of two in its period
	for i := range text {
		text[i] = byte(i % 251)
	}
	overFake(t, "seeded", func(ctx context.Context, n *netTest) {
		for seed := range uint64(10) {
			rng := rand.New(rand.NewPCG(seed, 3))
			r := &recorder{}
			tr, fs := n.faked(ctx, r)
			var written []byte
			low, high, paused, next := 16<<10, 64<<10, false, 0
			check := func(step int, rose bool) {
				size := len(written) - len(fs.wrote)
				switch {
				case rose && size > high:
					paused = true
				case !rose && size <= low:
					paused = false
				}
				if tr.GetWriteBufferSize() != size || tr.flow.paused != paused {
					n.Fatalf("seed %d step %d: %d buffered, paused=%v; want %d, %v", seed, step, tr.GetWriteBufferSize(), tr.flow.paused, size, paused)
				}
				if fs.sending != (size > 0) {
					n.Fatalf("seed %d step %d: sending=%v with %d bytes buffered", seed, step, fs.sending, size)
				}
			}
			data := func() []byte {
				p := make([]byte, 1+rng.IntN(40<<10))
				copy(p, text[next:])
				next = (next + len(p)) % 251
				written = append(written, p...)
				return p
			}
			for step := range 200 {
				fs.accept = rng.IntN(50<<10) - 100
				switch rng.IntN(6) {
				case 0, 1:
					tr.Write(data())
					check(step, true)
				case 2:
					n.check(tr.WriteLines([][]byte{data(), nil, data()}))
					check(step, true)
				case 3, 4:
					if fs.sending {
						fs.writable(rng.IntN(100<<10), nil)
						check(step, false)
					}
				case 5:
					low = rng.IntN(20 << 10)
					high = low + rng.IntN(60<<10)
					n.check(tr.SetWriteBufferLimits(high, low))
					check(step, true)
				}
			}
			n.check(tr.Close())
			for fs.sending {
				fs.writable(-1, nil)
			}
			n.passes(ctx)
			if string(fs.wrote) != string(written) || !r.lost {
				n.Fatalf("seed %d: %d bytes sent of %d, lost=%v", seed, len(fs.wrote), len(written), r.lost)
			}
			pauses := strings.Count(r.history(), "pause")
			if resumes := strings.Count(r.history(), "resume"); pauses-resumes != 0 && pauses-resumes != 1 {
				n.Fatalf("seed %d: %d pauses, %d resumes", seed, pauses, resumes)
			}
		}
	})
}
