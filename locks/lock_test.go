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
		s.must(l.Acquire(s.ctx))
		s.want("acquired", &l, "<Lock locked>")
		task := s.start(l.Acquire)
		s.pass(1)
		s.want("waited for", &l, "<Lock locked waiters=1>")
		s.must(l.Release())
		s.want("released", &l, "<Lock unlocked waiters=1>")
		s.must(s.ended(task))
	})
	row(t, "locks.004a.lock-fifo", func(s *stage) {
		var l locks.Lock
		s.must(l.Acquire(s.ctx))
		s.noting(1, l.Acquire)
		s.noting(2, l.Acquire)
		s.pass(1)
		s.noted("[]")
		s.must(l.Release())
		s.pass(1)
		s.noted("[1]")
		s.pass(1)
		s.noted("[1]")
		s.noting(3, l.Acquire)
		s.must(l.Release())
		s.pass(1)
		s.noted("[1 2]")
		s.must(l.Release())
		s.pass(1)
		s.noted("[1 2 3]")
	})
	row(t, "locks.004b.lock-release-not-direct", func(s *stage) {
		var l locks.Lock
		s.must(l.Acquire(s.ctx))
		s.noting(1, l.Acquire)
		s.noting(2, l.Acquire)
		s.pass(1)
		s.must(l.Release())
		s.want("locked", l.Locked(), false)
		s.want("taken by another", l.TryAcquire(), false)
		s.fails(l.Release(), locks.ErrNotAcquired)
		s.pass(1)
		s.want("locked", l.Locked(), true)
		s.pass(2)
		s.noted("[1]")
		s.must(l.Release())
		s.pass(1)
		s.noted("[1 2]")
	})
	row(t, "locks.005.lock-cancel-waiter", func(s *stage) {
		var l locks.Lock
		s.must(l.Acquire(s.ctx))
		task := s.start(l.Acquire)
		s.soon(func() { task.Cancel() })
		s.fails(s.ended(task), asyncio.ErrCancelled)
		s.want("afterwards", &l, "<Lock locked>")
	})
	row(t, "locks.006.lock-cancel-release-race", func(s *stage) {
		var l locks.Lock
		s.must(l.Acquire(s.ctx))
		first := s.noting(1, l.Acquire)
		second := s.noting(2, l.Acquire)
		third := s.noting(3, l.Acquire)
		s.pass(1)
		s.soon(func() {
			first.Cancel()
			s.must(l.Release())
		})
		s.fails(s.ended(first), asyncio.ErrCancelled)
		s.must(s.ended(second))
		s.pass(2)
		s.noted("[2]")
		third.Cancel()
		s.fails(s.ended(third), asyncio.ErrCancelled)
	})
	row(t, "locks.007.lock-release-unheld", func(s *stage) {
		var l locks.Lock
		s.fails(l.Release(), locks.ErrNotAcquired)
		s.want("text", l.Release(), "locks: Lock.Release: lock is not acquired")
	})
	row(t, "locks.008.lock-release-no-waiters", func(s *stage) {
		var l locks.Lock
		s.must(l.Acquire(s.ctx))
		s.want("locked", l.Locked(), true)
		s.must(l.Release())
		s.want("locked", l.Locked(), false)
	})
	row(t, "locks.009.lock-scope", func(s *stage) {
		boom := errors.New("boom")
		for name, g := range guards() {
			s.want(name, g.Locked(), false)
			s.fails(g.With(s.ctx, func() error {
				s.want(name, g.Locked(), true)
				s.want(name+" taken", g.TryAcquire(), false)
				return boom
			}), boom)
			s.want(name, g.Locked(), false)
			s.want(name+" taken", g.TryAcquire(), true)
			task := s.start(func(ctx context.Context) error { return g.With(ctx, func() error { panic("not called") }) })
			s.pass(1)
			task.Cancel()
			s.fails(s.ended(task), asyncio.ErrCancelled)
			s.must(g.Release())
			if name != "Semaphore" { // that has one more then
				s.want(name+": released inside", g.With(s.ctx, g.Release) != nil, true)
			}
		}
	})
	row(t, "locks.055.loop-bound-lazily", func(s *stage) {
		for name, g := range guards() {
			// Uncontended, any loop may use it.
			s.must(s.other(func(ctx context.Context) error { return errors.Join(g.Acquire(ctx), g.Release()) }))
			s.must(g.Acquire(s.ctx))
			task := s.start(g.Acquire)
			s.pass(1)
			err := s.other(g.Acquire)
			s.fails(err, asyncio.ErrWrongLoop)
			of := name
			if name == "Condition" {
				of = "Lock"
			}
			s.want("text", err, "locks: "+of+".Acquire: it is bound to a different event loop")
			s.must(s.other(func(ctx context.Context) error { return g.Release() }))
			s.must(s.ended(task))
			s.must(g.Release())
			s.must(s.other(func(ctx context.Context) error { return errors.Join(g.Acquire(ctx), g.Release()) }))
		}
		var e locks.Event
		b, err := locks.NewBarrier(3)
		s.must(err)
		for name, wait := range map[string]func(ctx context.Context) error{
			"Event":   e.Wait,
			"Barrier": func(ctx context.Context) error { _, err := b.Wait(ctx); return err },
		} {
			task := s.start(wait)
			s.pass(1)
			err := s.other(wait)
			s.fails(err, asyncio.ErrWrongLoop)
			s.want("text", err, "locks: "+name+".Wait: it is bound to a different event loop")
			task.Cancel()
			s.fails(s.ended(task), asyncio.ErrCancelled)
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
			s.must(g.Acquire(s.ctx))
			_, err := s.loop.CallLater(1e6, func() { s.must(g.Release()) })
			s.must(err)
			s.must(s.elsewhere(func() error { return g.Acquire(context.Background()) }))
			s.want("held", g.Locked(), true)
		}
	})
	row(t, "needs a loop", func(s *stage) {
		var e locks.Event
		wait := func() error { return e.Wait(context.Background()) }
		s.fails(s.elsewhere(wait), asyncio.ErrNoCurrentLoop)
		s.fails(e.Bind(nil), asyncio.ErrInvalidArgument)
		s.must(e.Bind(s.loop))
		s.must(e.Bind(s.loop))
		_, err := s.loop.CallLater(1e6, e.Set)
		s.must(err)
		s.must(s.elsewhere(wait))
		other, err := asyncio.NewSelectorEventLoop(nil)
		s.must(err)
		s.fails(e.Bind(other), asyncio.ErrWrongLoop)
		s.must(other.Close())
		for _, g := range guards() {
			s.must(g.Bind(s.loop))
		}
		b, c := &locks.Barrier{}, &locks.Condition{}
		s.must(b.Bind(s.loop))
		s.must(c.Bind(s.loop))
		s.fails(s.other(func(ctx context.Context) error { return c.With(ctx, func() error { return c.Wait(ctx) }) }), asyncio.ErrWrongLoop)
	})
	row(t, "a loop that is closed is none", func(s *stage) {
		for _, g := range guards() {
			s.must(s.other(g.Acquire))
			s.fails(s.elsewhere(func() error { return g.Acquire(context.Background()) }), asyncio.ErrNoCurrentLoop)
			task := s.start(g.Acquire)
			s.pass(1)
			s.must(g.Release())
			s.must(s.ended(task))
		}
		var c locks.Condition
		s.must(s.other(c.Acquire))
		s.fails(s.elsewhere(func() error { return c.Wait(context.Background()) }), asyncio.ErrNoCurrentLoop)
		s.want("still held", c.Locked(), true)
	})
	row(t, "callbacks cannot wait", func(s *stage) {
		var e locks.Event
		var c locks.Condition
		done := asyncio.NewFuture[error](s.loop)
		s.must(c.Acquire(s.ctx))
		s.soon(func() {
			s.fails(c.Acquire(s.ctx), asyncio.ErrAwaitInCallback)
			s.fails(c.Wait(s.ctx), asyncio.ErrAwaitInCallback)
			s.want("locked", c.Locked(), true)
			s.must(done.SetResult(e.Wait(s.ctx)))
		})
		err, _ := done.Await(s.ctx)
		s.fails(err, asyncio.ErrAwaitInCallback)
		s.want("text", err, "locks: Event.Wait: cannot wait in a callback of the event loop; start a task with Go or CreateTask")
		s.want("afterwards", &e, "<Event unset>")
	})
	bare(t, "the loop is closed", func(s *stage) {
		var e locks.Event
		var c locks.Condition
		ended := make(chan error, 2)
		s.run(func() {
			s.must(e.Bind(s.loop))
			s.must(c.Bind(s.loop))
			go func() { ended <- e.Wait(context.Background()) }()
			go func() {
				ended <- c.With(context.Background(), func() error { return c.Wait(context.Background()) })
			}()
			for e.String() != "<Event unset waiters=1>" || c.String() != "<Condition unlocked waiters=1>" {
				s.must(asyncio.Sleep(s.ctx, 1e6))
			}
		})
		s.must(s.loop.Close())
		for range 2 {
			s.fails(<-ended, asyncio.ErrLoopClosed)
		}
		s.want("afterwards", &e, "<Event unset>")
		s.want("afterwards", &c, "<Condition unlocked>")
		s.must(c.Acquire(context.Background()))
		s.fails(c.Wait(context.Background()), asyncio.ErrLoopClosed)
		s.must(c.Release())
	})
	bare(t, "the loop is closed while another holds the lock", func(s *stage) {
		var c locks.Condition
		ended := make(chan error)
		s.run(func() {
			s.must(c.Bind(s.loop))
			go func() {
				ended <- c.With(context.Background(), func() error { return c.Wait(context.Background()) })
			}()
			for c.String() != "<Condition unlocked waiters=1>" {
				s.must(asyncio.Sleep(s.ctx, 1e6))
			}
			s.must(c.Acquire(s.ctx))
		})
		s.must(s.loop.Close())
		s.fails(<-ended, asyncio.ErrLoopClosed)
		s.want("still held", &c, "<Condition locked>")
		s.must(c.Release())
		s.want("afterwards", &c, "<Condition unlocked>")
	})
}
