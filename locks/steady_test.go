package locks_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/locks"
)

// inLoop runs f as a coroutine of a loop of its own.
func inLoop(t testing.TB, f func(ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	loop, err := asyncio.NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	err = loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		f(ctx, loop)
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
	if err := loop.Close(); err != nil {
		t.Error(err)
	}
}

// rounds are two coroutines that go hand in hand by a lock each way: one goes on when the
// other has come by.
type rounds struct {
	name string
	wait func(ctx context.Context) error // suspends until the other has come by
	let  func() error                    // lets the other go on
}

// twoWays makes each kind of rounds, for one side and for the other.
func twoWays(t testing.TB) [][2]rounds {
	t.Helper()
	var there, back locks.Event
	a, err := locks.NewSemaphore(0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := locks.NewSemaphore(0)
	if err != nil {
		t.Fatal(err)
	}
	meeting, err := locks.NewBarrier(2)
	if err != nil {
		t.Fatal(err)
	}
	meet := func(ctx context.Context) error { _, err := meeting.Wait(ctx); return err }
	nothing := func() error { return nil }
	event := func(in, out *locks.Event) rounds {
		return rounds{"Event",
			func(ctx context.Context) error { defer in.Clear(); return in.Wait(ctx) },
			func() error { out.Set(); return nil }}
	}
	return [][2]rounds{
		{{"Semaphore", a.Acquire, b.Release}, {"Semaphore", b.Acquire, a.Release}},
		{event(&there, &back), event(&back, &there)},
		{{"Barrier", meet, nothing}, {"Barrier", meet, nothing}},
	}
}

// TestAllocations is not parallel: it counts all that the process allocates.
func TestAllocations(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("pools forget under the race detector")
	}
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		for _, way := range twoWays(t) {
			other := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
				for {
					if err := way[1].wait(ctx); err != nil {
						return err
					}
					if err := way[1].let(); err != nil {
						return err
					}
				}
			})
			n := testing.AllocsPerRun(200, func() {
				if err := way[0].let(); err != nil {
					t.Error(err)
				}
				if err := way[0].wait(ctx); err != nil {
					t.Error(err)
				}
			})
			if n != 0 {
				t.Errorf("%s: %v allocations for a wait on each side", way[0].name, n)
			}
			other.Cancel()
			_, _ = other.Await(ctx) // cancelled
		}
		var c locks.Condition
		ticks := 0
		other := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
			for {
				if err := c.Acquire(ctx); err != nil {
					return err
				}
				ticks++
				if err := c.NotifyAll(); err != nil {
					return err
				}
				if err := c.Release(); err != nil {
					return err
				}
				if err := asyncio.Yield(ctx); err != nil {
					return err
				}
			}
		})
		if n := testing.AllocsPerRun(200, func() {
			if err := c.Acquire(ctx); err != nil {
				t.Error(err)
			}
			if err := c.Wait(ctx); err != nil {
				t.Error(err)
			}
			if err := c.Release(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("Condition: %v allocations for a wait", n)
		}
		other.Cancel()
		_, _ = other.Await(ctx) // cancelled
	})
}

// TestStress: coroutines and goroutines acquire with little patience, and are cancelled.
// No more than there are permits are inside, and none is lost. The race detector watches
// what the lock guards.
func TestStress(t *testing.T) {
	t.Parallel()
	const guests, visits = 8, 200
	for kind, g := range guards() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			free := g.String()
			inside, got := 0, 0
			visit := func(ctx context.Context, i int) error {
				for range visits {
					short, cancel := context.WithTimeout(ctx, time.Duration(i)*30*time.Microsecond)
					err := g.Acquire(short)
					cancel()
					if err != nil {
						continue
					}
					if inside++; inside != 1 {
						t.Errorf("%d are inside", inside)
					}
					got++
					inside--
					if err := g.Release(); err != nil {
						return err
					}
					if err := asyncio.Yield(ctx); err != nil {
						return err
					}
				}
				return nil
			}
			inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
				if err := g.Bind(loop); err != nil {
					t.Error(err)
				}
				var tasks []*asyncio.Task[struct{}]
				for i := range guests {
					tasks = append(tasks, asyncio.CreateTaskErr(loop, func(ctx context.Context) error { return visit(ctx, i) }))
				}
				var there sync.WaitGroup
				var bad atomic.Pointer[error]
				for i := range guests {
					there.Go(func() {
						if err := visit(context.Background(), i); err != nil {
							bad.Store(&err)
						}
					})
				}
				for _, task := range tasks {
					if _, err := task.Await(ctx); err != nil {
						t.Error(err)
					}
				}
				if _, err := asyncio.ToThread(ctx, func() (struct{}, error) { there.Wait(); return struct{}{}, nil }); err != nil {
					t.Error(err)
				}
				if err := bad.Load(); err != nil {
					t.Error(*err)
				}
			})
			if s := g.String(); s != free || got == 0 {
				t.Errorf("afterwards: %s, and %d got in", s, got)
			}
		})
	}
}

// TestConditionStress: what is produced is consumed, by coroutines and goroutines, though
// some of them are cancelled as they wait.
func TestConditionStress(t *testing.T) {
	t.Parallel()
	const consumers, items = 8, 400
	var c locks.Condition
	stock, taken := 0, 0
	consume := func(ctx context.Context, i int) error {
		for {
			short, cancel := context.WithTimeout(ctx, time.Duration(1+i)*100*time.Microsecond)
			over := false
			err := c.With(context.WithoutCancel(ctx), func() error {
				err := c.WaitFor(short, func() bool { return stock > 0 || taken == items })
				if err == nil && stock > 0 {
					stock--
					taken++
				}
				if over = taken == items; over {
					return c.NotifyAll()
				}
				return nil
			})
			cancel()
			if over || err != nil {
				return err
			}
		}
	}
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		if err := c.Bind(loop); err != nil {
			t.Error(err)
		}
		var there sync.WaitGroup
		var tasks []*asyncio.Task[struct{}]
		for i := range consumers {
			tasks = append(tasks, asyncio.CreateTaskErr(loop, func(ctx context.Context) error { return consume(ctx, i) }))
			there.Go(func() {
				if err := consume(context.Background(), i); err != nil {
					t.Error(err)
				}
			})
		}
		for range items {
			err := c.With(ctx, func() error {
				stock++
				return c.Notify(1)
			})
			if err == nil {
				err = asyncio.Yield(ctx)
			}
			if err != nil {
				t.Error(err)
			}
		}
		for _, task := range tasks {
			if _, err := task.Await(ctx); err != nil {
				t.Error(err)
			}
		}
		if _, err := asyncio.ToThread(ctx, func() (struct{}, error) { there.Wait(); return struct{}{}, nil }); err != nil {
			t.Error(err)
		}
	})
	if s := c.String(); s != "<Condition unlocked>" || stock != 0 || taken != items {
		t.Errorf("afterwards: %s, stock %d, taken %d", s, stock, taken)
	}
}

// BenchmarkSemaphore is two coroutines that let each other go on, there and back.
func BenchmarkSemaphore(b *testing.B) { benchmarkRounds(b, 0) }

// BenchmarkEvent is the same with events.
func BenchmarkEvent(b *testing.B) { benchmarkRounds(b, 1) }

// BenchmarkBarrier is two coroutines that meet.
func BenchmarkBarrier(b *testing.B) { benchmarkRounds(b, 2) }

func benchmarkRounds(b *testing.B, kind int) {
	inLoop(b, func(ctx context.Context, loop asyncio.EventLoop) {
		way := twoWays(b)[kind]
		other := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
			for {
				if err := way[1].wait(ctx); err != nil {
					return err
				}
				if err := way[1].let(); err != nil {
					return err
				}
			}
		})
		b.ReportAllocs()
		for b.Loop() {
			if err := way[0].let(); err != nil {
				b.Error(err)
			}
			if err := way[0].wait(ctx); err != nil {
				b.Error(err)
			}
		}
		other.Cancel()
		_, _ = other.Await(ctx) // cancelled
	})
}

// BenchmarkLockFree is a lock that nobody else wants.
func BenchmarkLockFree(b *testing.B) {
	inLoop(b, func(ctx context.Context, loop asyncio.EventLoop) {
		var l locks.Lock
		b.ReportAllocs()
		for b.Loop() {
			if err := l.Acquire(ctx); err != nil {
				b.Error(err)
			}
			if err := l.Release(); err != nil {
				b.Error(err)
			}
		}
	})
}
