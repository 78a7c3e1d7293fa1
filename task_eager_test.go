package asyncio_test

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

var eagerly = asyncio.WithEagerStart(true)

// eagerRow is a row under the eager factory.
func eagerRow(t *testing.T, id string, f func(t *testing.T, ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	row(t, id, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(asyncio.EagerTaskFactory))
		f(t, ctx, loop)
	})
}

// seven returns at once.
func seven(context.Context) (int, error) { return 7, nil }

// currentName names the current task, "" if there is none.
func currentName() string {
	if t := asyncio.CurrentTask(); t != nil {
		return t.Name()
	}
	return ""
}

// allNames are the names of a loop's tasks that are not done.
func allNames(loop asyncio.EventLoop) (names []string) {
	for _, t := range asyncio.AllTasks(loop) {
		names = append(names, t.Name())
	}
	return names
}

func TestEagerTasks(t *testing.T) {
	t.Parallel()
	eagerRow(t, "tasks.701.eager-factory-installed", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		want(t, "the factory", reflect.ValueOf(loop.GetTaskFactory()).Pointer(), reflect.ValueOf(asyncio.EagerTaskFactory).Pointer())
		task := asyncio.Go(ctx, nothing)
		var _ asyncio.AnyTask = task
		want(t, "loop", task.Loop(), loop)
	})
	eagerRow(t, "tasks.702.eager-completes-inline", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, seven)
		want(t, "done", task.Done(), true)
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
	})
	eagerRow(t, "tasks.703.eager-sets-future-inline", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		asyncio.Go(ctx, func(context.Context) (int, error) { return 0, f.SetResult(4) })
		want(t, "done", f.Done(), true)
		v, err := f.Await(ctx)
		must(t, err)
		want(t, "value", v, 4)
	})
	eagerRow(t, "tasks.704.eager-suspends", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var steps []string
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			steps = append(steps, "first")
			err := asyncio.Sleep(ctx, 0)
			steps = append(steps, "second")
			return 3, err
		})
		want(t, "done", task.Done(), false)
		want(t, "steps", fmt.Sprint(steps), "[first]")
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 3)
		want(t, "steps", fmt.Sprint(steps), "[first second]")
	})
	eagerRow(t, "tasks.705.eager-cancel-after-done", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, seven)
		want(t, "cancel", task.Cancel(), false)
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
		want(t, "cancelled", task.Cancelled(), false)
	})
	eagerRow(t, "tasks.706.eager-cancel-suspended", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, sleeper(forever))
		want(t, "done", task.Done(), false)
		want(t, "cancel", task.Cancel("why"), true)
		want(t, "cancelling", task.Cancelling(), 1)
		_, err := task.Await(ctx)
		wantMessage(t, err, "why")
	})
	eagerRow(t, "tasks.707.eager-current-task", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		maker := asyncio.CurrentTask()
		var seen []asyncio.AnyTask
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			seen = append(seen, asyncio.CurrentTask())
			err := asyncio.Sleep(ctx, 0)
			seen = append(seen, asyncio.CurrentTask())
			return 0, err
		})
		want(t, "the maker", asyncio.CurrentTask(), maker)
		_, err := task.Await(ctx)
		must(t, err)
		want(t, "before its wait", seen[0], asyncio.AnyTask(task))
		want(t, "after its wait", seen[1], asyncio.AnyTask(task))
	})
	eagerRow(t, "tasks.708.eager-nested", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		ends := map[string]func(context.Context) (int, error){
			"returns": nothing,
			"waits":   failing(nil),
			"panics":  func(context.Context) (int, error) { panic("boom") },
			"exits":   exits,
		}
		maker := asyncio.CurrentTask()
		for name, end := range ends {
			var seen []string
			outer := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				seen = append(seen, currentName())
				inner := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					seen = append(seen, currentName())
					return end(ctx)
				}, asyncio.WithName("inner"))
				seen = append(seen, currentName())
				_, _ = inner.Await(ctx) // however it ends
				seen = append(seen, currentName())
				return end(ctx)
			}, asyncio.WithName("outer"))
			want(t, name+": the maker", asyncio.CurrentTask(), maker)
			_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{outer}, asyncio.WaitOptions{})
			must(t, err)
			_ = outer.Exception()
			want(t, name, fmt.Sprint(seen), "[outer inner outer outer]")
		}
	})
	eagerRow(t, "tasks.709.eager-all-tasks-inside", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		asyncio.CurrentTask().SetName("maker")
		var inside []string
		task := asyncio.Go(ctx, func(context.Context) (int, error) {
			inside = allNames(loop)
			return 0, nil
		}, asyncio.WithName("eager"))
		want(t, "inside", fmt.Sprint(inside), "[maker eager]")
		want(t, "done", task.Done(), true)
		want(t, "after", fmt.Sprint(allNames(loop)), "[maker]")
	})
	eagerRow(t, "tasks.710.eager-all-tasks-suspended", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		asyncio.CurrentTask().SetName("maker")
		task := asyncio.Go(ctx, failing(nil), asyncio.WithName("eager"))
		want(t, "while it waits", fmt.Sprint(allNames(loop)), "[maker eager]")
		_, err := task.Await(ctx)
		must(t, err)
		want(t, "done", fmt.Sprint(allNames(loop)), "[maker]")
	})
	eagerRow(t, "tasks.711.eager-context", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		ctx = with(ctx, "maker")
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			holds(t, ctx, "maker")
			ctx = with(ctx, "eager")
			err := asyncio.Sleep(ctx, 0)
			holds(t, ctx, "eager")
			return 0, err
		})
		holds(t, ctx, "maker")
		_, err := task.Await(ctx)
		must(t, err)
		holds(t, ctx, "maker")
		given := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			holds(t, ctx, "given")
			return 0, nil
		}, asyncio.WithContext(with(ctx, "given")))
		must(t, given.Exception())
	})
	eagerRow(t, "tasks.712.eager-name", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		name := ""
		asyncio.Go(ctx, func(context.Context) (int, error) {
			name = currentName()
			return 0, nil
		}, asyncio.WithName("given"))
		want(t, "name", name, "given")
	})
	eagerRow(t, "tasks.713.eager-start-false", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		name := ""
		task := asyncio.Go(ctx, func(context.Context) (int, error) {
			name = currentName()
			return 0, nil
		}, asyncio.WithName("given"), asyncio.WithEagerStart(false))
		want(t, "name, too early", name, "")
		_, err := task.Await(ctx)
		must(t, err)
		want(t, "name", name, "given")
	})
	row(t, "tasks.714.eager-start-true-default", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		name := ""
		f := func(context.Context) (int, error) {
			name = currentName()
			return 0, nil
		}
		asyncio.CreateTask(loop, f, asyncio.WithName("by the loop"), eagerly)
		want(t, "name", name, "by the loop")
		asyncio.Go(ctx, f, asyncio.WithName("by the module"), eagerly)
		want(t, "name", name, "by the module")
	})
	row(t, "tasks.715.eager-start-constructor", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, eager := range []bool{true, false} {
			begun := false
			task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
				begun = true
				return 0, nil
			}, asyncio.WithEagerStart(eager))
			want(t, "begun", begun, eager)
			_, err := task.Await(ctx)
			must(t, err)
		}
	})
	plainRow(t, "tasks.716.eager-loop-not-running", func(t *testing.T) {
		loop := newLoop(t)
		must(t, loop.SetTaskFactory(asyncio.EagerTaskFactory))
		begun := false
		task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
			begun = true
			return 0, nil
		}, eagerly)
		want(t, "begun", begun, false)
		want(t, "names", len(allNames(loop)), 1)
		must(t, loop.RunUntilComplete(task))
		want(t, "begun", begun, true)
	})
}

func TestEagerFactories(t *testing.T) {
	t.Parallel()
	row(t, "tasks.717.eager-recursive-groups", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, eager := range []bool{false, true} {
			made, queued := 0, 0
			must(t, loop.SetTaskFactory(countingSteps(loop, eager, &made, &queued)))
			var tree func(ctx context.Context, depth int) error
			tree = func(ctx context.Context, depth int) error {
				if depth == 0 {
					return nil
				}
				return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
					for range 5 {
						g.Go(func(ctx context.Context) error { return tree(ctx, depth-1) })
					}
					return nil
				})
			}
			must(t, tree(ctx, 4))
			want(t, "tasks", made, 780) // and the outermost, which runs
			want(t, "that took the queue", queued, map[bool]int{false: 780, true: 0}[eager])
			made = 0
			var nest func(ctx context.Context, depth int) error
			nest = func(ctx context.Context, depth int) error {
				if depth == 0 {
					return nil
				}
				_, err := asyncio.NewCoroutine(func(ctx context.Context) (int, error) { return 0, nest(ctx, depth-1) }).Await(ctx)
				return err
			}
			must(t, nest(ctx, 100))
			want(t, "tasks for nested awaits", made, 0)
		}
	})
	row(t, "tasks.721.eager-custom-factory", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var specs []asyncio.TaskSpec
		must(t, loop.SetTaskFactory(asyncio.CreateEagerTaskFactory(func(l asyncio.EventLoop, spec *asyncio.TaskSpec) error {
			want(t, "loop", l, loop)
			specs = append(specs, *spec)
			return nil
		})))
		want(t, "done", asyncio.CreateTask(loop, nothing, asyncio.WithName("given"), asyncio.WithContext(with(ctx, "given"))).Done(), true)
		want(t, "done", asyncio.Go(with(ctx, "maker's"), nothing).Done(), true)
		late := asyncio.Go(ctx, nothing, asyncio.WithEagerStart(false))
		want(t, "done", late.Done(), false)
		want(t, "specs", len(specs), 3)
		want(t, "name", specs[0].Name, "given")
		want(t, "eager", specs[0].Eager, true)
		holds(t, specs[0].Context, "given")
		holds(t, specs[1].Context, "maker's")
		want(t, "eager", specs[2].Eager, false)
		want(t, "decided", specs[2].EagerGiven, true)
		must(t, loop.SetTaskFactory(asyncio.CreateEagerTaskFactory(nil)))
		want(t, "done", asyncio.Go(ctx, nothing).Done(), true)
	})
	row(t, "base.704.factory-gets-keywords", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var got asyncio.TaskSpec
		must(t, loop.SetTaskFactory(func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
			got = *spec
			return nil
		}))
		for _, eager := range []bool{true, false} {
			task := asyncio.CreateTask(loop, nothing, asyncio.WithName("given"), asyncio.WithContext(with(ctx, "given")), asyncio.WithEagerStart(eager))
			want(t, "name", got.Name, "given")
			want(t, "eager", got.Eager, eager)
			want(t, "eagerness given", got.EagerGiven, true)
			holds(t, got.Context, "given")
			want(t, "done", task.Done(), eager)
		}
	})
	row(t, "tasks.755.eager-start-impossible", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		asyncio.CurrentTask().SetName("maker")
		must(t, loop.SetTaskFactory(asyncio.CreateEagerTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errBoom })))
		task := asyncio.Go(ctx, refusedWork)
		wantError(t, task.Exception(), errBoom)
		want(t, "current", currentName(), "maker")
		want(t, "all", fmt.Sprint(allNames(loop)), "[maker]")
		must(t, loop.SetTaskFactory(asyncio.CreateEagerTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { panic(errBoom) })))
		func() {
			defer func() { want(t, "recovered", recover(), any(errBoom)) }()
			asyncio.Go(ctx, refusedWork)
		}()
		want(t, "current", currentName(), "maker")
		want(t, "all", fmt.Sprint(allNames(loop)), "[maker]")
		must(t, loop.SetTaskFactory(nil))
		passes(t, ctx, 2)
	})
	row(t, "tasks.754.eager-no-loop-given", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(nil, nothing, eagerly)
		want(t, "done", task.Done(), true)
		want(t, "loop", task.Loop(), loop)
	})
	row(t, "a factory sees and changes the context", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
			spec.Context = with(spec.Context, "factory")
			return nil
		}))
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			holds(t, ctx, "factory")
			return 0, nil
		})
		_, err := task.Await(ctx)
		must(t, err)
	})
}

func TestEagerSteps(t *testing.T) {
	t.Parallel()
	eagerRow(t, "tasks.722.eager-order", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var log []string
		note := func(s string) func() { return func() { log = append(log, s) } }
		soon := func(s string) {
			_, err := loop.CallSoon(note(s))
			must(t, err)
		}
		soon("before")
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			soon("from the eager one")
			err := asyncio.Sleep(ctx, 0)
			note("it goes on")()
			return 0, err
		})
		soon("after")
		task.AddDoneCallback(func(*asyncio.Task[int]) { note("its callback")() })
		_, err := task.Await(ctx)
		must(t, err)
		passes(t, ctx, 1)
		want(t, "order", strings.Join(log, ", "), "before, from the eager one, it goes on, after, its callback")
	})
	eagerRow(t, "tasks.723.eager-done-callback", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		called := 0
		asyncio.Go(ctx, nothing).AddDoneCallback(func(*asyncio.Task[int]) { called++ })
		inside := asyncio.Go(ctx, func(context.Context) (int, error) {
			self := asyncio.CurrentTask().(*asyncio.Task[int])
			self.AddDoneCallback(func(*asyncio.Task[int]) { called++ })
			return 0, nil
		})
		want(t, "done", inside.Done(), true)
		want(t, "called within the call", called, 0)
		passes(t, ctx, 1)
		want(t, "called in a later pass", called, 2)
	})
	eagerRow(t, "tasks.724.eager-cancel-self-returns", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(context.Context) (int, error) {
			asyncio.CurrentTask().(*asyncio.Task[int]).Cancel("me")
			return 1, nil
		})
		want(t, "cancelled", task.Cancelled(), true)
		_, err := task.Await(ctx)
		wantMessage(t, err, "me")
		waits := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			asyncio.CurrentTask().(*asyncio.Task[int]).Cancel("me")
			return 0, asyncio.Sleep(ctx, forever)
		})
		want(t, "done", waits.Done(), false)
		_, err = waits.Await(ctx)
		wantMessage(t, err, "me")
	})
	plainRow(t, "tasks.725.eager-failure-not-raised", func(t *testing.T) {
		found := dropped(t, false, func(ctx context.Context, loop asyncio.EventLoop) {
			must(t, loop.SetTaskFactory(asyncio.EagerTaskFactory))
			fail := func(context.Context) (int, error) { return 0, errBoom }
			asyncio.Go(ctx, fail)
			_, err := asyncio.Go(ctx, fail).Await(ctx)
			wantError(t, err, errBoom)
		})
		wantOne(t, found, "Task exception was never retrieved", errBoom)
	})
	eagerRow(t, "tasks.726.eager-string", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for eager, shown := range map[bool]bool{true: false, false: true} {
			task := asyncio.Go(ctx, nothing, asyncio.WithEagerStart(eager))
			_, err := task.Await(ctx)
			must(t, err)
			want(t, fmt.Sprintf("%v shows its function", task), strings.Contains(task.String(), "coro="), shown)
		}
		waiting := asyncio.Go(ctx, failing(nil))
		want(t, "one that waited shows it", strings.Contains(waiting.String(), "coro=<"), true)
		_, err := waiting.Await(ctx)
		must(t, err)
		want(t, "also when it is done", strings.Contains(waiting.String(), "coro=<"), true)
	})
	eagerRow(t, "cancels its maker", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		maker := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			self := asyncio.CurrentTask().(*asyncio.Task[int])
			asyncio.Go(ctx, func(context.Context) (int, error) {
				self.Cancel("by the child")
				return 0, nil
			})
			return 0, asyncio.Sleep(ctx, forever)
		}, asyncio.WithEagerStart(false))
		_, err := maker.Await(ctx)
		wantMessage(t, err, "by the child")
	})
	eagerRow(t, "awaits its maker", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var child *asyncio.Task[int]
		maker := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			self := asyncio.CurrentTask().(*asyncio.Task[int])
			child = asyncio.Go(ctx, self.Await)
			return 5, asyncio.Sleep(ctx, 0)
		}, asyncio.WithEagerStart(false))
		_, err := maker.Await(ctx)
		must(t, err)
		v, err := child.Await(ctx)
		must(t, err)
		want(t, "result", v, 5)
	})
	eagerRow(t, "in a callback there is no current task around it", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		over := asyncio.NewFuture[string](loop)
		_, err := loop.CallSoon(func() {
			before, inside := currentName(), ""
			asyncio.CreateTask(loop, func(context.Context) (int, error) {
				inside = currentName()
				return 0, nil
			}, asyncio.WithName("eager"))
			_ = over.SetResult(fmt.Sprintf("%q %q %q", before, inside, currentName())) // nobody else does
		})
		must(t, err)
		got, err := over.Await(ctx)
		must(t, err)
		want(t, "names", got, `"" "eager" ""`)
	})
	eagerRow(t, "a pass is as long as the deepest maker", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var deep func(n int) func(ctx context.Context) (int, error)
		deep = func(n int) func(ctx context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				if n == 0 {
					return 0, nil
				}
				v, err := asyncio.Go(ctx, deep(n-1)).Await(ctx)
				return v + 1, err
			}
		}
		task := asyncio.Go(ctx, deep(300))
		want(t, "done at once", task.Done(), true)
		v, err := task.Result()
		must(t, err)
		want(t, "depth", v, 300)
	})
	plainRow(t, "pinned", func(t *testing.T) {
		loop := newLoop(t, asyncio.WithPinnedThread())
		must(t, loop.SetTaskFactory(asyncio.EagerTaskFactory))
		runIn(t, loop, func(ctx context.Context) {
			outer := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				return asyncio.Go(ctx, failing(nil)).Await(ctx)
			})
			_, err := outer.Await(ctx)
			must(t, err)
		})
	})
	plainRow(t, "close ends one that waits", func(t *testing.T) {
		loop := newLoop(t)
		r := collectReports(t, loop)
		must(t, loop.SetTaskFactory(asyncio.EagerTaskFactory))
		ended, refused := false, error(nil)
		runIn(t, loop, func(ctx context.Context) {
			asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				defer func() {
					ended = true
					refused = asyncio.Go(ctx, nothing).Exception()
				}()
				return 0, asyncio.Sleep(ctx, forever)
			})
		})
		must(t, loop.Close())
		want(t, "its deferred function ran", ended, true)
		wantError(t, refused, asyncio.ErrLoopClosed)
		want(t, "reports", len(r.all()), 1)
	})
	plainRow(t, "collected", func(t *testing.T) {
		loop := newLoop(t)
		gone := make(chan struct{})
		runIn(t, loop, func(ctx context.Context) {
			func() {
				task := asyncio.Go(ctx, nothing, eagerly)
				runtime.AddCleanup(task, func(struct{}) { close(gone) }, struct{}{})
			}()
			for {
				runtime.GC()
				select {
				case <-gone:
					return
				default:
					must(t, asyncio.Sleep(ctx, instant))
				}
			}
		})
	})
}

// countingSteps is a factory that counts the tasks made and the first steps that take the
// ready queue.
func countingSteps(loop asyncio.EventLoop, eager bool, made, queued *int) asyncio.TaskFactory {
	return func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
		*made++
		spec.Eager = eager
		f, making := spec.Func, true
		if _, err := loop.CallSoon(func() { making = false }); err != nil {
			return err
		}
		spec.Func = func(ctx context.Context) (any, error) {
			if !making {
				*queued++
			}
			return f(ctx)
		}
		return nil
	}
}
