package locks_test

import (
	"context"
	"math"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// semaphore makes one.
func (s *stage) semaphore(value int) *locks.Semaphore {
	s.Helper()
	m, err := locks.NewSemaphore(value)
	s.Check(err)
	return m
}

func TestSemaphore(t *testing.T) {
	t.Parallel()
	row(t, "locks.029.semaphore-zero", func(s *stage) {
		s.want("locked", s.semaphore(0).Locked(), true)
		s.want("taken", s.semaphore(0).TryAcquire(), false)
		b, err := locks.NewBoundedSemaphore(0)
		s.Check(err)
		s.want("locked", b.Locked(), true)
		s.Fails(b.Release(), locks.ErrReleasedTooOften)
	})
	row(t, "locks.030.semaphore-string", func(s *stage) {
		m := s.semaphore(2)
		s.want("at first", m, "<Semaphore unlocked value=2>")
		s.Check(m.Acquire(s.Ctx))
		s.want("acquired", m, "<Semaphore unlocked value=1>")
		s.Check(m.Acquire(s.Ctx))
		s.want("acquired again", m, "<Semaphore locked>")
		a, b := s.Start(m.Acquire), s.Start(m.Acquire)
		s.Passes(1)
		s.want("waited for", m, "<Semaphore locked waiters=2>")
		s.Check(m.Release())
		s.Check(m.Release())
		s.Check(s.ended(a))
		s.Check(s.ended(b))
		s.want("bounded", &locks.BoundedSemaphore{}, "<BoundedSemaphore unlocked value=1>")
	})
	row(t, "locks.031.semaphore-default", func(s *stage) {
		var m locks.Semaphore
		var b locks.BoundedSemaphore
		s.want("locked", []bool{m.Locked(), b.Locked()}, "[false false]")
		s.want("first", []bool{m.TryAcquire(), b.TryAcquire()}, "[true true]")
		s.want("second", []bool{m.TryAcquire(), b.TryAcquire()}, "[false false]")
		s.Check(b.Release())
		s.Fails(b.Release(), locks.ErrReleasedTooOften)
	})
	row(t, "locks.032.semaphore-negative", func(s *stage) {
		_, err := locks.NewSemaphore(-1)
		s.Fails(err, asyncio.ErrInvalidArgument)
		s.want("text", err, "locks: NewSemaphore: invalid argument: the value is -1; it must be 0 or more")
		_, err = locks.NewBoundedSemaphore(math.MinInt)
		s.Fails(err, asyncio.ErrInvalidArgument)
		s.Fails(s.semaphore(math.MaxInt).Release(), locks.ErrReleasedTooOften)
	})
	row(t, "locks.033.semaphore-acquire", func(s *stage) {
		m := s.semaphore(3)
		s.Check(m.Acquire(s.Ctx))
		s.Check(m.Acquire(s.Ctx))
		s.want("locked", m.Locked(), false)
		for i := range 3 {
			s.noting(i+1, m.Acquire)
		}
		s.Passes(1)
		s.noted("[1]")
		s.want("waited for", m, "<Semaphore locked waiters=2>")
		last := s.noting(4, m.Acquire)
		s.Check(m.Release())
		s.Check(m.Release())
		s.want("taken between", m.TryAcquire(), false)
		s.Passes(1)
		s.noted("[1 2 3]")
		s.want("waited for", m, "<Semaphore locked waiters=1>")
		s.Check(m.Release())
		s.Check(s.ended(last))
	})
	row(t, "locks.034.semaphore-cancel-before-wake", func(s *stage) {
		m := s.semaphore(0)
		var tasks []*asyncio.Task[struct{}]
		for i := range 4 {
			tasks = append(tasks, s.noting(i+1, m.Acquire))
		}
		s.Passes(1)
		tasks[0].Cancel()
		tasks[1].Cancel()
		s.Check(m.Release())
		s.Passes(2)
		s.noted("[3]")
		s.Passes(3)
		s.noted("[3]")
		tasks[3].Cancel()
		s.Passes(1)
		s.want("afterwards", m, "<Semaphore locked>")
	})
	row(t, "locks.035a.semaphore-no-hang", func(s *stage) {
		m := s.semaphore(0)
		first, second := s.Start(m.Acquire), s.Start(m.Acquire)
		s.Passes(1)
		first.Cancel()
		s.Check(m.Release())
		s.Passes(2)
		s.want("locked", m.Locked(), true)
		s.want("done", second.Done(), true)
	})
	row(t, "locks.035b.semaphore-woken-then-cancelled", func(s *stage) {
		var m locks.Semaphore
		s.Check(m.Acquire(s.Ctx))
		task := s.noting("not reached", m.Acquire)
		s.Passes(1)
		s.Check(m.Release())
		task.Cancel()
		s.Fails(s.ended(task), asyncio.ErrCancelled)
		s.noted("[]")
		s.want("taken", m.TryAcquire(), true)
	})
	row(t, "locks.036.semaphore-release", func(s *stage) {
		var m locks.Semaphore
		s.Check(m.Acquire(s.Ctx))
		s.want("locked", m.Locked(), true)
		s.Check(m.Release())
		s.want("locked", m.Locked(), false)
	})
	row(t, "locks.037a.semaphore-fifo", func(s *stage) { strictTurns(s) })
	row(t, "locks.037b.semaphore-fifo-no-steal", func(s *stage) {
		m := s.semaphore(1)
		one := s.noting(1, m.Acquire)
		two := s.Start(func(ctx context.Context) error {
			s.Check(m.Acquire(ctx))
			s.note(2)
			s.Check(m.Release())
			s.Check(m.Acquire(ctx))
			s.note(4)
			return nil
		})
		three := s.noting(3, m.Acquire)
		s.Passes(1)
		s.Check(m.Release())
		s.Check(m.Release())
		for _, task := range []*asyncio.Task[struct{}]{one, two, three} {
			s.Check(s.ended(task))
		}
		s.noted("[1 2 3 4]")
	})
	row(t, "locks.037c.semaphore-fifo-after-cancel", func(s *stage) {
		m := s.semaphore(0)
		one, two, three := s.noting(1, m.Acquire), s.noting(2, m.Acquire), s.noting(3, m.Acquire)
		s.Passes(1)
		one.Cancel()
		s.Passes(1)
		s.Check(m.Release())
		s.Check(m.Release())
		s.Fails(s.ended(one), asyncio.ErrCancelled)
		s.Check(s.ended(two))
		s.Check(s.ended(three))
		s.noted("[2 3]")
	})
	row(t, "locks.705.semaphore-wakes-all-waiting", func(s *stage) { wakesAllWaiting(s) })
	row(t, "locks.706.semaphore-locked-with-value", func(s *stage) {
		m := s.semaphore(0)
		task := s.Start(m.Acquire)
		s.Passes(1)
		for range 3 {
			s.Check(m.Release())
		}
		s.want("locked", m.Locked(), true)
		s.want("taken", m.TryAcquire(), false)
		s.Check(s.ended(task))
		s.want("afterwards", m, "<Semaphore unlocked value=2>")
	})
}

// strictTurns has three tasks acquire twice each.
func strictTurns(s *stage) {
	var m locks.Semaphore
	var tasks []*asyncio.Task[struct{}]
	for _, name := range []string{"a", "b", "c"} {
		tasks = append(tasks, s.Start(func(ctx context.Context) error {
			for _, turn := range []string{"1", "2"} {
				err := m.With(ctx, func() error {
					s.note(name + turn)
					return asyncio.Sleep(ctx, 1e6)
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for _, task := range tasks {
		s.Check(s.ended(task))
	}
	s.noted("[a1 b1 c1 a2 b2 c2]")
}

// wakesAllWaiting has two queue up behind one that was woken, though there is enough for
// all.
func wakesAllWaiting(s *stage) {
	m := s.semaphore(0)
	var last *asyncio.Task[struct{}]
	tasks := []*asyncio.Task[struct{}]{
		s.Start(func(ctx context.Context) error {
			if err := m.Acquire(ctx); err != nil {
				return err
			}
			last = s.Start(func(context.Context) error { s.note(4); return nil })
			s.note(1)
			return nil
		}),
		s.Start(func(ctx context.Context) error {
			for range 3 {
				s.Check(m.Release())
			}
			s.want("locked", m.Locked(), true)
			if err := m.Acquire(ctx); err != nil {
				return err
			}
			s.note(2)
			return nil
		}),
		s.noting(3, m.Acquire),
	}
	s.Passes(1)
	s.want("all queue up", m, "<Semaphore locked waiters=3>")
	for _, task := range tasks {
		s.Check(s.ended(task))
	}
	s.Check(s.ended(last))
	s.noted("[1 2 3 4]")
	s.want("afterwards", m, "<Semaphore locked>")
}
