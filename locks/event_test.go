package locks_test

import (
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

func TestEvent(t *testing.T) {
	t.Parallel()
	row(t, "locks.010.event-string", func(s *stage) {
		var e locks.Event
		s.want("at first", &e, "<Event unset>")
		e.Set()
		s.want("set", &e, "<Event set>")
		e.Clear()
		task := s.Start(e.Wait)
		s.Passes(1)
		s.want("waited for", &e, "<Event unset waiters=1>")
		e.Set()
		s.want("woken", &e, "<Event set waiters=1>")
		s.Check(s.ended(task))
		s.want("at last", &e, "<Event set>")
	})
	row(t, "locks.011.event-wait", func(s *stage) {
		var e locks.Event
		s.noting(1, e.Wait)
		s.noting(2, e.Wait)
		s.Passes(1)
		s.noted("[]")
		s.noting(3, e.Wait)
		e.Set()
		s.noted("[]")
		s.Passes(1)
		s.noted("[3 1 2]")
	})
	row(t, "locks.012.event-wait-on-set", func(s *stage) {
		var e locks.Event
		e.Set()
		s.soon(func() { s.note("a pass") })
		s.Check(e.Wait(s.Ctx))
		s.noted("[]")
	})
	row(t, "locks.013.event-cancel", func(s *stage) {
		var e locks.Event
		task := s.Start(e.Wait)
		s.soon(func() { task.Cancel() })
		s.Fails(s.ended(task), asyncio.ErrCancelled)
		s.want("afterwards", &e, "<Event unset>")
	})
	row(t, "locks.014.event-clear", func(s *stage) {
		var e locks.Event
		s.want("set", e.IsSet(), false)
		e.Set()
		s.want("set", e.IsSet(), true)
		e.Clear()
		s.want("set", e.IsSet(), false)
	})
	row(t, "locks.015.event-set-then-clear", func(s *stage) {
		var e locks.Event
		task := s.noting(1, e.Wait)
		s.Passes(1)
		e.Set()
		e.Clear()
		s.want("set", e.IsSet(), false)
		e.Set()
		e.Set()
		e.Clear()
		s.Passes(1)
		s.noted("[1]")
		s.Check(s.ended(task))
		s.want("afterwards", &e, "<Event unset>")
	})
}
