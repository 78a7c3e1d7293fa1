package asyncio_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// door lets in one at a time, in order: a lock over Waiters.
type door struct {
	loop    asyncio.EventLoop
	mu      sync.Mutex
	waiters asyncio.Waiters
	locked  bool
}

func (d *door) enter(ctx context.Context) error {
	handOn, err := d.wait(ctx)
	if handOn {
		d.leave()
	}
	return err
}

func (d *door) wait(ctx context.Context) (handOn bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.locked {
		d.locked = true
		return false, nil
	}
	return d.waiters.Wait(ctx, d.loop, &d.mu)
}

func (d *door) leave() {
	d.mu.Lock()
	d.locked = d.waiters.Len() > 0
	next := d.waiters.WakeOne(nil)
	d.mu.Unlock()
	next.Do()
}

func (d *door) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waiters.Len()
}

// untilWaiting lets the loop go on until n wait.
func (d *door) untilWaiting(t testing.TB, ctx context.Context, n int) {
	t.Helper()
	for d.waiting() != n {
		must(t, asyncio.Sleep(ctx, instant))
	}
}

// end wakes all with err.
func (d *door) end(err error) {
	d.mu.Lock()
	all := d.waiters.WakeAll(err)
	d.mu.Unlock()
	all.Do()
}

// check finds what was left behind.
func (d *door) check(t testing.TB, what string) {
	t.Helper()
	if !d.mu.TryLock() {
		t.Errorf("%s: the mutex is held", what)
		return
	}
	defer d.mu.Unlock()
	if n := d.waiters.Len(); n != 0 || d.locked {
		t.Errorf("%s: %d are in the queue, locked is %v", what, n, d.locked)
	}
}

func TestWaiters(t *testing.T) {
	t.Parallel()
	row(t, "first come, first served", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		var mu sync.Mutex
		var order []int
		come := func(i int) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				if err := d.enter(ctx); err != nil {
					return err
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				d.leave()
				return nil
			}
		}
		var all []asyncio.AwaitableOf[struct{}]
		for i := range 10 {
			if i%3 == 1 {
				f := asyncio.NewFuture[struct{}](loop)
				go func() {
					if err := come(i)(context.Background()); err != nil {
						t.Error(err)
					}
					_ = f.SetResult(struct{}{}) // nobody else sets it
				}()
				all = append(all, f)
			} else {
				all = append(all, asyncio.GoErr(ctx, come(i)))
			}
			d.untilWaiting(t, ctx, i+1)
		}
		d.leave()
		_, err := asyncio.GatherOf(ctx, all...)
		must(t, err)
		want(t, "order", fmt.Sprint(order), "[0 1 2 3 4 5 6 7 8 9]")
		d.check(t, "afterwards")
	})
	row(t, "woken with an error", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		one, other := asyncio.GoErr(ctx, d.enter), asyncio.GoErr(ctx, d.enter)
		foreign := make(chan error, 1)
		go func() { foreign <- d.enter(context.Background()) }()
		d.untilWaiting(t, ctx, 3)
		d.end(errBoom)
		want(t, "still waiting", d.waiting(), 0)
		for _, task := range []*asyncio.Task[struct{}]{one, other} {
			_, err := task.Await(ctx)
			want(t, "error", err, errBoom)
		}
		want(t, "error elsewhere", <-foreign, errBoom)
	})
	row(t, "nobody waits", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		d.end(nil)
		d.mu.Lock()
		nobody := d.waiters.WakeOne(nil)
		d.mu.Unlock()
		nobody.Do()
		asyncio.Wakeup{}.Do()
		task := asyncio.GoErr(ctx, d.enter) // nothing was kept for it
		passes(t, ctx, 3)
		want(t, "done", task.Done(), false)
		d.leave()
		_, err := task.Await(ctx)
		must(t, err)
	})
	row(t, "woken before Do", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		task := asyncio.GoErr(ctx, d.enter)
		passes(t, ctx, 1)
		d.mu.Lock()
		k := d.waiters.WakeAll(nil)
		d.mu.Unlock()
		passes(t, ctx, 3)
		want(t, "waiting", d.waiting(), 0)
		want(t, "done", task.Done(), false)
		k.Do()
		_, err := task.Await(ctx)
		must(t, err)
	})
	row(t, "who may not wait", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		done := asyncio.NewFuture[error](loop)
		_, err := loop.CallSoon(func() { must(t, done.SetResult(d.enter(ctx))) })
		must(t, err)
		err, _ = done.Await(ctx)
		wantError(t, err, asyncio.ErrAwaitInCallback)
		there := &door{loop: newLoop(t), locked: true}
		wantError(t, there.enter(ctx), asyncio.ErrWrongLoop)
		want(t, "waiting", d.waiting()+there.waiting(), 0)
	})
	row(t, "the running loop", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{locked: true}
		_, err := loop.CallLater(instant, d.leave)
		must(t, err)
		must(t, d.enter(ctx))
		elsewhere(func() { wantError(t, d.enter(context.Background()), asyncio.ErrNoCurrentLoop) })
	})
	row(t, "one that cleans up", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			_ = asyncio.Sleep(ctx, forever) // until it is cancelled
			return d.enter(context.WithoutCancel(ctx))
		})
		passes(t, ctx, 2)
		task.Cancel()
		passes(t, ctx, 2)
		task.Cancel() // of no effect: it waits with a context that cannot be done
		passes(t, ctx, 2)
		d.leave()
		passes(t, ctx, 2)
		want(t, "done", task.Done(), true)
		d.leave()
		d.check(t, "afterwards")
	})
}

// TestWaitersEnds: a wait that ends otherwise leaves the queue, and hands on what it was
// woken for.
func TestWaitersEnds(t *testing.T) {
	t.Parallel()
	row(t, "cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		task := asyncio.GoErr(ctx, d.enter)
		passes(t, ctx, 1)
		task.Cancel("why")
		_, err := task.Await(ctx)
		wantMessage(t, err, "why")
		want(t, "waiting", d.waiting(), 0)
	})
	row(t, "cancelled before", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			asyncio.CurrentTask().Cancel()
			defer func() { want(t, "waiting", d.waiting(), 0) }()
			return d.enter(ctx)
		})
		passes(t, ctx, 1)
		want(t, "waiting", d.waiting(), 0) // it takes no place
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
	row(t, "the context is done", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		derived, cancel := context.WithCancel(ctx)
		_, err := loop.CallLater(instant, cancel)
		must(t, err)
		wantError(t, d.enter(derived), context.Canceled)
		wantError(t, d.enter(derived), context.Canceled)
		elsewhere(func() {
			ctx, cancel := context.WithTimeout(context.Background(), instant)
			defer cancel()
			wantError(t, d.enter(ctx), asyncio.ErrTimeout)
			wantError(t, d.enter(ctx), context.DeadlineExceeded)
		})
		want(t, "waiting", d.waiting(), 0)
	})
	row(t, "a Do that comes late", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		for range 10 {
			gone := asyncio.GoErr(ctx, d.enter)
			passes(t, ctx, 1)
			d.mu.Lock()
			late := d.waiters.WakeAll(errBoom)
			d.mu.Unlock()
			gone.Cancel()
			_, err := gone.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			next := asyncio.GoErr(ctx, d.enter)
			passes(t, ctx, 1)
			late.Do() // is for nobody any more
			passes(t, ctx, 2)
			want(t, "done", next.Done(), false)
			want(t, "waiting", d.waiting(), 1)
			d.leave()
			_, err = next.Await(ctx)
			must(t, err)
		}
	})
	ends := map[string]func(d *door, task *asyncio.Task[struct{}]){
		"woken, then cancelled": func(d *door, task *asyncio.Task[struct{}]) { d.leave(); task.Cancel() },
		"cancelled, then woken": func(d *door, task *asyncio.Task[struct{}]) { task.Cancel(); d.leave() },
	}
	for name, end := range ends {
		row(t, name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			d := &door{loop: loop, locked: true}
			first, second := asyncio.GoErr(ctx, d.enter), asyncio.GoErr(ctx, d.enter)
			passes(t, ctx, 1)
			end(d, first)
			_, err := first.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			_, err = second.Await(ctx)
			must(t, err)
			end(d, second) // nobody is left: it is done and was not cancelled
			d.check(t, "afterwards")
		})
		row(t, name+" with an error", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			d := &door{loop: loop, locked: true}
			task := asyncio.GoErr(ctx, func(ctx context.Context) error {
				handOn, err := d.wait(ctx)
				want(t, "hand on", handOn, false)
				return err
			})
			passes(t, ctx, 1)
			steps := []func(){func() { d.end(errBoom) }, func() { task.Cancel() }}
			if name == "cancelled, then woken" {
				slices.Reverse(steps)
			}
			for _, f := range steps {
				f()
			}
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
		})
	}
	plainRow(t, "the loop is closed", func(t *testing.T) {
		loop := mustLoop(t)
		r := collectReports(t, loop)
		d := &door{loop: loop, locked: true}
		unwound := false
		task := asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
			defer func() {
				unwound = true
				wantError(t, d.enter(ctx), asyncio.ErrLoopClosed)
			}()
			return d.enter(ctx)
		})
		foreign := make(chan error)
		for range 3 {
			go func() { foreign <- d.enter(context.Background()) }()
		}
		must(t, loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
			d.untilWaiting(t, ctx, 4)
			return nil
		})))
		must(t, loop.Close())
		for range 3 {
			wantError(t, <-foreign, asyncio.ErrLoopClosed)
		}
		want(t, "unwound", unwound, true)
		wantError(t, task.Exception(), asyncio.ErrLoopClosed)
		want(t, "reports", len(r.all()), 1)
		wantError(t, d.enter(context.Background()), asyncio.ErrLoopClosed)
		d.locked = false
		d.check(t, "afterwards")
	})
	plainRow(t, "the run fails", func(t *testing.T) {
		loop := newBreaks(t, 20)
		d := &door{loop: loop.EventLoop, locked: true}
		foreign := make(chan error)
		go func() { foreign <- d.enter(context.Background()) }()
		wantError(t, <-loop.start(), errBroken)
		wantError(t, <-foreign, errBroken)
		wantError(t, d.enter(context.Background()), errBroken)
		d.leave()
		d.check(t, "afterwards")
	})
}

// ownLock is a lock that is no sync.Mutex.
type ownLock struct{ sync.Mutex }

// TestWaitersUnpark: Unpark wakes the first, whoever that is, unlocks, and wakes nobody else.
func TestWaitersUnpark(t *testing.T) {
	t.Parallel()
	for name, mu := range map[string]sync.Locker{"mutex": new(sync.Mutex), "another lock": new(ownLock)} {
		t.Run(name, func(t *testing.T) {
			inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
				var q asyncio.Waiters
				length := func() int {
					mu.Lock()
					defer mu.Unlock()
					return q.Len()
				}
				var order []int
				park := func(i int) func(ctx context.Context) error {
					return func(ctx context.Context) error {
						mu.Lock()
						handOn, err := q.Park(ctx, loop, mu)
						want(t, "the wake-up is to be handed on", handOn, false)
						mu.Lock()
						order = append(order, i)
						mu.Unlock()
						return err
					}
				}
				mu.Lock()
				q.Unpark(mu) // nobody
				want(t, "who wait", length(), 0)
				first, third := asyncio.GoErr(ctx, park(1)), asyncio.NewFuture[error](loop)
				for length() < 1 {
					must(t, asyncio.Sleep(ctx, 0))
				}
				go func() {
					_ = third.SetResult(park(2)(context.Background())) // nobody else sets it
				}()
				for length() < 2 {
					must(t, asyncio.Sleep(ctx, instant))
				}
				mu.Lock()
				q.Unpark(mu)
				want(t, "who wait after one was woken", length(), 1)
				_, err := first.Await(ctx)
				must(t, err)
				mu.Lock()
				q.Unpark(mu)
				failed, err := third.Await(ctx)
				must(t, err)
				must(t, failed)
				elsewhere := asyncio.GoErr(ctx, park(3))
				for length() < 1 {
					must(t, asyncio.Sleep(ctx, 0))
				}
				go func() {
					mu.Lock()
					q.Unpark(mu)
				}()
				_, err = elsewhere.Await(ctx)
				must(t, err)
				want(t, "order", fmt.Sprint(order), "[1 2 3]")
			})
		})
	}
}

// TestWaitersAllocations is not parallel: it counts all that the process allocates.
func TestWaitersAllocations(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("pools forget under the race detector")
	}
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop, locked: true}
		var open func()
		open = func() { // once somebody waits
			if d.waiting() > 0 {
				d.leave()
			} else if _, err := loop.CallSoon(open); err != nil {
				t.Error(err)
			}
		}
		visits := func(ctx context.Context) float64 {
			return testing.AllocsPerRun(200, func() {
				if _, err := loop.CallSoonThreadsafe(open); err != nil {
					t.Error(err)
				}
				if err := d.enter(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		want(t, "allocations for a coroutine's wait", visits(ctx), 0)
		n, err := asyncio.ToThread(ctx, func() (float64, error) { return visits(context.Background()), nil })
		must(t, err)
		want(t, "allocations for a goroutine's wait", n, 0)
	})
}

// TestWaitersStress: coroutines and goroutines come and go, and are cancelled, all at
// once. One at a time is inside, and nothing is left behind.
func TestWaitersStress(t *testing.T) {
	t.Parallel()
	const guests, visits = 8, 300
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		d := &door{loop: loop}
		inside := 0
		visit := func(ctx context.Context, i int) error {
			for range visits {
				short, cancel := context.WithTimeout(ctx, time.Duration(i)*50*time.Microsecond)
				err := d.enter(short)
				if err == nil {
					if inside++; inside != 1 { // the race detector sees it, too
						t.Errorf("%d are inside", inside)
					}
					inside--
					d.leave()
				}
				cancel()
				if err := asyncio.Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		}
		var there sync.WaitGroup
		for i := range guests {
			there.Go(func() {
				if err := visit(context.Background(), i); err != nil {
					t.Error(err)
				}
			})
		}
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for i := range guests {
				g.Go(func(ctx context.Context) error { return visit(ctx, i) })
			}
			return nil
		}))
		must(t, asyncio.ToThreadErr(ctx, func() error { there.Wait(); return nil }))
		d.check(t, "afterwards")
	})
}
