package bench

import (
	"context"
	"iter"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// inTask runs body as a task of a new loop, until it returns.
func inTask(b *testing.B, body func(ctx context.Context, loop asyncio.EventLoop) error) {
	b.Helper()
	b.ReportAllocs()
	loop := newLoop(b)
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, body(ctx, loop)
	})
	if err := loop.RunUntilComplete(task); err != nil {
		b.Fatal(err)
	}
}

// What it takes to leave a coroutine and come back to it: the bare switch of iter.Pull, a task
// that sleeps for no time, and two tasks that resolve each other's futures, each op one wait, the
// futures made ahead or made, and allocated, in turn.
// Beside them goroutines: two that hand a value to each other, each op one hand-over, and one
// that yields to another.
func BenchmarkSwitch(b *testing.B) {
	b.Run("iter.Pull", func(b *testing.B) {
		b.ReportAllocs()
		next, stop := iter.Pull(func(yield func(int) bool) {
			for yield(1) {
			}
		})
		defer stop()
		b.ResetTimer()
		for range b.N {
			next()
		}
	})
	b.Run("Sleep0", func(b *testing.B) {
		inTask(b, func(ctx context.Context, _ asyncio.EventLoop) error {
			b.ResetTimer()
			for range b.N {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			b.StopTimer()
			return nil
		})
	})
	b.Run("Future", func(b *testing.B) { benchmarkFutures(b, true) })
	b.Run("FutureMadeInTurn", func(b *testing.B) { benchmarkFutures(b, false) })
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		there, back := make(chan int), make(chan int)
		go func() {
			defer close(back)
			for v := range there {
				back <- v
			}
		}()
		b.ResetTimer()
		for range (b.N + 1) / 2 {
			there <- 1
			<-back
		}
		b.StopTimer()
		close(there)
		<-back
	})
	b.Run("Gosched", func(b *testing.B) {
		b.ReportAllocs()
		// On one processor, as on a loop: with more, the two would not take turns.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		ended := false
		over := make(chan struct{})
		go func() {
			defer close(over)
			for !ended {
				runtime.Gosched()
			}
		}()
		b.ResetTimer()
		for range b.N {
			runtime.Gosched()
		}
		b.StopTimer()
		ended = true
		<-over
	})
}

// supply gives futures made ahead, a thousand at a time, while the clock stands.
type supply struct {
	loop asyncio.EventLoop
	made []*asyncio.Future[int]
}

func (s *supply) next(b *testing.B) *asyncio.Future[int] {
	if len(s.made) == 0 {
		b.StopTimer()
		for range 1000 {
			s.made = append(s.made, asyncio.NewFuture[int](s.loop))
		}
		b.StartTimer()
	}
	f := s.made[len(s.made)-1]
	s.made = s.made[:len(s.made)-1]
	return f
}

// benchmarkFutures has two tasks play a future back and forth: each takes the future that it will
// wait for, resolves the one that the other waits for, and waits.
func benchmarkFutures(b *testing.B, ahead bool) {
	inTask(b, func(ctx context.Context, loop asyncio.EventLoop) error {
		made := &supply{loop: loop}
		take := func() *asyncio.Future[int] {
			if ahead {
				return made.next(b)
			}
			return asyncio.NewFuture[int](loop)
		}
		waits := 0
		pending := asyncio.NewFuture[int](loop)
		play := func(ctx context.Context) (int, error) {
			mine := pending
			for {
				if _, err := mine.Await(ctx); err != nil {
					return 0, err
				}
				waits++
				theirs := pending
				mine = take()
				pending = mine
				if err := theirs.SetResult(1); err != nil || waits >= b.N {
					return 0, err
				}
			}
		}
		first := asyncio.Go(ctx, play)
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		start := pending
		pending = asyncio.NewFuture[int](loop)
		second := asyncio.Go(ctx, play)
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		b.ResetTimer()
		if err := start.SetResult(1); err != nil {
			return err
		}
		_, err := first.Await(ctx)
		b.StopTimer()
		if err != nil {
			return err
		}
		second.Cancel()
		_, _ = second.Await(ctx) // cancelled, or done in its turn
		return nil
	})
}

// A task that does nothing, made and waited for one by one and a thousand at a time, and a
// goroutine in its place.
func BenchmarkTrivialTask(b *testing.B) {
	nothing := func(context.Context) (int, error) { return 1, nil }
	b.Run("asyncio/1", func(b *testing.B) {
		inTask(b, func(ctx context.Context, _ asyncio.EventLoop) error {
			b.ResetTimer()
			for range b.N {
				if _, err := asyncio.Go(ctx, nothing).Await(ctx); err != nil {
					return err
				}
			}
			b.StopTimer()
			return nil
		})
	})
	b.Run("asyncio/1000", func(b *testing.B) {
		inTask(b, func(ctx context.Context, _ asyncio.EventLoop) error {
			tasks := make([]*asyncio.Task[int], 1000)
			b.ResetTimer()
			for n := 0; n < b.N; n += len(tasks) {
				lot := tasks[:min(len(tasks), b.N-n)]
				for i := range lot {
					lot[i] = asyncio.Go(ctx, nothing)
				}
				for _, t := range lot {
					if _, err := t.Await(ctx); err != nil {
						return err
					}
				}
			}
			b.StopTimer()
			return nil
		})
	})
	b.Run("goroutine/1", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			done := make(chan int, 1)
			go func() { done <- 1 }()
			<-done
		}
	})
	b.Run("goroutine/1000", func(b *testing.B) {
		b.ReportAllocs()
		done := make(chan int, 1000)
		for n := 0; n < b.N; n += 1000 {
			lot := min(1000, b.N-n)
			for range lot {
				go func() { done <- 1 }()
			}
			for range lot {
				<-done
			}
		}
	})
}
