package asyncio

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// scope is a context of this package's: a task's own, or that of a timeout or a
// task group inside it. It takes its values from another context. A task's own
// scope is done from an explicit Task.Cancel on; an inner one when it ends early,
// or with the one around it, or with a context of the user's between the two.
//
// It implements AfterFunc, so that deriving from it starts no goroutine and what
// was derived is cancelled in the order in which it was derived.
type scope struct {
	values context.Context
	task   *taskBase
	failed atomic.Pointer[scopeEnd]  // why it is done
	more   atomic.Pointer[scopeMore] // made at first use
}

// scopeMore is what a task's own scope, of which nothing is derived, does without.
type scopeMore struct {
	// underUser: a context of the user's lies around the scope and may be done.
	underUser bool
	// shield is the scope from which a context that cannot be done cuts this one
	// off, if there is such a context around it.
	shield *scope
	// stop takes the scope off the context around it.
	stop func() bool

	mu    sync.Mutex
	done  chan struct{} // made at first use
	after []*afterFunc
}

// scopeEnd says why a scope is done.
type scopeEnd struct {
	err error
	// users: a context of the user's is done, so that every wait with this
	// scope ends, as it would with that context itself.
	users bool
}

type afterFunc struct{ f func() }

// scopeKey finds the nearest scope of a context.
type scopeKey struct{}

// init makes s the scope of a task, with the values of ctx. The scopes that ctx
// lies in have no values of their own and are left out, so that tasks that start
// each other make no chain. What is left may be done and must not look so.
func (s *scope) init(t *taskBase, values context.Context) {
	for {
		outer, ok := values.(*scope)
		if !ok {
			break
		}
		values = outer.values
	}
	switch {
	case values == nil:
		values = context.Background()
	case values.Done() != nil:
		values = context.WithoutCancel(values)
	}
	s.task, s.values = t, values
}

// newScope makes a scope inside ctx.
func newScope(ctx context.Context, t *taskBase) *scope {
	if ctx == nil {
		ctx = &t.scope
	}
	both := &struct {
		scope
		scopeMore
	}{}
	s, more := &both.scope, &both.scopeMore
	s.values, s.task = ctx, t
	s.more.Store(more)
	p, own := scopeOf(ctx)
	if p != nil {
		more.shield = p.shield()
	}
	switch {
	case own:
		more.underUser = p.underUser()
		if e := p.failed.Load(); e != nil {
			s.end(e)
		} else {
			more.stop = p.AfterFunc(func() { s.end(p.failed.Load()) })
		}
	case ctx.Done() == nil:
		more.shield = p
	default:
		more.underUser = true
		end := func() { s.end(&scopeEnd{ctx.Err(), true}) }
		if ctx.Err() != nil {
			end()
		} else {
			more.stop = t.loop.sim.afterDone(ctx, end)
		}
	}
	return s
}

// rest returns what the scope has done without so far.
func (s *scope) rest() *scopeMore {
	if m := s.more.Load(); m != nil {
		return m
	}
	s.more.CompareAndSwap(nil, new(scopeMore))
	return s.more.Load()
}

// underUser reports whether a context of the user's lies around the scope and may be done.
func (s *scope) underUser() bool {
	m := s.more.Load()
	return m != nil && m.underUser
}

// shield is the scope from which a context that cannot be done cuts this one off, nil if there
// is no such context around it.
func (s *scope) shield() *scope {
	if m := s.more.Load(); m != nil {
		return m.shield
	}
	return nil
}

// shields reports whether requests to cancel leave a wait alone that is with the scope,
// or, if uncancellable, with a context inside it that cannot be done: such a wait cleans
// up after a scope that is done, and is in no scope that is.
func (s *scope) shields(uncancellable bool) bool {
	if s.failed.Load() != nil {
		return uncancellable
	}
	outer := s.shield()
	return outer != nil && outer.shields(true)
}

// scopeOf returns the nearest scope of a context, nil if there is none, and
// whether the context is done exactly when the scope is: it is the scope, or
// adds values to it.
func scopeOf(ctx context.Context) (nearest *scope, own bool) {
	if s, ok := ctx.(*scope); ok {
		return s, true
	}
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s, s != nil && ctx.Done() == s.Done()
}

// end makes the scope done and calls what waits for that, in order. The first reason
// counts.
func (s *scope) end(why *scopeEnd) {
	m := s.rest()
	m.mu.Lock()
	if s.failed.Load() != nil {
		m.mu.Unlock()
		return
	}
	s.failed.Store(why)
	if m.done != nil {
		close(m.done)
	}
	after := m.after
	m.after = nil
	m.mu.Unlock()
	for _, a := range after {
		a.f()
	}
}

// close takes the scope off the context around it when its function is over.
func (s *scope) close() {
	if stop := s.rest().stop; stop != nil {
		stop()
	}
}

// Deadline returns that of a context of the user's around the scope, if there is one.
// The deadline of a Timeout is on the loop's clock and not told here.
func (s *scope) Deadline() (time.Time, bool) {
	if &s.task.scope == s {
		return time.Time{}, false
	}
	return s.values.Deadline()
}

func (s *scope) Done() <-chan struct{} {
	m := s.rest()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done == nil {
		m.done = make(chan struct{})
		if s.failed.Load() != nil {
			close(m.done)
		}
	}
	return m.done
}

func (s *scope) Err() error {
	if e := s.failed.Load(); e != nil {
		return e.err
	}
	return nil
}

func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s
	}
	return s.values.Value(key)
}

// AfterFunc is what package context asks for when something is derived.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	a := &afterFunc{f}
	m := s.rest()
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.failed.Load() != nil {
		// The caller may hold a lock that f wants.
		go f()
		return func() bool { return false }
	}
	m.after = append(m.after, a)
	return func() bool { return m.forget(a) }
}

func (m *scopeMore) forget(a *afterFunc) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, b := range m.after {
		if a == b {
			m.after = append(m.after[:i], m.after[i+1:]...)
			return true
		}
	}
	return false
}
