package locks_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// guard is what a lock, a condition and the semaphores have in common.
type guard interface {
	Acquire(ctx context.Context) error
	TryAcquire() bool
	Release() error
	Locked() bool
	With(ctx context.Context, f func() error) error
	Bind(loop asyncio.EventLoop) error
	String() string
}

// guards are one of each, with one permit.
func guards() map[string]guard {
	return map[string]guard{
		"Lock": &locks.Lock{}, "Condition": &locks.Condition{},
		"Semaphore": &locks.Semaphore{}, "BoundedSemaphore": &locks.BoundedSemaphore{},
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	row(t, "locks.001.lock-string", func(s *stage) {
		var l locks.Lock
		s.want("at first", &l, "<Lock unlocked>")
		s.Check(l.Acquire(s.Ctx))
		s.want("acquired", &l, "<Lock locked>")
		task := s.Start(l.Acquire)
		s.Passes(1)
		s.want("waited for", &l, "<Lock locked waiters=1>")
		s.Check(l.Release())
		s.want("released", &l, "<Lock unlocked waiters=1>")
		s.Check(s.ended(task))
	})
	row(t, "locks.004a.lock-fifo", func(s *stage) {
		var l locks.Lock
		s.Check(l.Acquire(s.Ctx))
		s.noting(1, l.Acquire)
		s.noting(2, l.Acquire)
		s.Passes(1)
		s.noted("[]")
		s.Check(l.Release())
		s.Passes(1)
		s.noted("[1]")
		s.Passes(1)
		s.noted("[1]")
		s.noting(3, l.Acquire)
		s.Check(l.Release())
		s.Passes(1)
		s.noted("[1 2]")
		s.Check(l.Release())
		s.Passes(1)
		s.noted("[1 2 3]")
	})
	row(t, "locks.004b.lock-release-not-direct", func(s *stage) {
		var l locks.Lock
		s.Check(l.Acquire(s.Ctx))
		s.noting(1, l.Acquire)
		s.noting(2, l.Acquire)
		s.Passes(1)
		s.Check(l.Release())
		s.want("locked", l.Locked(), false)
		s.want("taken by another", l.TryAcquire(), false)
		s.Fails(l.Release(), locks.ErrNotAcquired)
		s.Passes(1)
		s.want("locked", l.Locked(), true)
		s.Passes(2)
		s.noted("[1]")
		s.Check(l.Release())
		s.Passes(1)
		s.noted("[1 2]")
	})
	row(t, "locks.005.lock-cancel-waiter", func(s *stage) {
		var l locks.Lock
		s.Check(l.Acquire(s.Ctx))
		task := s.Start(l.Acquire)
		s.soon(func() { task.Cancel() })
		s.Fails(s.ended(task), asyncio.ErrCancelled)
		s.want("afterwards", &l, "<Lock locked>")
	})
	row(t, "locks.006.lock-cancel-release-race", func(s *stage) {
		var l locks.Lock
		s.Check(l.Acquire(s.Ctx))
		first := s.noting(1, l.Acquire)
		second := s.noting(2, l.Acquire)
		third := s.noting(3, l.Acquire)
		s.Passes(1)
		s.soon(func() {
			first.Cancel()
			s.Check(l.Release())
		})
		s.Fails(s.ended(first), asyncio.ErrCancelled)
		s.Check(s.ended(second))
		s.Passes(2)
		s.noted("[2]")
		third.Cancel()
		s.Fails(s.ended(third), asyncio.ErrCancelled)
	})
	row(t, "locks.007.lock-release-unheld", func(s *stage) {
		var l locks.Lock
		s.Fails(l.Release(), locks.ErrNotAcquired)
		s.want("text", l.Release(), "locks: Lock.Release: lock is not acquired")
	})
	row(t, "locks.008.lock-release-no-waiters", func(s *stage) {
		var l locks.Lock
		s.Check(l.Acquire(s.Ctx))
		s.want("locked", l.Locked(), true)
		s.Check(l.Release())
		s.want("locked", l.Locked(), false)
	})
	row(t, "locks.009.lock-scope", func(s *stage) {
		boom := errors.New("boom")
		for name, g := range guards() {
			s.want(name, g.Locked(), false)
			s.Fails(g.With(s.Ctx, func() error {
				s.want(name, g.Locked(), true)
				s.want(name+" taken", g.TryAcquire(), false)
				return boom
			}), boom)
			s.want(name, g.Locked(), false)
			s.want(name+" taken", g.TryAcquire(), true)
			task := s.Start(func(ctx context.Context) error { return g.With(ctx, func() error { panic("not called") }) })
			s.Passes(1)
			task.Cancel()
			s.Fails(s.ended(task), asyncio.ErrCancelled)
			s.Check(g.Release())
			if name != "Semaphore" { // that has one more then
				s.want(name+": released inside", g.With(s.Ctx, g.Release) != nil, true)
			}
		}
	})
	row(t, "locks.055.loop-bound-lazily", func(s *stage) {
		for name, g := range guards() {
			// Uncontended, any loop may use it.
			s.Check(s.other(func(ctx context.Context) error { return errors.Join(g.Acquire(ctx), g.Release()) }))
			s.Check(g.Acquire(s.Ctx))
			task := s.Start(g.Acquire)
			s.Passes(1)
			err := s.other(g.Acquire)
			s.Fails(err, asyncio.ErrWrongLoop)
			of := name
			if name == "Condition" {
				of = "Lock"
			}
			s.want("text", err, "locks: "+of+".Acquire: it is bound to a different event loop")
			s.Check(s.other(func(ctx context.Context) error { return g.Release() }))
			s.Check(s.ended(task))
			s.Check(g.Release())
			s.Check(s.other(func(ctx context.Context) error { return errors.Join(g.Acquire(ctx), g.Release()) }))
		}
		var e locks.Event
		b, err := locks.NewBarrier(3)
		s.Check(err)
		for name, wait := range map[string]func(ctx context.Context) error{
			"Event":   e.Wait,
			"Barrier": func(ctx context.Context) error { _, err := b.Wait(ctx); return err },
		} {
			task := s.Start(wait)
			s.Passes(1)
			err := s.other(wait)
			s.Fails(err, asyncio.ErrWrongLoop)
			s.want("text", err, "locks: "+name+".Wait: it is bound to a different event loop")
			task.Cancel()
			s.Fails(s.ended(task), asyncio.ErrCancelled)
		}
		s.want("afterwards", &e, "<Event unset>")
		s.want("afterwards", b, "<Barrier filling waiters=0/3>")
	})
}

// TestOutside is about goroutines that are no loop's.
func TestOutside(t *testing.T) {
	t.Parallel()
	row(t, "waits on the holder's loop", func(s *stage) {
		for _, g := range guards() {
			s.Check(g.Acquire(s.Ctx))
			_, err := s.Loop.CallLater(1e6, func() { s.Check(g.Release()) })
			s.Check(err)
			s.Check(s.elsewhere(func() error { return g.Acquire(context.Background()) }))
			s.want("held", g.Locked(), true)
		}
	})
	row(t, "needs a loop", func(s *stage) {
		var e locks.Event
		wait := func() error { return e.Wait(context.Background()) }
		s.Fails(s.elsewhere(wait), asyncio.ErrNoCurrentLoop)
		s.Fails(e.Bind(nil), asyncio.ErrInvalidArgument)
		s.Check(e.Bind(s.Loop))
		s.Check(e.Bind(s.Loop))
		_, err := s.Loop.CallLater(1e6, e.Set)
		s.Check(err)
		s.Check(s.elsewhere(wait))
		other, err := asyncio.NewSelectorEventLoop(nil)
		s.Check(err)
		s.Fails(e.Bind(other), asyncio.ErrWrongLoop)
		s.Check(other.Close())
		for _, g := range guards() {
			s.Check(g.Bind(s.Loop))
		}
		b, c := &locks.Barrier{}, &locks.Condition{}
		s.Check(b.Bind(s.Loop))
		s.Check(c.Bind(s.Loop))
		s.Fails(s.other(func(ctx context.Context) error { return c.With(ctx, func() error { return c.Wait(ctx) }) }), asyncio.ErrWrongLoop)
	})
	row(t, "a loop that is closed is none", func(s *stage) {
		for _, g := range guards() {
			s.Check(s.other(g.Acquire))
			s.Fails(s.elsewhere(func() error { return g.Acquire(context.Background()) }), asyncio.ErrNoCurrentLoop)
			task := s.Start(g.Acquire)
			s.Passes(1)
			s.Check(g.Release())
			s.Check(s.ended(task))
		}
		var c locks.Condition
		s.Check(s.other(c.Acquire))
		s.Fails(s.elsewhere(func() error { return c.Wait(context.Background()) }), asyncio.ErrNoCurrentLoop)
		s.want("still held", c.Locked(), true)
	})
	row(t, "callbacks cannot wait", func(s *stage) {
		var e locks.Event
		var c locks.Condition
		done := asyncio.NewFuture[error](s.Loop)
		s.Check(c.Acquire(s.Ctx))
		s.soon(func() {
			s.Fails(c.Acquire(s.Ctx), asyncio.ErrAwaitInCallback)
			s.Fails(c.Wait(s.Ctx), asyncio.ErrAwaitInCallback)
			s.want("locked", c.Locked(), true)
			s.Check(done.SetResult(e.Wait(s.Ctx)))
		})
		err, _ := done.Await(s.Ctx)
		s.Fails(err, asyncio.ErrAwaitInCallback)
		s.want("text", err, "locks: Event.Wait: cannot wait in a callback of the event loop; start a task with Go or CreateTask")
		s.want("afterwards", &e, "<Event unset>")
	})
	bare(t, "the loop is closed", func(s *stage) {
		var e locks.Event
		var c locks.Condition
		ended := make(chan error, 2)
		s.Run(func() {
			s.Check(e.Bind(s.Loop))
			s.Check(c.Bind(s.Loop))
			go func() { ended <- e.Wait(context.Background()) }()
			go func() {
				ended <- c.With(context.Background(), func() error { return c.Wait(context.Background()) })
			}()
			for e.String() != "<Event unset waiters=1>" || c.String() != "<Condition unlocked waiters=1>" {
				s.Check(asyncio.Sleep(s.Ctx, 1e6))
			}
		})
		s.Check(s.Loop.Close())
		for range 2 {
			s.Fails(<-ended, asyncio.ErrLoopClosed)
		}
		s.want("afterwards", &e, "<Event unset>")
		s.want("afterwards", &c, "<Condition unlocked>")
		s.Check(c.Acquire(context.Background()))
		s.Fails(c.Wait(context.Background()), asyncio.ErrLoopClosed)
		s.Check(c.Release())
	})
	bare(t, "the loop is closed while another holds the lock", func(s *stage) {
		var c locks.Condition
		ended := make(chan error)
		s.Run(func() {
			s.Check(c.Bind(s.Loop))
			go func() {
				ended <- c.With(context.Background(), func() error { return c.Wait(context.Background()) })
			}()
			for c.String() != "<Condition unlocked waiters=1>" {
				s.Check(asyncio.Sleep(s.Ctx, 1e6))
			}
			s.Check(c.Acquire(s.Ctx))
		})
		s.Check(s.Loop.Close())
		s.Fails(<-ended, asyncio.ErrLoopClosed)
		s.want("still held", &c, "<Condition locked>")
		s.Check(c.Release())
		s.want("afterwards", &c, "<Condition unlocked>")
	})
}
