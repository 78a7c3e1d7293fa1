//go:build unix

package bench

import (
	"fmt"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// One callback that schedules itself: a pass of the loop each. Beside it, a goroutine that sends
// itself a function through a channel.
func BenchmarkCallSoonOneByOne(b *testing.B) {
	b.Run("asyncio", func(b *testing.B) {
		b.ReportAllocs()
		loop := newLoop(b)
		n := 0
		var again func()
		again = func() {
			if n++; n > b.N {
				loop.Stop()
				return
			}
			_, err := loop.CallSoon(again)
			must(b, err)
		}
		b.ResetTimer()
		drive(b, loop, again)
	})
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		queue := make(chan func(), 1)
		n := 0
		var again func()
		again = func() { n++; queue <- again }
		b.ResetTimer()
		again()
		for n < b.N {
			(<-queue)()
		}
	})
}

// Callbacks scheduled so many at a time, the next lot when the last one of a lot has run.
func BenchmarkCallSoonBatch(b *testing.B) {
	for _, size := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("asyncio/%d", size), func(b *testing.B) {
			b.ReportAllocs()
			loop := newLoop(b)
			ran, asked := 0, 0
			var fill func()
			callback := func() {
				if ran++; ran == asked {
					fill()
				}
			}
			fill = func() {
				if asked >= b.N {
					loop.Stop()
					return
				}
				for range size {
					asked++
					_, err := loop.CallSoon(callback)
					must(b, err)
				}
			}
			// One lot before the clock starts: the steady state reuses its nodes.
			begin := fill
			fill = func() { loop.Stop() }
			drive(b, loop, func() {
				for range size {
					asked++
					_, err := loop.CallSoon(callback)
					must(b, err)
				}
			})
			ran, asked, fill = 0, 0, begin
			b.ResetTimer()
			drive(b, loop, fill)
			b.StopTimer()
			// The last lot is a whole one: count what ran.
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(ran, 1)), "ns/callback")
		})
		b.Run(fmt.Sprintf("channel/%d", size), func(b *testing.B) {
			b.ReportAllocs()
			queue := make(chan func(), size)
			ran := 0
			callback := func() { ran++ }
			b.ResetTimer()
			for ran < b.N {
				for range size {
					queue <- callback
				}
				for range size {
					(<-queue)()
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(ran), "ns/callback")
		})
	}
}

// lot is how many callbacks a producer posts before it waits for the last of them.
const lot = 1_000

// produce has so many goroutines post n callbacks between them and waits until all have run. Each
// posts a lot at a time and waits for the last of them, because without any bound it is the
// memory for what waits that is measured.
func produce(producers, n int, post func(callback func())) {
	var all sync.WaitGroup
	for p := range producers {
		share := n / producers
		if p < n%producers {
			share++
		}
		all.Go(func() {
			ran := make(chan struct{}, 1)
			nothing, last := func() {}, func() { ran <- struct{}{} }
			for share > 0 {
				for range min(share, lot) - 1 {
					post(nothing)
				}
				post(last)
				<-ran
				share -= lot
			}
		})
	}
	all.Wait()
}

// Callbacks from other goroutines: to a running loop, through a channel to one goroutine, and by
// gnet's EventLoop.Execute. The channel has room for all that may wait at once, so that it makes
// nobody wait who posts, as little as the loops do.
func BenchmarkCallSoonThreadsafe(b *testing.B) {
	for _, producers := range []int{1, 4} {
		b.Run(fmt.Sprintf("asyncio/%d", producers), func(b *testing.B) {
			b.ReportAllocs()
			loop := newLoop(b)
			stop := runInBackground(b, loop)
			post := func(callback func()) {
				if _, err := loop.CallSoonThreadsafe(callback); err != nil {
					b.Error(err)
				}
			}
			produce(producers, 100_000, post) // the steady state reuses what this allocates
			b.ResetTimer()
			produce(producers, b.N, post)
			b.StopTimer()
			stop()
		})
		b.Run(fmt.Sprintf("channel/%d", producers), func(b *testing.B) {
			b.ReportAllocs()
			queue := make(chan func(), producers*lot)
			go func() {
				for f := range queue {
					f()
				}
			}()
			post := func(callback func()) { queue <- callback }
			produce(producers, 100_000, post)
			b.ResetTimer()
			produce(producers, b.N, post)
			b.StopTimer()
			close(queue)
		})
		b.Run(fmt.Sprintf("gnet/%d", producers), func(b *testing.B) {
			b.ReportAllocs()
			execute := gnetLoop(b)
			post := func(callback func()) {
				if err := execute(callback); err != nil {
					b.Error(err)
				}
			}
			produce(producers, 100_000, post)
			b.ResetTimer()
			produce(producers, b.N, post)
			b.StopTimer()
		})
	}
}

// runInBackground runs the loop on another goroutine; what it returns stops it and waits.
func runInBackground(b *testing.B, loop asyncio.EventLoop) (stop func()) {
	b.Helper()
	ended := make(chan error, 1)
	running := make(chan struct{})
	if _, err := loop.CallSoon(func() { close(running) }); err != nil {
		b.Fatal(err)
	}
	go func() { ended <- loop.RunForever() }()
	<-running
	return func() {
		b.Helper()
		loop.Stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

// From a goroutine to a loop that has just become idle, and back: the loop, a goroutine behind a
// pair of channels, and gnet's EventLoop.Execute.
func BenchmarkRoundTripToIdleLoop(b *testing.B) {
	b.Run("asyncio", func(b *testing.B) {
		b.ReportAllocs()
		loop := newLoop(b)
		stop := runInBackground(b, loop)
		back := make(chan struct{}, 1)
		callback := func() { back <- struct{}{} }
		b.ResetTimer()
		for range b.N {
			if _, err := loop.CallSoonThreadsafe(callback); err != nil {
				b.Fatal(err)
			}
			<-back
		}
		b.StopTimer()
		stop()
	})
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		there, back := make(chan func(), 1), make(chan struct{}, 1)
		callback := func() { back <- struct{}{} }
		go func() {
			for f := range there {
				f()
			}
		}()
		b.ResetTimer()
		for range b.N {
			there <- callback
			<-back
		}
		b.StopTimer()
		close(there)
	})
	b.Run("gnet", func(b *testing.B) {
		b.ReportAllocs()
		execute := gnetLoop(b)
		back := make(chan struct{}, 1)
		callback := func() { back <- struct{}{} }
		b.ResetTimer()
		for range b.N {
			if err := execute(callback); err != nil {
				b.Fatal(err)
			}
			<-back
		}
	})
}
