package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/streams"
)

// Example_cancel cancels a task that waits.
func Example_cancel() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			fmt.Println("the wait:", errors.Is(err, asyncio.ErrCancelled))
			return err
		})
		if err := asyncio.Yield(ctx); err != nil { // let it begin
			return err
		}
		task.Cancel("no longer wanted")
		_, err := task.Await(ctx)
		fmt.Println("the task:", task.Cancelled(), err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// the wait: true
	// the task: true cancelled: no longer wanted
}

// Example_cleanUp waits again in a scope that has ended.
func Example_cleanUp() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		err := asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			defer func() {
				calm := context.WithoutCancel(ctx)
				if err := asyncio.Sleep(calm, time.Millisecond); err != nil {
					fmt.Println("not cleaned up:", err)
					return
				}
				fmt.Println("cleaned up")
			}()
			return asyncio.Sleep(ctx, time.Hour)
		})
		fmt.Println(errors.Is(err, asyncio.ErrTimeout))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// cleaned up
	// true
}

// Example_shield gives up waiting for a task, which goes on.
func Example_shield() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		save := asyncio.GoErr(ctx, func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			fmt.Println("saved")
			return nil
		})
		_, err := asyncio.WaitFor(ctx, time.Nanosecond, func(ctx context.Context) (struct{}, error) {
			return asyncio.Shield(ctx, save)
		})
		fmt.Println("gave up:", errors.Is(err, asyncio.ErrTimeout))
		_, err = save.Await(ctx)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// gave up: true
	// saved
}

// Example_reschedule gives up a client that is silent, on a clock that jumps.
func Example_reschedule() {
	const patience = time.Minute
	clock := asynciotest.NewJumpingClock(10 * time.Millisecond)
	factory := func() (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(clock))
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		r, err := streams.NewStreamReader()
		if err != nil {
			return err
		}
		asyncio.GoErr(ctx, func(ctx context.Context) error {
			for range 5 { // and then no more
				if err := r.FeedData([]byte("a line\n")); err != nil {
					return err
				}
				if err := asyncio.Sleep(ctx, 50*time.Second); err != nil {
					return err
				}
			}
			return nil
		})
		lines := 0
		err = asyncio.Timeout(ctx, patience, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			for _, err := range r.Lines(ctx) {
				if err != nil {
					return err
				}
				lines++
				if err := t.Reschedule(loop.Time() + patience); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, asyncio.ErrTimeout) {
			fmt.Println("silent after", lines, "lines")
		}
		return nil
	}, asyncio.WithLoopFactory(factory))
	if err != nil {
		log.Fatal(err)
	}
	// Output: silent after 5 lines
}
