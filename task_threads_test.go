package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestTasksOfManyLoops: each goroutine has what is its loop's.
func TestTasksOfManyLoops(t *testing.T) {
	t.Parallel()
	for name, factory := range map[string]asyncio.TaskFactory{"plain": nil, "eager": asyncio.EagerTaskFactory} {
		plainRow(t, "tasks.748.threadsafe-many-threads/"+name, func(t *testing.T) {
			loop := newLoop(t)
			must(t, loop.SetTaskFactory(factory))
			fromMany(t, loop, func(i int) {
				v, err := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
					return i, asyncio.Sleep(ctx, 0)
				}).Await(context.Background())
				if err != nil || v != i {
					t.Errorf("%d: %d, %v", i, v, err)
				}
			})
		})
		plainRow(t, "tasks.749.threadsafe-many-failures/"+name, func(t *testing.T) {
			loop := newLoop(t)
			must(t, loop.SetTaskFactory(factory))
			fromMany(t, loop, func(i int) {
				_, err := asyncio.RunCoroutineThreadsafe(loop, func(context.Context) (int, error) {
					return 0, fmt.Errorf("failure %d", i)
				}).Await(context.Background())
				if err == nil || err.Error() != fmt.Sprintf("failure %d", i) {
					t.Errorf("%d: %v", i, err)
				}
			})
		})
		plainRow(t, "tasks.750.all-tasks-loops-in-threads/"+name, func(t *testing.T) {
			var loops []asyncio.EventLoop
			for range 10 {
				loops = append(loops, newLoop(t))
			}
			var all sync.WaitGroup
			for _, loop := range loops {
				must(t, loop.SetTaskFactory(factory))
				all.Go(func() {
					runIn(t, loop, func(ctx context.Context) {
						mine := []asyncio.AnyTask{asyncio.CurrentTask()}
						for range 100 {
							mine = append(mine, asyncio.Go(ctx, sleeper(forever)))
						}
						want(t, "those are all", slices.Equal(asyncio.AllTasks(nil), mine), true)
						for _, task := range mine[1:] {
							task.Cancel()
						}
						passes(t, ctx, 2)
					})
				})
			}
			all.Wait()
		})
		plainRow(t, "tasks.751.all-tasks-from-other-thread/"+name, func(t *testing.T) {
			loop := newLoop(t)
			must(t, loop.SetTaskFactory(factory))
			runIn(t, loop, func(ctx context.Context) {
				made := make(chan []asyncio.AnyTask)
				var others sync.WaitGroup
				for range 4 {
					others.Go(func() {
						for tasks := range made {
							if all := asyncio.AllTasks(loop); len(all) < len(tasks) || !slices.Equal(all[:len(tasks)], tasks) {
								t.Error("not all tasks are there")
							}
						}
					})
				}
				tasks := []asyncio.AnyTask{asyncio.CurrentTask()}
				for i := range 1000 {
					tasks = append(tasks, asyncio.Go(ctx, sleeper(forever)))
					if i%100 == 0 {
						made <- slices.Clone(tasks)
					}
				}
				close(made)
				others.Wait()
				for _, task := range tasks[1:] {
					task.Cancel()
				}
				passes(t, ctx, 2)
			})
		})
	}
	row(t, "tasks.752.all-tasks-other-thread-eager", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		asyncio.CurrentTask().SetName("main")
		eager := asyncio.Go(ctx, sleeper(forever), asyncio.WithName("eager"), eagerly)
		plain := asyncio.Go(ctx, sleeper(forever), asyncio.WithName("plain"))
		asyncio.Go(ctx, nothing, asyncio.WithName("over"), eagerly)
		elsewhere(func() { want(t, "names", fmt.Sprint(allNames(loop)), "[main eager plain]") })
		eager.Cancel()
		plain.Cancel()
		passes(t, ctx, 2)
	})
}

// fromMany runs the loop while ten goroutines call f.
func fromMany(t *testing.T, loop asyncio.EventLoop, f func(i int)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { f(i) })
	}
	go func() {
		all.Wait()
		loop.Stop()
	}()
	if err := loop.RunForever(); err != nil && !errors.Is(err, asyncio.ErrLoopStopped) {
		t.Error(err)
	}
}
