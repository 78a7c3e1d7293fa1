package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// benchmarkTransport runs f in a coroutine with a transport of an echo protocol's and
// its peer, on a loop over the system's best selector or proactor.
func benchmarkTransport(b *testing.B, open func(...asyncio.LoopOption) (asyncio.EventLoop, error), f func(ctx context.Context, l asyncio.EventLoop, tr asyncio.Transport, peer uintptr)) {
	loop, err := open()
	if err != nil {
		b.Skip(err)
	}
	defer loop.Close()
	fd, peer, err := sock.Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer sock.Close(peer)
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		tr, err := asyncio.NewTransport(loop, fd, &echoProtocol{}, sock.Addr{}, nil)
		if err != nil {
			return struct{}{}, err
		}
		_ = asyncio.Sleep(ctx, 0)
		f(ctx, loop, tr, peer)
		tr.Abort()
		return struct{}{}, asyncio.Sleep(ctx, 0)
	})
	if err := loop.RunUntilComplete(task); err != nil {
		b.Fatal(err)
	}
}

// overKinds runs f as a benchmark over the system's best selector and proactor.
func overKinds(b *testing.B, f func(b *testing.B, open func(...asyncio.LoopOption) (asyncio.EventLoop, error))) {
	b.Run("selector", func(b *testing.B) {
		f(b, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
			return asyncio.NewSelectorEventLoop(nil, o...)
		})
	})
	b.Run("proactor", func(b *testing.B) {
		f(b, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
			return asyncio.NewProactorEventLoop(nil, o...)
		})
	})
}

// BenchmarkEcho is a message of 64 bytes there and back, with a peer that reads and
// writes by system calls in the same goroutine.
func BenchmarkEcho(b *testing.B) {
	overKinds(b, func(b *testing.B, open func(...asyncio.LoopOption) (asyncio.EventLoop, error)) {
		benchmarkTransport(b, open, func(ctx context.Context, _ asyncio.EventLoop, _ asyncio.Transport, peer uintptr) {
			msg := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = sock.Write(peer, msg)
				for k := 0; k <= 0; {
					_ = asyncio.Sleep(ctx, 0)
					k, _ = sock.Read(peer, msg)
				}
			}
		})
	})
}

// BenchmarkWrite is 64 bytes to a peer that keeps up: in a callback and in a coroutine.
func BenchmarkWrite(b *testing.B) {
	const batch = 64
	run := func(b *testing.B, tr asyncio.Transport, peer uintptr) {
		msg, buf := make([]byte, 64), make([]byte, 64*batch)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, _ = tr.Write(msg)
			if i%batch == batch-1 {
				_, _ = sock.Read(peer, buf)
			}
		}
	}
	selector := func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, o...)
	}
	b.Run("coroutine", func(b *testing.B) {
		benchmarkTransport(b, selector, func(_ context.Context, _ asyncio.EventLoop, tr asyncio.Transport, peer uintptr) { run(b, tr, peer) })
	})
	b.Run("callback", func(b *testing.B) {
		benchmarkTransport(b, selector, func(ctx context.Context, l asyncio.EventLoop, tr asyncio.Transport, peer uintptr) {
			done := asyncio.NewFuture[struct{}](l)
			_, _ = l.CallSoon(func() {
				run(b, tr, peer)
				_ = done.SetResult(struct{}{})
			})
			_, _ = done.Await(ctx)
		})
	})
}

// BenchmarkBacklog is a megabyte that the system does not take at once.
func BenchmarkBacklog(b *testing.B) {
	overKinds(b, func(b *testing.B, open func(...asyncio.LoopOption) (asyncio.EventLoop, error)) {
		benchmarkTransport(b, open, func(ctx context.Context, _ asyncio.EventLoop, tr asyncio.Transport, peer uintptr) {
			big, buf := make([]byte, 1<<20), make([]byte, 1<<18)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = tr.Write(big)
				for left := len(big); left > 0; {
					_ = asyncio.Sleep(ctx, 0)
					if k, _ := sock.Read(peer, buf); k > 0 {
						left -= k
					}
				}
			}
		})
	})
}
