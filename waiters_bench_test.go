package asyncio_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// waitersBench is a queue of waiters and its mutex.
type waitersBench struct {
	loop asyncio.EventLoop
	mu   sync.Mutex
	q    asyncio.Waiters
	turn int // of two who play
	over bool
}

var errOver = errors.New("the game is over")

// play waits for the turn and gives it to the other one.
func (w *waitersBench) play(ctx context.Context, me int) error {
	w.mu.Lock()
	if w.over {
		w.mu.Unlock()
		return errOver
	}
	for w.turn != me && !w.over {
		if _, err := w.q.Wait(ctx, w.loop, &w.mu); err != nil {
			w.mu.Unlock()
			return err
		}
	}
	w.turn = 1 - me
	k := w.q.WakeOne(nil)
	w.mu.Unlock()
	k.Do()
	return nil
}

// playOn plays until the other one has ended.
func (w *waitersBench) playOn(ctx context.Context, me int) error {
	for {
		switch err := w.play(ctx, me); err {
		case nil:
		case errOver:
			return nil
		default:
			return err
		}
	}
}

// end ends the game.
func (w *waitersBench) end() {
	w.mu.Lock()
	w.over = true
	k := w.q.WakeAll(nil)
	w.mu.Unlock()
	k.Do()
}

func (w *waitersBench) wait(ctx context.Context) error {
	w.mu.Lock()
	_, err := w.q.Wait(ctx, w.loop, &w.mu)
	w.mu.Unlock()
	return err
}

func (w *waitersBench) wakeOne() {
	w.mu.Lock()
	k := w.q.WakeOne(nil)
	w.mu.Unlock()
	k.Do()
}

func (w *waitersBench) wakeAll() {
	w.mu.Lock()
	k := w.q.WakeAll(nil)
	w.mu.Unlock()
	k.Do()
}

// BenchmarkWaiters is what a wait in a queue costs, from its beginning to its end: of a
// coroutine that a callback wakes, of two that wake each other, there and back, of a
// hundred that are woken at once, and of two goroutines.
func BenchmarkWaiters(b *testing.B) {
	run := func(name string, body func(ctx context.Context, w *waitersBench, b *testing.B) error) {
		b.Run(name, func(b *testing.B) {
			loop, err := asyncio.NewSelectorEventLoop(nil)
			if err != nil {
				b.Fatal(err)
			}
			defer loop.Close()
			b.ReportAllocs()
			w := &waitersBench{loop: loop}
			task := asyncio.CreateTaskErr(loop, func(ctx context.Context) error { return body(ctx, w, b) })
			if err := loop.RunUntilComplete(task); err != nil {
				b.Fatal(err)
			}
		})
	}
	run("coroutine", func(ctx context.Context, w *waitersBench, b *testing.B) error {
		wake := w.wakeOne
		for b.Loop() {
			if _, err := w.loop.CallSoon(wake); err != nil {
				return err
			}
			if err := w.wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	run("pair", func(ctx context.Context, w *waitersBench, b *testing.B) error {
		other := asyncio.GoErr(ctx, func(ctx context.Context) error { return w.playOn(ctx, 1) })
		for b.Loop() {
			if err := w.play(ctx, 0); err != nil {
				return err
			}
		}
		w.end()
		_, err := other.Await(ctx)
		return err
	})
	run("hundred", func(ctx context.Context, w *waitersBench, b *testing.B) error {
		tasks := make([]*asyncio.Task[struct{}], 100)
		for i := range tasks {
			tasks[i] = asyncio.GoErr(ctx, func(ctx context.Context) error {
				for w.wait(ctx) == nil {
					continue
				}
				return nil
			})
		}
		for b.Loop() {
			if err := asyncio.Yield(ctx); err != nil {
				return err
			}
			w.wakeAll()
		}
		for _, t := range tasks {
			t.Cancel()
			_, _ = t.Await(ctx) // cancelled, or ended by it
		}
		return nil
	})
	run("goroutines", func(ctx context.Context, w *waitersBench, b *testing.B) error {
		return asyncio.ToThreadErr(ctx, func() error {
			var other sync.WaitGroup
			other.Go(func() { _ = w.playOn(context.Background(), 1) }) // it ends with the game
			for b.Loop() {
				if err := w.play(context.Background(), 0); err != nil {
					return err
				}
			}
			w.end()
			other.Wait()
			return nil
		})
	})
}
