package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
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
