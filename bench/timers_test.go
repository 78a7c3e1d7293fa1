package bench

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var pendingTimers = []int{1_000, 100_000, 1_000_000}

// delays are what timers are set to: spread over an hour, an hour away, so that none fires while
// a benchmark runs.
func delays() []time.Duration {
	random := rand.New(rand.NewPCG(3, 5))
	all := make([]time.Duration, 4096)
	for i := range all {
		all[i] = time.Hour + time.Duration(random.Int64N(int64(time.Hour)))
	}
	return all
}

// A timer set and cancelled again, with so many others pending.
func BenchmarkTimerSetAndCancel(b *testing.B) {
	spread := delays()
	for _, pending := range pendingTimers {
		b.Run(fmt.Sprintf("asyncio/%d", pending), func(b *testing.B) {
			b.ReportAllocs()
			loop := newLoop(b)
			drive(b, loop, func() {
				for i := range pending {
					_, err := loop.CallLater(spread[i%len(spread)], func() {})
					must(b, err)
				}
				callback := func() {}
				b.ResetTimer()
				for i := range b.N {
					timer, err := loop.CallLater(spread[i%len(spread)], callback)
					must(b, err)
					if !timer.Cancel() {
						b.Error("the timer was not pending")
					}
				}
				b.StopTimer()
				loop.Stop()
			})
		})
		b.Run(fmt.Sprintf("AfterFunc/%d", pending), func(b *testing.B) {
			b.ReportAllocs()
			stop := fillRuntimeTimers(pending, spread)
			defer stop()
			callback := func() {}
			b.ResetTimer()
			for i := range b.N {
				if !time.AfterFunc(spread[i%len(spread)], callback).Stop() {
					b.Error("the timer was not pending")
				}
			}
			b.StopTimer()
		})
	}
}

func fillRuntimeTimers(n int, spread []time.Duration) (stop func()) {
	timers := make([]*time.Timer, n)
	for i := range timers {
		timers[i] = time.AfterFunc(spread[i%len(spread)], func() {})
	}
	return func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

// Timers that are due at once, set a thousand at a time, until all have fired; so many others are
// pending.
func BenchmarkTimerSetAndFire(b *testing.B) {
	const lot = 1_000
	spread := delays()
	for _, pending := range pendingTimers {
		b.Run(fmt.Sprintf("asyncio/%d", pending), func(b *testing.B) {
			b.ReportAllocs()
			loop := newLoop(b)
			fired, set := 0, 0
			var fill func()
			callback := func() {
				if fired++; fired == set {
					fill()
				}
			}
			fill = func() {
				if set >= b.N {
					b.StopTimer()
					loop.Stop()
					return
				}
				for range lot {
					set++
					_, err := loop.CallLater(time.Nanosecond, callback)
					must(b, err)
				}
			}
			drive(b, loop, func() {
				for i := range pending {
					_, err := loop.CallLater(spread[i%len(spread)], func() {})
					must(b, err)
				}
				b.ResetTimer()
				fill()
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(fired, 1)), "ns/timer")
		})
		b.Run(fmt.Sprintf("AfterFunc/%d", pending), func(b *testing.B) {
			b.ReportAllocs()
			stop := fillRuntimeTimers(pending, spread)
			defer stop()
			var all sync.WaitGroup
			fired := 0
			b.ResetTimer()
			for ; fired < b.N; fired += lot {
				all.Add(lot)
				for range lot {
					time.AfterFunc(time.Nanosecond, all.Done)
				}
				all.Wait()
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(fired), "ns/timer")
		})
	}
}
