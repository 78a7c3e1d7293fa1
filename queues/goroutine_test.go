package queues_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/queues"
)

// waiting is how many wait, as the queue's text tells.
func waiting(q *queues.Queue[int], who string, n int) func() bool {
	text := map[bool]string{true: " " + who + "[" + string(rune('0'+n)) + "]", false: ""}[n > 0]
	return func() bool { return contains(q.String(), text) }
}

func TestGoroutines(t *testing.T) {
	t.Parallel()
	row(t, "getters of both kinds are served in the order in which they came", func(s *stage) {
		q := queues.NewQueue[int](0)
		s.Must(q.Bind(s.Loop))
		var mu sync.Mutex
		got := map[int]int{}
		get := func(i int) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				item, err := q.Get(ctx)
				mu.Lock()
				defer mu.Unlock()
				got[i] = item
				return err
			}
		}
		var all []asyncio.AwaitableOf[struct{}]
		for i := range 9 {
			if i%3 == 1 {
				all = append(all, s.elsewhere(func() { s.Check(get(i)(context.Background())) }))
			} else {
				all = append(all, asyncio.GoErr(s.Ctx, get(i)))
			}
			s.until(waiting(q, "getters", i+1))
		}
		for i := range 9 {
			s.Must(q.PutNowait(i))
		}
		_, err := asyncio.GatherOf(s.Ctx, all...)
		s.Must(err)
		for i := range 9 {
			onloop.Want(s, "item", got[i], i)
		}
	})
	row(t, "putters of both kinds are served in the order in which they came", func(s *stage) {
		q := queues.NewQueue[int](1)
		s.Must(q.Bind(s.Loop))
		s.Must(q.PutNowait(-1))
		var all []asyncio.AwaitableOf[struct{}]
		for i := range 9 {
			if i%3 == 1 {
				all = append(all, s.elsewhere(func() { s.Check(q.Put(context.Background(), i)) }))
			} else {
				all = append(all, asyncio.GoErr(s.Ctx, func(ctx context.Context) error { return q.Put(ctx, i) }))
			}
			s.until(waiting(q, "putters", i+1))
		}
		for i := -1; i < 9; i++ {
			item, err := q.Get(s.Ctx)
			s.Must(err)
			onloop.Want(s, "item", item, i)
		}
		_, err := asyncio.GatherOf(s.Ctx, all...)
		s.Must(err)
	})
	row(t, "a goroutine does not go ahead of a coroutine that was woken", func(s *stage) {
		q := queues.NewQueue[int](0)
		first := asyncio.Go(s.Ctx, q.Get)
		s.Passes(1)
		s.Must(q.PutNowait(1)) // and first is woken
		late := make(chan int, 1)
		ended := s.elsewhere(func() {
			item, err := q.Get(context.Background())
			s.Check(err)
			late <- item
		})
		for !waiting(q, "getters", 1)() { // the loop stands still meanwhile
			continue
		}
		onloop.Want(s, "item", result(s, first), 1)
		s.Must(q.PutNowait(2))
		_, err := ended.Await(s.Ctx)
		s.Must(err)
		onloop.Want(s, "item", <-late, 2)
	})
	row(t, "a goroutine does not put ahead of a coroutine that was woken", func(s *stage) {
		q := queues.NewQueue[int](1)
		s.Must(q.PutNowait(0))
		first := asyncio.GoErr(s.Ctx, func(ctx context.Context) error { return q.Put(ctx, 1) })
		s.Passes(1)
		item, err := q.GetNowait() // and first is woken
		s.Must(err)
		onloop.Want(s, "item", item, 0)
		ended := s.elsewhere(func() { s.Check(q.Put(context.Background(), 2)) })
		for !waiting(q, "putters", 1)() { // the loop stands still meanwhile
			continue
		}
		result(s, first)
		for i := 1; i <= 2; i++ {
			item, err := q.Get(s.Ctx)
			s.Must(err)
			onloop.Want(s, "item", item, i)
		}
		_, err = ended.Await(s.Ctx)
		s.Must(err)
	})
	row(t, "a goroutine behind a putter that was woken is not served first", func(s *stage) {
		q := queues.NewQueue[int](2)
		s.Must(q.PutNowait(-2))
		s.Must(q.PutNowait(-1))
		first := asyncio.GoErr(s.Ctx, func(ctx context.Context) error { return q.Put(ctx, 1) })
		s.Passes(1)
		ended := s.elsewhere(func() { s.Check(q.Put(context.Background(), 2)) })
		s.until(waiting(q, "putters", 2))
		for range 2 {
			_, err := q.GetNowait()
			s.Must(err)
		}
		result(s, first)
		_, err := ended.Await(s.Ctx)
		s.Must(err)
		for i := 1; i <= 2; i++ {
			item, err := q.GetNowait()
			s.Must(err)
			onloop.Want(s, "item", item, i)
		}
	})
	row(t, "the context of a goroutine ends its wait", func(s *stage) {
		q := queues.NewQueue[int](1)
		s.Must(q.Bind(s.Loop))
		ctx, cancel := context.WithCancel(context.Background())
		ended := s.elsewhere(func() {
			_, err := q.Get(ctx)
			s.wantError("get", err, context.Canceled)
			s.Check(q.PutNowait(1))
			s.wantError("put", q.Put(ctx, 2), context.Canceled)
			s.wantError("join", q.Join(ctx), context.Canceled)
		})
		s.until(waiting(q, "getters", 1))
		cancel()
		_, err := ended.Await(s.Ctx)
		s.Must(err)
		onloop.Want(s, "what is left", q.String(), "<Queue maxsize=1 queue=[1] tasks=1>")
	})
	row(t, "a shutdown ends the wait of a goroutine, and a TaskDone its join", func(s *stage) {
		q := queues.NewQueue[int](1)
		s.Must(q.Bind(s.Loop))
		s.Must(q.PutNowait(1))
		join := s.elsewhere(func() { s.Check(q.Join(context.Background())) })
		put := s.elsewhere(func() { s.wantError("put", q.Put(context.Background(), 2), queues.ErrShutDown) })
		s.until(waiting(q, "putters", 1))
		q.Shutdown(false)
		_, err := put.Await(s.Ctx)
		s.Must(err)
		_, err = q.Get(s.Ctx)
		s.Must(err)
		get := s.elsewhere(func() {
			_, err := q.Get(context.Background())
			s.wantError("get", err, queues.ErrShutDown)
		})
		_, err = get.Await(s.Ctx)
		s.Must(err)
		s.Must(q.TaskDone())
		_, err = join.Await(s.Ctx)
		s.Must(err)
	})
}

// TestManyGoroutines: what many put, many get, each once.
func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	for name, make := range kinds {
		for _, maxsize := range []int{0, 1, 3} {
			row(t, name+" of "+string(rune('0'+maxsize)), func(s *stage) {
				const each, n = 200, 4
				q := make(maxsize)
				s.Must(q.Bind(s.Loop))
				var mu sync.Mutex
				got := map[int]int{}
				put := func(i int) func(ctx context.Context) error {
					return func(ctx context.Context) error {
						for j := range each {
							if err := q.Put(ctx, i*each+j); err != nil {
								return err
							}
						}
						return nil
					}
				}
				get := func(ctx context.Context) error {
					for {
						item, err := q.Get(ctx)
						if errors.Is(err, queues.ErrShutDown) {
							return nil
						} else if err != nil {
							return err
						}
						mu.Lock()
						got[item]++
						mu.Unlock()
						if err := q.TaskDone(); err != nil {
							return err
						}
					}
				}
				var puts, gets []asyncio.AwaitableOf[struct{}]
				for i := range n {
					if i%2 == 0 {
						puts = append(puts, asyncio.GoErr(s.Ctx, put(i)))
						gets = append(gets, asyncio.GoErr(s.Ctx, get))
						continue
					}
					puts = append(puts, s.elsewhere(func() { s.Check(put(i)(context.Background())) }))
					gets = append(gets, s.elsewhere(func() { s.Check(get(context.Background())) }))
				}
				_, err := asyncio.GatherOf(s.Ctx, puts...)
				s.Must(err)
				s.Must(q.Join(s.Ctx))
				q.Shutdown(false)
				_, err = asyncio.GatherOf(s.Ctx, gets...)
				s.Must(err)
				onloop.Want(s, "items", len(got), n*each)
				for item, times := range got {
					if times != 1 {
						s.Errorf("item %d came %d times", item, times)
					}
				}
				s.leftBehind(q, "at the end")
			})
		}
	}
}

func TestWhichLoop(t *testing.T) {
	t.Parallel()
	row(t, "another loop's coroutine, once somebody has waited", func(s *stage) {
		q := queues.NewQueue[int](0)
		s.Must(q.PutNowait(0))
		otherLoop(s, func(ctx context.Context, _ asyncio.EventLoop) {
			_, err := q.Get(ctx) // no wait, no loop
			s.Check(err)
		})
		_, err := asyncio.WaitFor(s.Ctx, 0, q.Get)
		s.wantError("get", err, asyncio.ErrTimeout)
		getter := asyncio.Go(s.Ctx, q.Get)
		s.Passes(1)
		otherLoop(s, func(ctx context.Context, loop asyncio.EventLoop) {
			_, err := q.Get(ctx)
			s.wantError("get", err, asyncio.ErrWrongLoop)
			s.wantError("bind", q.Bind(loop), asyncio.ErrWrongLoop)
			s.Check(q.Put(ctx, 1)) // which need not wait
			s.wantError("join", q.Join(ctx), asyncio.ErrWrongLoop)
		})
		onloop.Want(s, "item", result(s, getter), 1)
	})
	row(t, "a plain callback cannot wait, and binds nothing", func(s *stage) {
		q := queues.NewQueue[int](1)
		_, err := s.Loop.CallSoon(func() {
			_, err := q.Get(context.Background())
			s.wantError("get", err, asyncio.ErrAwaitInCallback)
			s.Check(q.PutNowait(1))
			s.wantError("put", q.Put(context.Background(), 2), asyncio.ErrAwaitInCallback)
			s.wantError("join", q.Join(context.Background()), asyncio.ErrAwaitInCallback)
		})
		s.Must(err)
		s.Passes(1)
		otherLoop(s, func(_ context.Context, loop asyncio.EventLoop) { s.Check(q.Bind(loop)) })
	})
	row(t, "bound twice, and to nil", func(s *stage) {
		q := queues.NewQueue[int](0)
		s.Must(q.Bind(s.Loop))
		s.Must(q.Bind(s.Loop))
		s.wantError("bind", q.Bind(nil), asyncio.ErrInvalidArgument)
	})
	row(t, "a goroutine that comes first", func(s *stage) {
		q := queues.NewQueue[int](0)
		ended := s.elsewhere(func() {
			_, err := q.Get(context.Background())
			s.wantError("get", err, asyncio.ErrNoCurrentLoop)
		})
		_, err := ended.Await(s.Ctx)
		s.Must(err)
		s.Must(q.PutNowait(1)) // a coroutine has been there now
		s.gets(q, 1)
		ended = s.elsewhere(func() {
			_, err := q.Get(context.Background())
			s.Check(err)
		})
		s.until(waiting(q, "getters", 1))
		s.Must(q.PutNowait(2))
		_, err = ended.Await(s.Ctx)
		s.Must(err)
		otherLoop(s, func(_ context.Context, loop asyncio.EventLoop) {
			s.wantError("bind", q.Bind(loop), asyncio.ErrWrongLoop)
		})
	})
}

// otherLoop runs f as a coroutine of another loop, on a goroutine of its own, and waits
// for it.
func otherLoop(s *stage, f func(ctx context.Context, loop asyncio.EventLoop)) {
	s.Helper()
	ended := s.elsewhere(func() {
		loop, err := asyncio.NewSelectorEventLoop(nil)
		if err != nil {
			s.Error(err)
			return
		}
		s.Check(loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
			f(ctx, loop)
			return nil
		})))
		s.Check(loop.Close())
	})
	_, err := ended.Await(s.Ctx)
	s.Must(err)
}

// TestMisuse: what no constructor has made, and a less function that panics.
func TestMisuse(t *testing.T) {
	t.Parallel()
	row(t, "a queue that was not made", func(s *stage) {
		var plain queues.Queue[int]
		for _, q := range []queue{&plain, &queues.LifoQueue[int]{}, &queues.PriorityQueue[int]{}, queues.NewPriorityQueueFunc[int](1, nil)} {
			_, err := q.Get(s.Ctx)
			s.wantError("get", err, asyncio.ErrInvalidArgument)
			_, err = q.GetNowait()
			s.wantError("get without waiting", err, asyncio.ErrInvalidArgument)
			s.wantError("put", q.Put(s.Ctx, 1), asyncio.ErrInvalidArgument)
			s.wantError("put without waiting", q.PutNowait(1), asyncio.ErrInvalidArgument)
			onloop.Want(s, "empty", q.Empty(), true)
			onloop.Want(s, "text", contains(q.String(), "not made"), true)
			s.Must(q.Join(s.Ctx))
			q.Shutdown(true)
		}
	})
	row(t, "a less function that panics", func(s *stage) {
		bad := -1
		q := queues.NewPriorityQueueFunc(8, func(a, b int) bool {
			if a == bad || b == bad {
				panic("no such item")
			}
			return a < b
		})
		for _, item := range []int{5, 3, 4, 1, 2, 9, 7} {
			s.Must(q.PutNowait(item))
		}
		panics(s, func() { _ = q.PutNowait(-1) })
		onloop.Want(s, "size", q.Len(), 7)
		for bad = range 10 {
			before := q.String()
			func() {
				defer func() { _ = recover() }()
				_, _ = q.GetNowait()
				if q.String() == before {
					s.Errorf("nothing was taken")
				}
				s.Must(q.PutNowait(0)) // smaller than all others
			}()
		}
		bad = -1
		for last, n := -1, q.Len(); n > 0; n-- {
			item, err := q.GetNowait()
			s.Must(err)
			onloop.Want(s, "order is kept", item >= last, true)
			last = item
		}
	})
	row(t, "a less function that panics for the item of a goroutine that waits", func(s *stage) {
		q := queues.NewPriorityQueueFunc(2, func(a, b int) bool {
			if a < 0 || b < 0 {
				panic("no such item")
			}
			return a < b
		})
		s.Must(q.Bind(s.Loop))
		s.Must(q.PutNowait(1))
		s.Must(q.PutNowait(2))
		ended := s.elsewhere(func() { panics(s, func() { _ = q.Put(context.Background(), -1) }) })
		s.until(func() bool { return contains(q.String(), "putters[1]") })
		panics(s, func() { _, _ = q.GetNowait() })
		_, err := ended.Await(s.Ctx)
		s.Must(err)
		onloop.Want(s, "what is left", q.String(), "<PriorityQueue maxsize=2 queue=[2] tasks=2>")
	})
}

// panics fails the test if f does not panic.
func panics(s *stage, f func()) {
	s.Helper()
	defer func() {
		if recover() == nil {
			s.Error("no panic")
		}
	}()
	f()
}

// TestClosed: goroutines that wait for a loop that is closed hear of it.
func TestClosed(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		s := newStage(t, m)
		loop := s.Loop
		q := queues.NewQueue[int](1)
		s.Must(q.Bind(loop))
		var all sync.WaitGroup
		all.Go(func() {
			_, err := q.Get(context.Background())
			s.wantError("get", err, asyncio.ErrLoopClosed)
		})
		full := queues.NewQueue[int](1)
		s.Must(full.Bind(loop))
		s.Must(full.PutNowait(1))
		all.Go(func() { s.wantError("put", full.Put(context.Background(), 2), asyncio.ErrLoopClosed) })
		all.Go(func() { s.wantError("join", full.Join(context.Background()), asyncio.ErrLoopClosed) })
		s.Run(func() {
			s.until(waiting(q, "getters", 1))
			s.until(waiting(full, "putters", 1))
		})
		s.Must(loop.Close())
		all.Wait()
		s.leftBehind(q, "closed")
		onloop.Want(s, "what is left", full.String(), "<Queue maxsize=1 queue=[1] tasks=1>")
	})
}
