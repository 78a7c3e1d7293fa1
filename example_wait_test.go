package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func ExampleSleep() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		begin := loop.Time()
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		fmt.Println(loop.Time()-begin >= time.Millisecond)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true
}

// ExampleYield lets others run in the middle of work for the processor.
func ExampleYield() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		asyncio.GoErr(ctx, func(context.Context) error {
			fmt.Println("another task")
			return nil
		})
		for i := range 3 {
			fmt.Println("part", i)
			if err := asyncio.Yield(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// part 0
	// another task
	// part 1
	// part 2
}

func ExampleGather() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		answers, err := asyncio.Gather(ctx,
			func(ctx context.Context) (string, error) { return "slow", asyncio.Sleep(ctx, 2*time.Millisecond) },
			func(ctx context.Context) (string, error) { return "quick", asyncio.Sleep(ctx, time.Millisecond) },
		)
		fmt.Println(answers, err) // in the order of the functions
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [slow quick] <nil>
}

// ExampleGatherResults waits for all, whatever becomes of each.
func ExampleGatherResults() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		results, err := asyncio.GatherResults(ctx,
			func(context.Context) (string, error) { return "tea", nil },
			func(context.Context) (string, error) { return "", errors.New("no cake") },
		)
		if err != nil {
			return err
		}
		for _, r := range results {
			fmt.Printf("%q %v\n", r.Value, r.Err)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea" <nil>
	// "" no cake
}

// ExampleGatherOf waits for tasks that exist already.
func ExampleGatherOf() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var tasks []*asyncio.Task[int]
		for i := range 3 {
			tasks = append(tasks, asyncio.Go(ctx, func(context.Context) (int, error) { return i * i, nil }))
		}
		squares, err := asyncio.GatherOf(ctx, tasks...)
		fmt.Println(squares, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [0 1 4] <nil>
}

// ExampleGatherFuture gathers without waiting: what it returns is a future.
func ExampleGatherFuture() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		a := asyncio.Go(ctx, func(context.Context) (int, error) { return 1, nil })
		b := asyncio.Go(ctx, func(context.Context) (int, error) { return 2, nil })
		both := asyncio.GatherFuture(ctx, a, b)
		both.AddDoneCallback(func(f *asyncio.Future[[]int]) { fmt.Println(f.Result()) })
		if _, err := both.Await(ctx); err != nil {
			return err
		}
		return asyncio.Yield(ctx)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [1 2] <nil>
}

// ExampleWait looks at several tasks, and cancels none of them by itself.
func ExampleWait() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var tasks []*asyncio.Task[string]
		for _, d := range []time.Duration{time.Millisecond, time.Hour} {
			tasks = append(tasks, asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				return "after " + d.String(), asyncio.Sleep(ctx, d)
			}))
		}
		done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
		if err != nil {
			return err
		}
		fmt.Println(done[0].Result())
		for _, task := range pending {
			task.Cancel()
		}
		_, _, err = asyncio.Wait(ctx, pending, asyncio.WaitOptions{})
		fmt.Println(pending[0].Cancelled())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// after 1ms <nil>
	// true
}

// ExampleAsCompleted takes results as they come.
func ExampleAsCompleted() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var tasks []*asyncio.Task[int]
		for _, ms := range []int{3, 1, 2} {
			tasks = append(tasks, asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				return ms, asyncio.Sleep(ctx, time.Duration(ms)*time.Millisecond)
			}))
		}
		for ms, err := range asyncio.AsCompleted(ctx, tasks...) {
			if err != nil {
				return err
			}
			fmt.Println(ms)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1
	// 2
	// 3
}

// ExampleAsCompletedFor has a time limit: what is late is an error in its turn.
func ExampleAsCompletedFor() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		quick := asyncio.Go(ctx, func(context.Context) (string, error) { return "quick", nil })
		slow := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
			return "slow", asyncio.Sleep(ctx, time.Hour)
		})
		for what, err := range asyncio.AsCompletedFor(ctx, time.Millisecond, quick, slow) {
			if errors.Is(err, asyncio.ErrTimeout) {
				fmt.Println("too late")
				continue
			} else if err != nil {
				return err
			}
			fmt.Println(what)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// quick
	// too late
}

// ExampleCompleted gives the tasks themselves, each when it is done.
func ExampleCompleted() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var tasks []*asyncio.Task[int]
		for _, ms := range []int{2, 1} {
			tasks = append(tasks, asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				return ms, asyncio.Sleep(ctx, time.Duration(ms)*time.Millisecond)
			}, asyncio.WithName(fmt.Sprint("number ", ms))))
		}
		for task, err := range asyncio.Completed(ctx, tasks...) {
			if err != nil {
				return err // the wait failed, not the task
			}
			fmt.Println(task.Name())
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// number 1
	// number 2
}

// ExampleShield lets a task go on though the wait for it is cancelled.
func ExampleShield() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		disk := asyncio.NewFuture[string](nil)
		save := asyncio.Go(ctx, func(ctx context.Context) (string, error) { return disk.Await(ctx) })
		_, err := asyncio.WaitFor(ctx, time.Millisecond, func(ctx context.Context) (string, error) {
			return asyncio.Shield(ctx, save)
		})
		fmt.Println("gave up:", errors.Is(err, asyncio.ErrTimeout))
		if err := disk.SetResult("saved"); err != nil {
			return err
		}
		fmt.Println(save.Await(ctx)) // who shields a task keeps it
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// gave up: true
	// saved <nil>
}

// ExampleConsumeBudget gives way now and then in a loop that might never have to wait.
func ExampleConsumeBudget() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		waiting := make([]int, 3*asyncio.Budget) // a cache, say, in which everything is found
		others := 0
		other := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				if err := asyncio.Yield(ctx); err != nil {
					return err
				}
				others++
			}
		})
		for range waiting {
			if err := asyncio.ConsumeBudget(ctx); err != nil {
				return err
			}
		}
		fmt.Println("others ran:", others > 0)
		other.Cancel()
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: others ran: true
}
