package locks_test

import (
	"context"
	"fmt"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

func ExampleLock() {
	var balance int
	var lock locks.Lock // guards balance across the waits of who has it
	deposit := func(ctx context.Context) error {
		return lock.With(ctx, func() error {
			was := balance
			err := asyncio.Yield(ctx) // others run meanwhile
			balance = was + 10
			return err
		})
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for range 3 {
				g.Go(deposit)
			}
			return nil
		})
	})
	fmt.Println(balance, err)
	// Output: 30 <nil>
}

func ExampleCondition() {
	var full locks.Condition
	var parcels []string
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		van := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return full.With(ctx, func() error {
				err := full.WaitFor(ctx, func() bool { return len(parcels) == 2 })
				fmt.Println("leaves with", parcels)
				return err
			})
		})
		for _, p := range []string{"books", "tea"} {
			err := full.With(ctx, func() error {
				parcels = append(parcels, p)
				return full.NotifyAll()
			})
			if err != nil {
				return err
			}
			if err := asyncio.Yield(ctx); err != nil {
				return err
			}
		}
		_, err := van.Await(ctx)
		return err
	})
	fmt.Println(err)
	// Output:
	// leaves with [books tea]
	// <nil>
}
