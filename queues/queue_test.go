package queues_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/queues"
)

func TestQueues(t *testing.T) {
	t.Parallel()
	kindsRow(t, "queues.003.empty", func(s *stage, make func(int) queue) {
		q := make(0)
		onloop.Want(s, "empty at first", q.Empty(), true)
		s.puts(q, 1)
		onloop.Want(s, "empty after a put", q.Empty(), false)
		onloop.Want(s, "size", q.Qsize(), 1)
		s.gets(q, 1)
		onloop.Want(s, "empty after the get", q.Empty(), true)
	})
	kindsRow(t, "queues.004.full", func(s *stage, make func(int) queue) {
		for _, unlimited := range []int{0, -1} {
			q := make(unlimited)
			s.puts(q, 1, 2, 3)
			onloop.Want(s, "full without a maximum", q.Full(), false)
			onloop.Want(s, "maxsize", q.Maxsize(), unlimited)
		}
		q := make(1)
		onloop.Want(s, "full when empty", q.Full(), false)
		s.puts(q, 1)
		onloop.Want(s, "full after a put", q.Full(), true)
	})
	row(t, "queues.005.maxsize-blocks", func(s *stage) {
		q := kinds["Queue"](2)
		putter := asyncio.GoErr(s.Ctx, func(ctx context.Context) error {
			for i := range 3 {
				if err := q.Put(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
		s.Passes(3)
		onloop.Want(s, "the third is put", putter.Done(), false)
		onloop.Want(s, "size", q.Len(), 2)
		s.gets(q, 0)
		result(s, putter)
		s.gets(q, 1, 2)
	})
	kindsRow(t, "queues.006.get-at-once", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1)
		got, err := q.Get(s.Ctx)
		s.Must(err)
		onloop.Want(s, "item", got, 1)
		s.puts(q, 2)
		s.gets(q, 2)
	})
	row(t, "queues.007.get-wakes-putter", func(s *stage) {
		q := kinds["Queue"](1)
		s.puts(q, 1)
		first, second := s.put(q, 2), s.put(q, 3)
		s.Passes(1)
		s.gets(q, 1)
		s.Passes(2)
		onloop.Want(s, "the first has put", first.Done(), true)
		onloop.Want(s, "the second has put", second.Done(), false)
		s.gets(q, 2)
		result(s, second)
		s.gets(q, 3)
	})
	kindsRow(t, "queues.008.get-waits", func(s *stage, make func(int) queue) {
		q := make(0)
		getter := s.get(q)
		s.Passes(3)
		onloop.Want(s, "it waits", getter.Done(), false)
		s.puts(q, 1)
		onloop.Want(s, "item", result(s, getter), 1)
	})
	kindsRow(t, "queues.009.get-nowait-empty", func(s *stage, make func(int) queue) {
		_, err := make(0).GetNowait()
		s.wantError("get", err, queues.ErrEmpty)
	})
	kindsRow(t, "queues.014.put-at-once", func(s *stage, make func(int) queue) {
		q := make(1)
		s.Must(q.Put(s.Ctx, 1))
		s.gets(q, 1)
		s.Must(q.PutNowait(2))
		s.gets(q, 2)
	})
	kindsRow(t, "queues.017.put-nowait-full", func(s *stage, make func(int) queue) {
		q := make(1)
		s.puts(q, 1)
		s.wantError("put", q.PutNowait(2), queues.ErrFull)
		onloop.Want(s, "size", q.Len(), 1)
	})
	row(t, "queues.020.put-wakes-getter", func(s *stage) {
		q := kinds["Queue"](0)
		first, second := s.get(q), s.get(q)
		s.Passes(1)
		s.puts(q, 1)
		onloop.Want(s, "item", result(s, first), 1)
		onloop.Want(s, "the second has got", second.Done(), false)
		s.puts(q, 2)
		onloop.Want(s, "item", result(s, second), 2)
	})
	row(t, "queues.011.get-with-waiting-putters", func(s *stage) {
		q := kinds["Queue"](1)
		s.put(q, 1)
		s.put(q, 2)
		s.Passes(2)
		for i := 1; i <= 2; i++ {
			got, err := q.Get(s.Ctx)
			s.Must(err)
			onloop.Want(s, "item", got, i)
		}
	})
	row(t, "queues.012.getters-putters-alternate", func(s *stage) {
		q := kinds["Queue"](1)
		const n = 5
		producer := asyncio.GoErr(s.Ctx, func(ctx context.Context) error {
			for i := range n {
				if err := q.Put(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
		consumer := asyncio.Go(s.Ctx, func(ctx context.Context) (got []int, err error) {
			for range n {
				item, err := q.Get(ctx)
				if err != nil {
					return got, err
				}
				got = append(got, item)
			}
			return got, nil
		})
		result(s, producer)
		if got := result(s, consumer); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			s.Errorf("got %v", got)
		}
	})
}

func TestOrder(t *testing.T) {
	t.Parallel()
	row(t, "first in first out", func(s *stage) {
		q := kinds["Queue"](0)
		s.puts(q, 1, 3, 2)
		s.gets(q, 1, 3, 2)
	})
	row(t, "queues.023.order-lifo", func(s *stage) {
		q := kinds["LifoQueue"](0)
		s.puts(q, 1, 3, 2)
		s.gets(q, 2, 3, 1)
	})
	row(t, "queues.024.order-priority", func(s *stage) {
		q := kinds["PriorityQueue"](0)
		s.puts(q, 1, 3, 2)
		s.gets(q, 1, 2, 3)
	})
	row(t, "equal priorities in the order of puts", func(s *stage) {
		type job struct{ priority, number int }
		q := queues.NewPriorityQueueFunc(0, func(a, b job) bool { return a.priority < b.priority })
		for i := range 100 {
			s.Must(q.PutNowait(job{i % 3, i}))
		}
		last := job{-1, -1}
		for range 100 {
			j, err := q.GetNowait()
			s.Must(err)
			if j.priority < last.priority || j.priority == last.priority && j.number < last.number {
				s.Errorf("%v comes after %v", j, last)
			}
			last = j
		}
	})
}

// TestString: the text shows what the queue holds and who waits.
func TestString(t *testing.T) {
	t.Parallel()
	row(t, "queues.001.queue-string", func(s *stage) {
		for name, make := range kinds {
			q := make(1)
			onloop.Want(s, "when empty", q.String(), "<"+name+" maxsize=1>")
			getter := s.get(q)
			s.Passes(1)
			onloop.Want(s, "with a getter", q.String(), "<"+name+" maxsize=1 getters[1]>")
			s.puts(q, 7)
			result(s, getter)
			s.puts(q, 8)
			putter := s.put(q, 9)
			s.Passes(1)
			onloop.Want(s, "with a putter", q.String(), "<"+name+" maxsize=1 queue=[8] putters[1] tasks=2>")
			s.gets(q, 8)
			result(s, putter)
		}
	})
	row(t, "queues.701.shutdown-string", func(s *stage) {
		for name, make := range kinds {
			q := make(0)
			q.Shutdown(false)
			onloop.Want(s, "after a shutdown", q.String(), "<"+name+" maxsize=0 shutdown>")
		}
	})
}

func TestJoin(t *testing.T) {
	t.Parallel()
	kindsRow(t, "queues.025.task-done-underflow", func(s *stage, make func(int) queue) {
		q := make(0)
		s.wantError("at once", q.TaskDone(), queues.ErrTaskDone)
		s.puts(q, 1)
		s.Must(q.TaskDone())
		err := q.TaskDone()
		s.wantError("too often", err, queues.ErrTaskDone)
		s.wantError("too often", err, asyncio.ErrInvalidArgument)
	})
	kindsRow(t, "queues.026.join-waits", func(s *stage, make func(int) queue) {
		q := make(0)
		sum := 0
		for i := range 100 {
			s.puts(q, i)
		}
		workers := twoWorkers(s, func(ctx context.Context) error {
			for {
				item, err := q.Get(ctx)
				if err != nil {
					return err
				}
				sum += item
				if err := asyncio.Yield(ctx); err != nil {
					return err
				}
				if err := q.TaskDone(); err != nil {
					return err
				}
			}
		})
		joiner := asyncio.GoErr(s.Ctx, q.Join)
		s.Passes(2)
		onloop.Want(s, "join waits", joiner.Done(), false)
		s.Must(q.Join(s.Ctx))
		onloop.Want(s, "sum", sum, 99*100/2)
		result(s, joiner)
		for _, w := range workers {
			w.Cancel()
			failure(s, "worker", w, asyncio.ErrCancelled)
		}
	})
	kindsRow(t, "queues.027.join-empty", func(s *stage, make func(int) queue) {
		q := make(0)
		s.Must(q.Join(s.Ctx))
		s.Must(q.Join(s.Ctx))
	})
	kindsRow(t, "a put after the last TaskDone does not hold back who has joined", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1)
		joiner := asyncio.GoErr(s.Ctx, q.Join)
		s.Passes(1)
		s.gets(q, 1)
		s.Must(q.TaskDone())
		s.puts(q, 2)
		result(s, joiner)
	})
	kindsRow(t, "a cancelled join", func(s *stage, make func(int) queue) {
		q := make(0)
		s.puts(q, 1)
		joiner, other := asyncio.GoErr(s.Ctx, q.Join), asyncio.GoErr(s.Ctx, q.Join)
		s.Passes(1)
		joiner.Cancel()
		s.Must(q.TaskDone())
		failure(s, "join", joiner, asyncio.ErrCancelled)
		result(s, other)
	})
}

// twoWorkers starts two workers.
func twoWorkers(s *stage, work func(ctx context.Context) error) []*asyncio.Task[struct{}] {
	return []*asyncio.Task[struct{}]{asyncio.GoErr(s.Ctx, work), asyncio.GoErr(s.Ctx, work)}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	row(t, "queues.010.get-cancelled-race", func(s *stage) {
		q := kinds["Queue"](0)
		first, second := s.get(q), s.get(q)
		s.Passes(1)
		first.Cancel()
		s.puts(q, 1)
		failure(s, "the first", first, asyncio.ErrCancelled)
		onloop.Want(s, "item", result(s, second), 1)
	})
	row(t, "queues.013.get-timeout-leaves-none", func(s *stage) {
		q := kinds["Queue"](0)
		_, err := asyncio.WaitFor(s.Ctx, time.Millisecond, q.Get)
		s.wantError("get", err, asyncio.ErrTimeout)
		onloop.Want(s, "nobody waits", q.String(), "<Queue maxsize=0>")
	})
	row(t, "queues.015a.get-cancel-keeps-item", func(s *stage) {
		q := kinds["Queue"](0)
		reader := s.get(q)
		s.Passes(1)
		s.puts(q, 1, 2)
		reader.Cancel()
		failure(s, "reader", reader, asyncio.ErrCancelled)
		s.gets(q, 1, 2)
	})
	row(t, "queues.015b.get-cancel-wakes-next", func(s *stage) {
		q := kinds["Queue"](0)
		first, second, third := s.get(q), s.get(q), s.get(q)
		s.Passes(1)
		s.puts(q, 1, 2)
		first.Cancel()
		failure(s, "first", first, asyncio.ErrCancelled)
		onloop.Want(s, "second", result(s, second), 1)
		onloop.Want(s, "third", result(s, third), 2)
	})
	row(t, "queues.016.put-cancel-keeps-room", func(s *stage) {
		q := kinds["Queue"](1)
		s.puts(q, 1)
		putter := s.put(q, 2)
		s.Passes(1)
		s.gets(q, 1)
		putter.Cancel()
		failure(s, "putter", putter, asyncio.ErrCancelled)
		onloop.Want(s, "size", q.Len(), 0)
		result(s, s.put(q, 2))
		s.gets(q, 2)
		onloop.Want(s, "size", q.Len(), 0)
	})
	row(t, "queues.019.put-cancelled-race", func(s *stage) {
		q := kinds["Queue"](1)
		first, second, third := s.put(q, 1), s.put(q, 2), s.put(q, 3)
		s.Passes(1)
		result(s, first)
		third.Cancel()
		failure(s, "third", third, asyncio.ErrCancelled)
		s.gets(q, 1)
		result(s, second)
		s.gets(q, 2)
		onloop.Want(s, "size", q.Len(), 0)
	})
	row(t, "queues.021.put-cancel-leaves-none", func(s *stage) {
		q := kinds["Queue"](1)
		s.puts(q, 1)
		putter := s.put(q, 2)
		s.Passes(1)
		putter.Cancel()
		failure(s, "putter", putter, asyncio.ErrCancelled)
		onloop.Want(s, "nobody waits", strings.Contains(q.String(), "putters"), false)
	})
	row(t, "queues.022.put-cancel-after-wake", func(s *stage) {
		q := kinds["Queue"](1)
		s.puts(q, 1)
		putter := s.put(q, 2)
		s.Passes(1)
		s.gets(q, 1)
		onloop.Want(s, "it was woken", strings.Contains(q.String(), "putters"), false)
		putter.Cancel()
		_, err := putter.Await(s.Ctx)
		if _, ok := err.(*asyncio.CancelledError); !ok {
			s.Errorf("error %T %v, want a cancellation alone", err, err)
		}
	})
}
