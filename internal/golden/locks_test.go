package golden_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

func TestLocks(t *testing.T) {
	compare(t, "locks",
		lockGoesInOrder, lockIsFreeUntilTheNextOneRuns, lockCancelledWaiterAndRelease,
		lockReleaseAndCancelledWaiter, lockReleasedAtOnceIsAskedForAgain,
		eventSetWakesAllAfterWhoComesLate, eventSetAndClearedAtOnce, conditionNotifiesInOrder,
		conditionCancelledBeforeItIsNotified, conditionCancelledAsItTakesTheLock,
		conditionNotifiedAndCancelledPassesItOn, conditionWaitsForAPredicate,
		semaphoreLetsSoManyIn, semaphoreNewOnesQueueUp, semaphoreWithMoreThanIsAskedFor,
		semaphoreWokenAndCancelled, barrierAgainAndAgain, barrierWhoComesWhileOthersLeave,
		barrierCancelledParty, barrierResetAndAbort, barrierResetWhileOthersLeave)
}

// acquirable is a lock or a semaphore.
type acquirable interface {
	Acquire(ctx context.Context) error
	Release() error
}

// turns lets the loop pass n times and says so.
func (s *stage) turns(ctx context.Context, n int) {
	for range n {
		s.must(ticks(ctx, 0))
		s.out("a pass")
	}
}

// user acquires a lock and releases it after some passes.
func (s *stage) user(name string, lock acquirable, hold int) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		if err := lock.Acquire(ctx); err != nil {
			s.out(name, "cancelled")
			return nil, err
		}
		s.out(name, "has it")
		for range hold {
			s.must(ticks(ctx, 0))
		}
		s.must(lock.Release())
		s.out(name, "released it")
		return nil, nil
	})
}

// holder acquires a lock and keeps it.
func (s *stage) holder(name string, lock acquirable) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		if err := lock.Acquire(ctx); err != nil {
			s.out(name, "cancelled")
			return nil, err
		}
		s.out(name, "has it")
		return nil, nil
	})
}

// each makes a task for each letter.
func each(names string, f func(name string) *asyncio.Task[any]) (tasks []*asyncio.Task[any]) {
	for _, name := range names {
		tasks = append(tasks, f(string(name)))
	}
	return tasks
}

func (s *stage) holders(names string, lock acquirable) []*asyncio.Task[any] {
	return each(names, func(name string) *asyncio.Task[any] { return s.holder(name, lock) })
}

func lockGoesInOrder(ctx context.Context, s *stage) error {
	var lock locks.Lock
	tasks := each("abc", func(name string) *asyncio.Task[any] { return s.user(name, &lock, 1) })
	s.turns(ctx, 8)
	s.wait(ctx, tasks...)
	s.out("locked", lock.Locked())
	return nil
}

func lockIsFreeUntilTheNextOneRuns(ctx context.Context, s *stage) error {
	var lock locks.Lock
	s.must(lock.Acquire(ctx))
	a := s.holder("a", &lock)
	s.must(ticks(ctx, 0))
	s.must(lock.Release())
	s.out("locked", lock.Locked())
	b := s.holder("b", &lock)
	s.turns(ctx, 2)
	s.out("locked", lock.Locked())
	s.must(lock.Release())
	s.wait(ctx, a, b)
	return nil
}

func lockCancelledWaiterAndRelease(ctx context.Context, s *stage) error {
	var lock locks.Lock
	s.must(lock.Acquire(ctx))
	tasks := s.holders("abc", &lock)
	s.must(ticks(ctx, 0))
	tasks[0].Cancel()
	s.must(lock.Release())
	s.turns(ctx, 3)
	s.must(lock.Release())
	s.wait(ctx, tasks...)
	s.howEnded(tasks)
	return nil
}

// howEnded says how tasks have ended that hold nothing.
func (s *stage) howEnded(tasks []*asyncio.Task[any]) {
	for _, t := range tasks {
		if _, err := t.Result(); err != nil {
			s.out(describe(err))
		} else {
			s.out("well")
		}
	}
}

func lockReleaseAndCancelledWaiter(ctx context.Context, s *stage) error {
	var lock locks.Lock
	s.must(lock.Acquire(ctx))
	tasks := s.holders("abc", &lock)
	s.must(ticks(ctx, 0))
	s.must(lock.Release())
	tasks[0].Cancel("too late")
	s.turns(ctx, 3)
	s.must(lock.Release())
	s.wait(ctx, tasks...)
	s.howEnded(tasks)
	return nil
}

func lockReleasedAtOnceIsAskedForAgain(ctx context.Context, s *stage) error {
	var lock locks.Lock
	tasks := each("abc", func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			for turn := 1; turn <= 2; turn++ {
				s.must(lock.Acquire(ctx))
				s.out(name, turn)
				s.must(ticks(ctx, 0))
				s.must(lock.Release())
			}
			return nil, nil
		})
	})
	s.wait(ctx, tasks...)
	s.out("locked", lock.Locked())
	return nil
}

func eventSetWakesAllAfterWhoComesLate(ctx context.Context, s *stage) error {
	var event locks.Event
	waiter := func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			err := event.Wait(ctx)
			s.out(name, err == nil)
			return nil, err
		})
	}
	tasks := each("ab", waiter)
	s.must(ticks(ctx, 0))
	tasks = append(tasks, waiter("c"))
	event.Set()
	s.turns(ctx, 2)
	s.wait(ctx, tasks...)
	return nil
}

func eventSetAndClearedAtOnce(ctx context.Context, s *stage) error {
	var event locks.Event
	waiter := func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			err := event.Wait(ctx)
			if err != nil {
				s.out(name, "cancelled")
			} else {
				s.out(name, "woken, set", event.IsSet())
			}
			return nil, err
		})
	}
	tasks := each("ab", waiter)
	s.must(ticks(ctx, 0))
	event.Set()
	event.Clear()
	tasks = append(tasks, waiter("c"))
	tasks[1].Cancel()
	s.turns(ctx, 3)
	event.Set()
	s.wait(ctx, tasks...)
	return nil
}

// waitsIn waits in a condition for one notification.
func (s *stage) waitsIn(cond *locks.Condition) func(name string) *asyncio.Task[any] {
	return func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			return nil, cond.With(ctx, func() error {
				if err := cond.Wait(ctx); err != nil {
					s.out(name, describe(err), "locked", cond.Locked())
					return err
				}
				s.out(name, "notified")
				err := ticks(ctx, 0)
				s.out(name, "leaves")
				return err
			})
		})
	}
}

// with does f while a condition is held.
func (s *stage) with(ctx context.Context, cond *locks.Condition, f func()) {
	s.must(cond.With(ctx, func() error { f(); return nil }))
}

func conditionNotifiesInOrder(ctx context.Context, s *stage) error {
	var cond locks.Condition
	tasks := each("abcd", s.waitsIn(&cond))
	s.must(ticks(ctx, 0))
	s.with(ctx, &cond, func() {
		s.must(cond.Notify(2))
		s.out("two are notified")
		s.turns(ctx, 1)
	})
	s.out("released")
	s.turns(ctx, 5)
	s.with(ctx, &cond, func() { s.must(cond.NotifyAll()) })
	s.turns(ctx, 5)
	s.wait(ctx, tasks...)
	return nil
}

func conditionCancelledBeforeItIsNotified(ctx context.Context, s *stage) error {
	var cond locks.Condition
	ready := false
	tasks := each("ab", func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			return nil, cond.With(ctx, func() error {
				err := cond.WaitFor(ctx, func() bool { return ready })
				if err == nil {
					s.out(name, "goes on")
				}
				return err
			})
		})
	})
	s.must(ticks(ctx, 0))
	tasks[0].Cancel("not any more")
	s.turns(ctx, 3)
	s.with(ctx, &cond, func() {
		ready = true
		s.must(cond.Notify(1))
	})
	s.turns(ctx, 2)
	s.ended(tasks[0].Await(ctx))
	s.ended(tasks[1].Await(ctx))
	return nil
}

func conditionCancelledAsItTakesTheLock(ctx context.Context, s *stage) error {
	var cond locks.Condition
	task := s.waitsIn(&cond)("a")
	s.must(ticks(ctx, 0))
	s.must(cond.Acquire(ctx))
	s.must(cond.Notify(1))
	s.turns(ctx, 1)
	task.Cancel("late")
	s.turns(ctx, 3)
	s.out("done", task.Done())
	s.must(cond.Release())
	s.turns(ctx, 1)
	s.ended(task.Await(ctx))
	s.out("locked", cond.Locked())
	return nil
}

func conditionNotifiedAndCancelledPassesItOn(ctx context.Context, s *stage) error {
	var cond locks.Condition
	tasks := each("ab", s.waitsIn(&cond))
	s.must(ticks(ctx, 0))
	s.with(ctx, &cond, func() {
		s.must(cond.Notify(1))
		tasks[0].Cancel()
	})
	s.turns(ctx, 4)
	s.ended(tasks[0].Await(ctx))
	s.ended(tasks[1].Await(ctx))
	return nil
}

func conditionWaitsForAPredicate(ctx context.Context, s *stage) error {
	var cond locks.Condition
	stock := 0
	var tasks []*asyncio.Task[any]
	for _, c := range []struct {
		name string
		n    int
	}{{"a", 3}, {"b", 1}, {"c", 2}} {
		tasks = append(tasks, s.task(func(ctx context.Context) (any, error) {
			s.with(ctx, &cond, func() {
				s.must(cond.WaitFor(ctx, func() bool { return stock >= c.n }))
				s.out(c.name, "takes", c.n)
				stock -= c.n
			})
			return nil, nil
		}))
	}
	s.must(ticks(ctx, 0))
	for range 6 {
		s.with(ctx, &cond, func() {
			stock++
			s.out("stock", stock)
			s.must(cond.NotifyAll())
		})
		s.must(ticks(ctx, 0))
		s.must(ticks(ctx, 0))
	}
	s.wait(ctx, tasks...)
	s.out("left", stock)
	return nil
}

// semaphore makes one.
func (s *stage) semaphore(value int) *locks.Semaphore {
	sem, err := locks.NewSemaphore(value)
	s.must(err)
	return sem
}

func semaphoreLetsSoManyIn(ctx context.Context, s *stage) error {
	sem := s.semaphore(2)
	tasks := each("abcde", func(name string) *asyncio.Task[any] { return s.user(name, sem, 2) })
	s.turns(ctx, 10)
	s.wait(ctx, tasks...)
	s.out("locked", sem.Locked())
	return nil
}

func semaphoreNewOnesQueueUp(ctx context.Context, s *stage) error {
	sem := s.semaphore(0)
	tasks := s.holders("ab", sem)
	s.must(ticks(ctx, 0))
	s.must(sem.Release())
	s.out("locked", sem.Locked())
	tasks = append(tasks, s.holder("c", sem))
	s.turns(ctx, 2)
	s.must(sem.Release())
	s.must(sem.Release())
	s.turns(ctx, 2)
	s.wait(ctx, tasks...)
	return nil
}

func semaphoreWithMoreThanIsAskedFor(ctx context.Context, s *stage) error {
	sem := s.semaphore(0)
	var tasks []*asyncio.Task[any]
	first := func(ctx context.Context) (any, error) {
		s.must(sem.Acquire(ctx))
		s.out("first")
		tasks = append(tasks, s.task(func(context.Context) (any, error) {
			s.out("last")
			return nil, nil
		}))
		return nil, nil
	}
	second := func(ctx context.Context) (any, error) {
		for range 3 {
			s.must(sem.Release())
		}
		s.out("locked", sem.Locked())
		s.must(sem.Acquire(ctx))
		s.out("second")
		return nil, nil
	}
	tasks = append(tasks, s.task(first), s.task(second), s.holder("third", sem))
	s.turns(ctx, 3)
	s.wait(ctx, tasks...)
	s.out("locked", sem.Locked())
	return nil
}

func semaphoreWokenAndCancelled(ctx context.Context, s *stage) error {
	sem := s.semaphore(1)
	s.must(sem.Acquire(ctx))
	tasks := s.holders("ab", sem)
	s.must(ticks(ctx, 0))
	s.must(sem.Release())
	tasks[0].Cancel()
	s.turns(ctx, 3)
	s.wait(ctx, tasks...)
	s.out("locked", sem.Locked())
	return nil
}

// barrier makes one.
func (s *stage) barrier(parties int) *locks.Barrier {
	b, err := locks.NewBarrier(parties)
	s.must(err)
	return b
}

// meets is a party that comes so many times.
func (s *stage) meets(ctx context.Context, name string, b *locks.Barrier, times int) error {
	for range times {
		switch i, err := b.Wait(ctx); {
		case err == nil:
			s.out(name, "goes on as", i)
		case errors.Is(err, locks.ErrBrokenBarrier):
			s.out(name, "finds it broken")
		default:
			s.out(name, "cancelled")
			return err
		}
	}
	return nil
}

func (s *stage) parties(names string, b *locks.Barrier, times int) []*asyncio.Task[any] {
	return each(names, func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) { return nil, s.meets(ctx, name, b, times) })
	})
}

func barrierAgainAndAgain(ctx context.Context, s *stage) error {
	b := s.barrier(3)
	tasks := s.parties("abc", b, 2)
	s.turns(ctx, 4)
	s.wait(ctx, tasks...)
	s.out("waiting", b.NWaiting())
	return nil
}

func barrierWhoComesWhileOthersLeave(ctx context.Context, s *stage) error {
	b := s.barrier(2)
	tasks := s.parties("abcd", b, 1)
	s.turns(ctx, 4)
	s.wait(ctx, tasks...)
	s.out("waiting", b.NWaiting())
	return nil
}

func barrierCancelledParty(ctx context.Context, s *stage) error {
	b := s.barrier(3)
	tasks := s.parties("ab", b, 1)
	s.must(ticks(ctx, 0))
	tasks[0].Cancel()
	s.turns(ctx, 2)
	s.out("waiting", b.NWaiting())
	tasks = append(tasks, s.parties("cd", b, 1)...)
	s.turns(ctx, 3)
	s.wait(ctx, tasks...)
	return nil
}

func barrierResetAndAbort(ctx context.Context, s *stage) error {
	b := s.barrier(3)
	tasks := s.parties("ab", b, 2)
	s.must(ticks(ctx, 0))
	s.out("waiting", b.NWaiting())
	b.Reset()
	s.turns(ctx, 2)
	s.out("waiting", b.NWaiting(), "broken", b.Broken())
	b.Abort()
	s.turns(ctx, 2)
	s.out("waiting", b.NWaiting(), "broken", b.Broken())
	s.must(s.meets(ctx, "c", b, 1))
	s.wait(ctx, tasks...)
	b.Reset()
	s.out("broken", b.Broken())
	return nil
}

func barrierResetWhileOthersLeave(ctx context.Context, s *stage) error {
	b := s.barrier(3)
	tasks := []*asyncio.Task[any]{s.task(func(ctx context.Context) (any, error) {
		_, err := b.Wait(ctx)
		s.out("it is reset")
		b.Reset()
		return nil, err
	})}
	tasks = append(tasks, s.parties("b", b, 2)...)
	tasks = append(tasks, s.parties("c", b, 1)...)
	s.turns(ctx, 4)
	s.out("waiting", b.NWaiting())
	tasks = append(tasks, s.parties("dd", b, 1)...)
	s.wait(ctx, tasks...)
	return nil
}
