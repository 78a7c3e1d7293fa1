package queues_test

import (
	"context"
	"iter"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

// BenchmarkPutGet is what one item costs from put to get. Two coroutines hand it over
// through a queue of one, where each item makes both of them wait once, and through one
// that has room; two goroutines do the same, and the same over a channel. iter.Pull is the bare
// round trip of a coroutine, there and back.
func BenchmarkPutGet(b *testing.B) {
	b.Run("iter.Pull", func(b *testing.B) {
		b.ReportAllocs()
		next, stop := iter.Pull(func(yield func(int) bool) {
			for yield(1) {
			}
		})
		defer stop()
		for b.Loop() {
			next()
		}
	})
	for name, maxsize := range map[string]int{"queue of 1": 1, "queue of 64": 64} {
		b.Run("coroutines, "+name, func(b *testing.B) { benchCoroutines(b, maxsize) })
		b.Run("goroutines, "+name, func(b *testing.B) { benchGoroutines(b, maxsize) })
		b.Run("goroutines, channel for the "+name, func(b *testing.B) { benchChannel(b, maxsize) })
	}
	b.Run("ping pong", benchPingPong)
}

// inLoop runs body as a coroutine of a new loop.
func inLoop(b *testing.B, body func(ctx context.Context, loop asyncio.EventLoop) error) {
	b.Helper()
	loop, err := asyncio.NewSelectorEventLoop(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer loop.Close()
	b.ReportAllocs()
	task := asyncio.CreateTaskErr(loop, func(ctx context.Context) error { return body(ctx, loop) })
	if err := loop.RunUntilComplete(task); err != nil {
		b.Fatal(err)
	}
}

// putOn puts until the queue is shut down.
func putOn(ctx context.Context, q *queues.Queue[int]) error {
	for {
		if err := q.Put(ctx, 1); err != nil {
			return nil
		}
	}
}

func benchCoroutines(b *testing.B, maxsize int) {
	inLoop(b, func(ctx context.Context, _ asyncio.EventLoop) error {
		q := queues.NewQueue[int](maxsize)
		putter := asyncio.GoErr(ctx, func(ctx context.Context) error { return putOn(ctx, q) })
		for b.Loop() {
			if _, err := q.Get(ctx); err != nil {
				return err
			}
		}
		q.Shutdown(true)
		_, err := putter.Await(ctx)
		return err
	})
}

// benchPingPong has two coroutines hand an item to and fro over two queues: each operation is
// a round trip, with two puts, two gets and two waits.
func benchPingPong(b *testing.B) {
	inLoop(b, func(ctx context.Context, _ asyncio.EventLoop) error {
		there, back := queues.NewQueue[int](0), queues.NewQueue[int](0)
		other := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				item, err := there.Get(ctx)
				if err != nil {
					return nil
				}
				if err := back.Put(ctx, item); err != nil {
					return err
				}
			}
		})
		for b.Loop() {
			if err := there.Put(ctx, 1); err != nil {
				return err
			}
			if _, err := back.Get(ctx); err != nil {
				return err
			}
		}
		there.Shutdown(true)
		_, err := other.Await(ctx)
		return err
	})
}

func benchGoroutines(b *testing.B, maxsize int) {
	inLoop(b, func(ctx context.Context, loop asyncio.EventLoop) error {
		q := queues.NewQueue[int](maxsize)
		if err := q.Bind(loop); err != nil {
			return err
		}
		return asyncio.ToThreadErr(ctx, func() error {
			ended := make(chan error)
			go func() { ended <- putOn(context.Background(), q) }()
			for b.Loop() {
				if _, err := q.Get(context.Background()); err != nil {
					return err
				}
			}
			q.Shutdown(true)
			return <-ended
		})
	})
}

func benchChannel(b *testing.B, maxsize int) {
	b.ReportAllocs()
	c, over := make(chan int, maxsize), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case c <- 1:
			case <-over:
				return
			}
		}
	}()
	for b.Loop() {
		<-c
	}
	close(over)
	<-ended
}
