package locks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// waitIn acquires the condition and waits in it; it keeps the lock if there is no error.
func waitIn(c *locks.Condition) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if err := c.Acquire(ctx); err != nil {
			return err
		}
		err := c.Wait(ctx)
		if err != nil {
			_ = c.Release() // it is held: row locks.017
		}
		return err
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	row(t, "locks.016.condition-wait-notify", func(s *stage) {
		var c locks.Condition
		for i := range 3 {
			s.noting(i+1, waitIn(&c))
		}
		s.Passes(1)
		s.noted("[]")
		s.want("locked", c.Locked(), false)
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.Notify(1))
		s.Passes(1)
		s.noted("[]")
		s.want("locked", c.Locked(), true)
		s.Check(c.Release())
		s.Passes(1)
		s.noted("[1]")
		s.Check(c.Notify(2))
		s.Passes(1)
		s.noted("[1]")
		s.Check(c.Release())
		s.Passes(1)
		s.noted("[1 2]")
		s.Check(c.Release())
		s.Passes(1)
		s.noted("[1 2 3]")
		s.want("locked", c.Locked(), true)
	})
	row(t, "locks.017.condition-cancel-contested", func(s *stage) {
		var c locks.Condition
		s.Check(c.Acquire(s.Ctx))
		task := s.Start(c.Wait)
		s.Passes(1)
		s.want("locked", c.Locked(), false)
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.Notify(1))
		s.soon(func() { task.Cancel() })
		s.soon(func() { s.Check(c.Release()) })
		if err := s.ended(task); err != nil {
			s.Fails(err, asyncio.ErrCancelled)
		}
		s.want("locked", c.Locked(), true)
		s.Check(c.Release())
	})
	row(t, "locks.018.condition-cancel-after-notify", func(s *stage) {
		var c locks.Condition
		task := s.Start(waitIn(&c))
		s.Passes(1)
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.Notify(1))
		s.Passes(1)
		task.Cancel()
		s.Passes(3)
		s.want("done", task.Done(), false)
		s.Check(c.Release())
		s.Passes(1)
		s.want("cancelled", task.Cancelled(), true)
		s.want("afterwards", &c, "<Condition unlocked>")
	})
	row(t, "locks.019.condition-wait-unheld", func(s *stage) {
		var c locks.Condition
		s.Fails(c.Wait(s.Ctx), locks.ErrNotAcquired)
	})
	row(t, "locks.020.condition-wait-for", func(s *stage) {
		var c locks.Condition
		ready := false
		task := s.Start(func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.WaitFor(ctx, func() bool { return ready }) })
		})
		s.Passes(1)
		for _, is := range []bool{false, true} {
			s.Check(c.Acquire(s.Ctx))
			ready = is
			s.Check(c.Notify(1))
			s.Check(c.Release())
			s.Passes(2)
			s.want("done", task.Done(), is)
		}
	})
	row(t, "locks.021.condition-wait-for-unheld", func(s *stage) {
		var c locks.Condition
		s.Check(c.WaitFor(s.Ctx, func() bool { return true }))
		s.Fails(c.WaitFor(s.Ctx, func() bool { return false }), locks.ErrNotAcquired)
	})
	row(t, "locks.022.condition-notify-count", func(s *stage) { notifyCount(s) })
	row(t, "locks.023.condition-notify-all", func(s *stage) {
		var c locks.Condition
		for i := range 3 {
			s.noting(i+1, func(ctx context.Context) error { return c.With(ctx, func() error { return c.Wait(ctx) }) })
		}
		s.Passes(1)
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.NotifyAll())
		s.Check(c.Release())
		s.Passes(1)
		s.noted("[1 2 3]")
	})
	row(t, "locks.024.condition-notify-unheld", func(s *stage) {
		var c locks.Condition
		s.Fails(c.Notify(1), locks.ErrNotAcquired)
		s.Fails(c.NotifyAll(), locks.ErrNotAcquired)
	})
	row(t, "locks.025.condition-string", func(s *stage) {
		var c locks.Condition
		s.want("at first", &c, "<Condition unlocked>")
		a, b := s.Start(waitIn(&c)), s.Start(waitIn(&c))
		s.Passes(1)
		s.Check(c.Acquire(s.Ctx))
		s.want("waited in", &c, "<Condition locked waiters=2>")
		s.Check(c.Release())
		a.Cancel()
		b.Cancel()
		s.Passes(2)
		s.want("cancelled", &c, "<Condition unlocked>")
	})
	row(t, "locks.026.condition-scope", func(s *stage) {
		var c locks.Condition
		s.Check(c.With(s.Ctx, func() error {
			s.want("locked", c.Locked(), true)
			return nil
		}))
		s.want("locked", c.Locked(), false)
	})
	row(t, "locks.027.condition-shared-lock", func(s *stage) {
		l := &locks.Lock{}
		c := locks.NewCondition(l)
		for _, g := range []guard{l, c} {
			s.Check(g.Acquire(s.Ctx))
			s.want("locked", []bool{l.Locked(), c.Locked()}, "[true true]")
			s.Check(g.Release())
			s.want("locked", []bool{l.Locked(), c.Locked()}, "[false false]")
		}
	})
	row(t, "locks.028.condition-timeout", func(s *stage) {
		var c locks.Condition
		s.Check(c.Acquire(s.Ctx))
		_, err := asyncio.WaitFor(s.Ctx, time.Millisecond, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, c.Wait(ctx)
		})
		s.Fails(err, asyncio.ErrTimeout)
		s.want("afterwards", &c, "<Condition locked>")
		ctx, cancel := context.WithTimeout(s.Ctx, time.Millisecond)
		defer cancel()
		s.Fails(c.Wait(ctx), asyncio.ErrTimeout)
		s.want("afterwards", &c, "<Condition locked>")
		s.Fails(s.elsewhere(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			return c.Wait(ctx)
		}), asyncio.ErrTimeout)
		s.want("afterwards", &c, "<Condition locked>")
	})
	row(t, "locks.701.condition-cancel-same-error", func(s *stage) { cancelledWith(s, false) })
	row(t, "locks.702.condition-cancel-relock-same-error", func(s *stage) { cancelledWith(s, true) })
	row(t, "locks.703.condition-notify-passed-on", func(s *stage) {
		for relocking := range 2 {
			passedOn(s, relocking)
		}
	})
	row(t, "locks.704.condition-wrong-loop-keeps-lock", func(s *stage) {
		l := &locks.Lock{}
		c := locks.NewCondition(l)
		task := s.Start(waitIn(c))
		s.Passes(1)
		s.Check(s.other(func(ctx context.Context) error {
			s.Check(l.Acquire(ctx))
			s.Fails(c.Wait(ctx), asyncio.ErrWrongLoop)
			s.want("locked", l.Locked(), true)
			return l.Release()
		}))
		s.Check(s.elsewhere(func() error {
			if err := l.Acquire(context.Background()); err != nil {
				return err
			}
			return errors.Join(c.NotifyAll(), l.Release())
		}))
		s.Check(s.ended(task))
		s.Check(l.Release())
	})
}

// notifyCount notifies one, then more than there are.
func notifyCount(s *stage) {
	var c locks.Condition
	for i := range 4 {
		s.noting(i+1, func(ctx context.Context) error { return c.With(ctx, func() error { return c.Wait(ctx) }) })
	}
	s.Passes(1)
	for _, step := range []struct {
		n    int
		want string
	}{{0, "[]"}, {1, "[1]"}, {2, "[1 2 3]"}, {2048, "[1 2 3 4]"}} {
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.Notify(step.n))
		s.Check(c.Release())
		s.Passes(2)
		s.noted(step.want)
	}
	s.want("afterwards", &c, "<Condition unlocked>")
}

// cancelledWith cancels a wait, before or while it takes the lock again.
func cancelledWith(s *stage, relocking bool) {
	var c locks.Condition
	var raised error
	task := s.Start(func(ctx context.Context) error {
		return c.With(ctx, func() error {
			raised = c.WaitFor(ctx, func() bool { return false })
			return raised
		})
	})
	s.Passes(1)
	if relocking {
		s.Check(c.Acquire(s.Ctx))
		s.Check(c.Notify(1))
		s.Passes(1)
	}
	task.Cancel("foo")
	if relocking {
		s.Check(c.Release())
	}
	err := s.ended(task)
	var e *asyncio.CancelledError
	if !errors.As(err, &e) || e.Message != "foo" {
		s.Errorf("error %v, want a cancellation with foo", err)
	}
	s.Fails(raised, asyncio.ErrCancelled)
	if !errors.As(raised, &e) || e.Message != "foo" {
		s.Errorf("the wait's error %v, want a cancellation with foo", raised)
	}
	s.want("afterwards", &c, "<Condition unlocked>")
}

// passedOn cancels one that was notified, before it goes on or while it takes the lock
// again. The other takes the item.
func passedOn(s *stage, relocking int) {
	var c locks.Condition
	items := 0
	consume := func(ctx context.Context) error {
		return c.With(ctx, func() error {
			if err := c.WaitFor(ctx, func() bool { return items > 0 }); err != nil {
				return err
			}
			items--
			return nil
		})
	}
	first, second := s.Start(consume), s.Start(consume)
	s.Passes(1)
	s.Check(c.Acquire(s.Ctx))
	items++
	s.Check(c.Notify(1))
	s.Passes(relocking)
	first.Cancel()
	s.Check(c.Release())
	s.Fails(s.ended(first), asyncio.ErrCancelled)
	s.Check(s.ended(second))
	s.want("items", items, 0)
	s.want("afterwards", &c, "<Condition unlocked>")
}
