package locks_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// visitor is one whose wait a sweep ends.
type visitor struct {
	task   *asyncio.Task[struct{}]
	cancel context.CancelFunc // of the context that it waits with
	in     bool               // it got what it waited for
}

// ends are the ways in which a wait may end before its turn.
var ends = map[string]func(v *visitor){
	"cancel":       func(v *visitor) { v.task.Cancel() },
	"cancel twice": func(v *visitor) { v.task.Cancel(); v.task.Cancel() },
	"context":      func(v *visitor) { v.cancel() },
	"both":         func(v *visitor) { v.cancel(); v.task.Cancel() },
	"uncancelled":  func(v *visitor) { v.task.Cancel(); v.task.Uncancel() },
}

// mostPasses is how many passes a sweep plays: more than anything takes.
const mostPasses = 6

// visit starts three visitors that do f, and lets the loop pass so often; act is called
// before each pass. It returns when all have ended, which those that act leaves alone must.
func (s *stage) visit(what string, f func(ctx context.Context, v *visitor, i int) error, act func(vs []*visitor, pass int), ended int) {
	s.Helper()
	vs := make([]*visitor, 3)
	for i := range vs {
		v := &visitor{}
		vs[i] = v
		v.task = s.Start(func(ctx context.Context) error {
			ctx, v.cancel = context.WithCancel(ctx)
			defer v.cancel()
			return f(ctx, v, i)
		})
		v.cancel = func() { v.task.Cancel() } // until it has a context of its own
	}
	for pass := range mostPasses {
		act(vs, pass)
		s.Passes(1)
	}
	s.Passes(3 * mostPasses)
	for i, v := range vs {
		if !v.task.Done() {
			s.Fatalf("%s: visitor %d waits for ever", what, i)
		}
		if err := s.ended(v.task); i != ended && (err != nil || !v.in) {
			s.Errorf("%s: visitor %d: %v, in %v", what, i, err, v.in)
		}
	}
}

// instants calls f for each visitor and for each two passes: in one something happens, in
// the other, before or after it, the visitor's wait is ended.
func (s *stage) instants(name string, f func(what string, which int, act func(happens func()) func(vs []*visitor, pass int))) {
	for which := range 3 {
		for happens := range mostPasses {
			for ended := range mostPasses {
				for _, first := range []bool{false, true} {
					f(fmt.Sprintf("%s: visitor %d in pass %d, it happens in pass %d, ended first %v", name, which, ended, happens, first), which,
						func(happen func()) func(vs []*visitor, pass int) {
							return func(vs []*visitor, pass int) {
								if first && pass == ended {
									ends[name](vs[which])
								}
								if pass == happens {
									happen()
								}
								if !first && pass == ended {
									ends[name](vs[which])
								}
							}
						})
				}
			}
		}
	}
}

// TestAcquireSweep ends the wait of each of three in each pass, before and after the
// release in each pass. The others get in, in order, and the lock is free in the end.
func TestAcquireSweep(t *testing.T) {
	t.Parallel()
	for name := range ends {
		row(t, name, func(s *stage) {
			for kind, g := range guards() {
				free := g.String()
				s.instants(name, func(what string, which int, act func(func()) func([]*visitor, int)) {
					var order []int
					s.Check(g.Acquire(s.Ctx))
					s.visit(kind+" "+what, func(ctx context.Context, v *visitor, i int) error {
						return g.With(ctx, func() error {
							v.in = true
							order = append(order, i)
							return asyncio.Yield(ctx)
						})
					}, act(func() { s.Check(g.Release()) }), which)
					for i := 1; i < len(order); i++ {
						if order[i] < order[i-1] {
							s.Errorf("%s %s: let in as %v", kind, what, order)
						}
					}
					s.want(kind+" "+what, g, free)
				})
			}
		})
	}
}

// TestConditionSweep ends the wait of each of three in each pass, before and after three
// items come, each with one notification. The others get one each.
func TestConditionSweep(t *testing.T) {
	t.Parallel()
	for name := range ends {
		row(t, name, func(s *stage) {
			s.instants(name, func(what string, which int, act func(func()) func([]*visitor, int)) {
				var c locks.Condition
				items := 0
				produce := func() {
					s.Start(func(ctx context.Context) error {
						return c.With(ctx, func() error {
							for range 3 {
								items++
								s.Check(c.Notify(1))
								s.Check(asyncio.Yield(ctx))
							}
							return nil
						})
					})
				}
				s.visit(what, func(ctx context.Context, v *visitor, i int) error {
					return c.With(ctx, func() error {
						err := c.WaitFor(ctx, func() bool { return items > 0 })
						s.want(what+": locked", c.Locked(), true)
						if err == nil {
							items--
							v.in = true
						}
						return err
					})
				}, act(produce), which)
				s.want(what, &c, "<Condition unlocked>")
			})
		})
	}
}

// TestOneNotificationSweep has one notification for whoever is not cancelled: it comes to
// the next if it was the cancelled one's.
func TestOneNotificationSweep(t *testing.T) {
	t.Parallel()
	for name := range ends {
		row(t, name, func(s *stage) {
			s.instants(name, func(what string, which int, act func(func()) func([]*visitor, int)) {
				var c locks.Condition
				notified := false
				notify := func() {
					notified = true
					s.Start(func(ctx context.Context) error {
						return c.With(ctx, func() error { return c.Notify(1) })
					})
				}
				s.visit(what, func(ctx context.Context, v *visitor, i int) error {
					err := c.With(ctx, func() error { return c.Wait(ctx) })
					if v.in = err == nil; v.in {
						s.want(what+": notified", notified, true)
						s.Check(c.With(context.WithoutCancel(ctx), c.NotifyAll)) // now the others
					}
					return err
				}, act(notify), which)
				s.want(what, &c, "<Condition unlocked>")
			})
		})
	}
}

// TestBarrierSweep has three come to a barrier for two, a fourth in each pass, and ends
// the wait of one in each pass, for whom another comes. All go through in pairs.
func TestBarrierSweep(t *testing.T) {
	t.Parallel()
	for name := range ends {
		row(t, name, func(s *stage) {
			s.instants(name, func(what string, which int, act func(func()) func([]*visitor, int)) {
				b := s.barrier(2)
				indices := map[int]int{}
				come := func(ctx context.Context) error {
					i, err := b.Wait(ctx)
					if err == nil {
						indices[i]++
					}
					return err
				}
				var more *asyncio.Task[struct{}]
				instant := act(func() { more = s.Start(come) })
				s.visit(what, func(ctx context.Context, v *visitor, i int) error {
					err := come(ctx)
					v.in = err == nil
					return err
				}, func(vs []*visitor, pass int) {
					if pass == 0 {
						vs[which].task.AddDoneCallback(func(t *asyncio.Task[struct{}]) {
							if !vs[which].in {
								s.Start(come) // in its place
							}
						})
					}
					instant(vs, pass)
				}, which)
				want := "map[0:2 1:2]"
				if b.NWaiting() == 1 { // it was ended as it was to leave: its partner has left alone
					s.Check(come(s.Ctx))
					want = "map[0:2 1:3]"
				}
				s.Check(s.ended(more))
				s.Passes(2)
				s.want(what+": indices", indices, want)
				s.open(b)
			})
		})
	}
}

// TestBarrierResetSweep resets and aborts a barrier in each pass, with parties that wait
// in it, leave it and come again. All end, and it works afterwards.
func TestBarrierResetSweep(t *testing.T) {
	t.Parallel()
	row(t, "each pass", func(s *stage) {
		for name, f := range map[string]func(b *locks.Barrier){"reset": (*locks.Barrier).Reset, "abort": (*locks.Barrier).Abort} {
			for n := range 8 {
				what := fmt.Sprintf("%s in pass %d", name, n)
				b := s.barrier(2)
				var tasks []*asyncio.Task[struct{}]
				for range 3 {
					tasks = append(tasks, s.Start(func(ctx context.Context) error {
						for {
							if _, err := b.Wait(ctx); err != nil {
								return err
							}
							if err := asyncio.Yield(ctx); err != nil {
								return err
							}
						}
					}))
				}
				s.Passes(n)
				f(b)
				s.Passes(4)
				b.Abort()
				for i, task := range tasks {
					if err := s.ended(task); !errors.Is(err, locks.ErrBrokenBarrier) {
						s.Errorf("%s: party %d: %v", what, i, err)
					}
				}
				b.Reset()
				s.open(b)
				s.all(2, through(b))
				s.open(b)
			}
		}
	})
}

// TestCloseSweep closes the loop after each number of passes, with coroutines and
// goroutines that wait, were woken and are inside. All end, the deferred functions of all
// run, and every lock is as it was at first.
func TestCloseSweep(t *testing.T) {
	t.Parallel()
	for n := range 10 {
		bare(t, fmt.Sprintf("%d passes", n), func(s *stage) {
			s.Quiet() // of tasks that are destroyed
			var c locks.Condition
			var e locks.Event
			all := guards()
			b := s.barrier(2)
			visits := []func(ctx context.Context) error{
				func(ctx context.Context) error { return c.With(ctx, func() error { return c.Wait(ctx) }) },
				func(ctx context.Context) error { return c.With(ctx, c.NotifyAll) },
				func(ctx context.Context) error { e.Set(); e.Clear(); return e.Wait(ctx) },
				through(b),
			}
			for _, g := range all {
				s.Check(g.Bind(s.Loop))
				visits = append(visits, func(ctx context.Context) error {
					return g.With(ctx, func() error { return asyncio.Yield(ctx) })
				})
			}
			s.Check(errors.Join(c.Bind(s.Loop), e.Bind(s.Loop), b.Bind(s.Loop)))
			s.closeAfter(n, visits)
			for kind, fresh := range guards() {
				s.want(kind, all[kind], fresh)
			}
			s.want("condition", &c, "<Condition unlocked>")
			s.want("event", &e, "<Event unset>")
			s.want("barrier", b, "<Barrier filling waiters=0/2>")
		})
	}
}

// closeAfter has coroutines and goroutines do visits again and again, until the loop is
// closed after n passes.
func (s *stage) closeAfter(n int, visits []func(ctx context.Context) error) {
	s.Helper()
	var begun, ended atomic.Int32
	var there sync.WaitGroup
	for _, visit := range visits {
		for range 3 {
			s.Start(func(ctx context.Context) error {
				begun.Add(1)
				defer ended.Add(1)
				for {
					if err := errors.Join(visit(ctx), asyncio.Yield(ctx)); err != nil {
						return err
					}
				}
			})
		}
		there.Go(func() {
			for !s.Loop.IsClosed() {
				switch err := visit(context.Background()); {
				case errors.Is(err, asyncio.ErrLoopClosed):
					return
				case err != nil && !errors.Is(err, asyncio.ErrNoRunningLoop): // Yield is for coroutines
					s.Error(err)
					return
				}
			}
		})
	}
	s.Run(func() { s.Passes(n) })
	s.Check(s.Loop.Close())
	there.Wait()
	s.want("coroutines that have ended", ended.Load(), begun.Load())
}

// TestGoexitSweep: who is inside leaves by Goexit, or by a panic, in each pass. Those who
// wait get in.
func TestGoexitSweep(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"goexit": runtime.Goexit, "panic": func() { panic("boom") }} {
		row(t, name, func(s *stage) {
			s.Quiet()
			for kind, g := range guards() {
				free := g.String()
				for n := range mostPasses {
					what := fmt.Sprintf("%s left in pass %d", kind, n)
					bad := s.Start(func(ctx context.Context) error {
						return g.With(ctx, func() error {
							for range n {
								s.Check(asyncio.Yield(ctx))
							}
							leave()
							return nil
						})
					})
					next := s.Start(func(ctx context.Context) error { return g.With(ctx, func() error { return nil }) })
					s.Check(s.ended(next))
					s.want(what+": it failed", s.ended(bad) != nil, true)
					s.want(what, g, free)
				}
			}
			b := s.barrier(1)
			bad := s.Start(func(ctx context.Context) error {
				_, _ = b.Wait(ctx)
				leave()
				return nil
			})
			s.want("it failed", s.ended(bad) != nil, true)
			s.open(b)
		})
	}
}
