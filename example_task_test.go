package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func ExampleGo() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
			return "tea", asyncio.Sleep(ctx, time.Millisecond)
		})
		fmt.Println("meanwhile")
		what, err := task.Await(ctx)
		if err != nil {
			return err
		}
		fmt.Println(what)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// meanwhile
	// tea
}

func ExampleGoErr() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.GoErr(ctx, func(ctx context.Context) error { return errors.New("no tea") })
		_, err := task.Await(ctx)
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: no tea
}

// ExampleCreateTask makes a task before its loop runs.
func ExampleCreateTask() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
		return 42, asyncio.Sleep(ctx, time.Millisecond)
	}, asyncio.WithName("answer"))
	if err := loop.RunUntilComplete(task); err != nil {
		log.Fatal(err)
	}
	answer, err := task.Result()
	fmt.Println(task.Name(), answer, err)
	// Output: answer 42 <nil>
}

// ExampleTask_Cancel cancels a task, which cleans up and says that it was cancelled.
func ExampleTask_Cancel() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			defer fmt.Println("cleaned up")
			return asyncio.Sleep(ctx, time.Hour)
		})
		if err := asyncio.Yield(ctx); err != nil { // let it begin
			return err
		}
		task.Cancel("no longer wanted")
		_, err := task.Await(ctx)
		fmt.Println(err, errors.Is(err, asyncio.ErrCancelled), task.Cancelled())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// cleaned up
	// cancelled: no longer wanted true true
}

// ExampleTask_Cancel_cleanUp cleans up with a wait that has a time limit of its own. The
// task's context is done, so the wait has one that is not.
func ExampleTask_Cancel_cleanUp() {
	goodbye := func(ctx context.Context) error {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		fmt.Println("said goodbye")
		return nil
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
			defer func() {
				calm := context.WithoutCancel(ctx)
				err = errors.Join(err, asyncio.WaitForErr(calm, time.Minute, goodbye))
			}()
			return asyncio.Sleep(ctx, time.Hour)
		})
		if err := asyncio.Yield(ctx); err != nil {
			return err
		}
		task.Cancel()
		_, err := task.Await(ctx)
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// said goodbye
	// cancelled
}

// ExampleTask_Uncancel swallows a cancellation for good, and takes the request back, so that
// a timeout around it is still one.
func ExampleTask_Uncancel() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				task := asyncio.CurrentTask()
				task.Cancel()
				if err := asyncio.Sleep(ctx, time.Hour); errors.Is(err, asyncio.ErrCancelled) {
					fmt.Println("not now;", task.Uncancel(), "requests left")
				}
				return asyncio.Sleep(ctx, time.Hour)
			})
		})
		_, err := task.Await(ctx)
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// not now; 0 requests left
	// timeout
}

// ExampleTask_AddDoneCallback hears of the end of a task without waiting for it.
func ExampleTask_AddDoneCallback() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.Go(ctx, func(context.Context) (int, error) { return 42, nil })
		task.AddDoneCallback(func(t *asyncio.Task[int]) { fmt.Println(t.Result()) })
		if _, err := task.Await(ctx); err != nil {
			return err
		}
		return asyncio.Yield(ctx)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 42 <nil>
}

func ExampleAllTasks() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		for _, name := range []string{"sweep", "polish"} {
			asyncio.GoErr(ctx, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Hour) // cancelled at the end of the run
			}, asyncio.WithName(name))
		}
		me := asyncio.CurrentTask()
		for _, task := range asyncio.AllTasks(nil) {
			if task != me {
				fmt.Println(task.Name())
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// sweep
	// polish
}

func ExampleCurrentTask() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		asyncio.CurrentTask().SetName("main")
		fmt.Println(asyncio.CurrentTask().Name())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(asyncio.CurrentTask())
	// Output:
	// main
	// <nil>
}

// ExampleEagerTaskFactory has tasks begin within the call that makes them.
func ExampleEagerTaskFactory() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		if err := loop.SetTaskFactory(asyncio.EagerTaskFactory); err != nil {
			return err
		}
		task := asyncio.Go(ctx, func(context.Context) (string, error) { return "from a cache", nil })
		fmt.Println(task.Done())
		fmt.Println(task.Result())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// from a cache <nil>
}

// ExampleTaskFactory gives each task a context value and a name.
func ExampleTaskFactory() {
	type key struct{}
	requests := 0
	factory := func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
		requests++
		spec.Name = fmt.Sprint("request-", requests)
		f := spec.Func
		spec.Func = func(ctx context.Context) (any, error) {
			return f(context.WithValue(ctx, key{}, requests))
		}
		return nil
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		if err := loop.SetTaskFactory(factory); err != nil {
			return err
		}
		task := asyncio.Go(ctx, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
		number, err := task.Await(ctx)
		fmt.Println(task.Name(), number)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: request-1 1
}
