package simulated_test

import (
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// BenchmarkMessages has two hosts answer each other's small messages; an operation is one
// message delivered.
func BenchmarkMessages(b *testing.B) {
	for _, c := range []struct {
		name    string
		latency time.Duration
		whole   bool
		told    func(simulated.Happening)
	}{
		{"pieces", time.Millisecond, false, nil},
		{"told", time.Millisecond, false, func(simulated.Happening) {}},
		{"whole", time.Millisecond, true, nil},
		{"at once", 0, true, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			l := newLab(b, 2, 7, c.told)
			l.net.Change(func() {
				l.net.SetUsual(simulated.Conditions{Latency: simulated.Spread{Least: c.latency, Most: 2 * c.latency}})
				for _, h := range l.hosts {
					h.SetStack(simulated.Stack{Whole: c.whole})
				}
			})
			x, y := l.pair()
			message := pattern(64)
			delivered := 0
			for _, side := range []*conn{x, y} {
				side.on = func(p []byte) {
					side.got, side.reads = side.got[:0], side.reads[:0]
					if side.total >= len(message) {
						side.total -= len(message)
						delivered++
						side.put(message)
					}
				}
			}
			x.put(message)
			l.until("warmth", func() bool { return delivered > 1000 })
			delivered = 0
			b.ReportAllocs()
			b.ResetTimer()
			for delivered < b.N {
				l.step()
			}
		})
	}
}
