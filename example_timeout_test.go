package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

// ExampleTimeout bounds a part of a coroutine.
func ExampleTimeout() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		err := asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			return asyncio.Sleep(ctx, time.Hour)
		})
		fmt.Println(errors.Is(err, asyncio.ErrTimeout), errors.Is(err, context.DeadlineExceeded), err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true true timeout
}

// ExampleTimeoutScope_Reschedule moves a deadline as long as there is progress.
func ExampleTimeoutScope_Reschedule() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		return asyncio.Timeout(ctx, time.Minute, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			before, _ := t.When()
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil { // a piece of work
				return err
			}
			if err := t.Reschedule(loop.Time() + time.Minute); err != nil {
				return err
			}
			after, _ := t.When()
			fmt.Println("moved on:", after > before, "expired:", t.Expired())
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: moved on: true expired: false
}

// ExampleTimeoutAt has one deadline for several parts.
func ExampleTimeoutAt() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		deadline := loop.Time() + 2*time.Millisecond
		for _, pause := range []time.Duration{0, time.Hour} {
			err := asyncio.TimeoutAt(ctx, deadline, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Sleep(ctx, pause)
			})
			if err != nil {
				fmt.Println(pause, err)
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 1h0m0s timeout
}

// ExampleWaitFor bounds one function, in a coroutine or on any goroutine.
func ExampleWaitFor() {
	answer := func(ctx context.Context) (int, error) { return 42, asyncio.Sleep(ctx, time.Millisecond) }
	never := func(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, time.Hour) }
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		fmt.Println(asyncio.WaitFor(ctx, time.Minute, answer))
		fmt.Println(asyncio.WaitFor(ctx, time.Millisecond, never))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(asyncio.WaitFor(context.Background(), time.Millisecond, never)) // no loop at all
	// Output:
	// 42 <nil>
	// 0 timeout
	// 0 timeout
}

// ExampleWaitForErr bounds a function that only returns an error.
func ExampleWaitForErr() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		err := asyncio.WaitForErr(ctx, time.Millisecond, func(ctx context.Context) error {
			return asyncio.Sleep(ctx, time.Hour)
		})
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: timeout
}

// ExampleWaitForOf bounds the wait for a task that exists, which is cancelled when time is up.
func ExampleWaitForOf() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return 42, asyncio.Sleep(ctx, time.Hour)
		})
		_, err := asyncio.WaitForOf(ctx, time.Millisecond, task)
		fmt.Println(err, task.Cancelled())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: timeout true
}
