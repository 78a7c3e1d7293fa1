package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

// ExampleWithTaskGroup does several things at once: it returns when all of them have ended.
func ExampleWithTaskGroup() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var left, right int // no lock: it is all on one goroutine
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				left = 1
				return asyncio.Sleep(ctx, time.Millisecond)
			})
			g.Go(func(ctx context.Context) error {
				right = 2
				return asyncio.Yield(ctx)
			})
			return nil
		})
		fmt.Println(left+right, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 3 <nil>
}

// ExampleTaskGroup_Go has one task fail: the others are cancelled, and what failed comes out.
func ExampleTaskGroup_Go() {
	errNoTea := errors.New("no tea")
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Hour)
				fmt.Println("the other one:", err)
				return err
			})
			g.Go(func(context.Context) error { return errNoTea })
			return nil
		})
		var group *asyncio.GroupError
		if errors.As(err, &group) {
			fmt.Println(len(group.Errors), errors.Is(err, errNoTea))
		}
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// the other one: cancelled
	// 1 true
	// unhandled errors in a TaskGroup (1 sub-error): no tea
}

// ExampleGroupGo has tasks with results.
func ExampleGroupGo() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var tea, cake *asyncio.Task[string]
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			tea = asyncio.GroupGo(g, func(context.Context) (string, error) { return "tea", nil })
			cake = asyncio.GroupGo(g, func(context.Context) (string, error) { return "cake", nil })
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println(tea.Result())
		fmt.Println(cake.Result())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// tea <nil>
	// cake <nil>
}

// ExampleTaskGroup_Cancel ends a group that has what it wants: that is no error.
func ExampleTaskGroup_Cancel() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for _, pause := range []time.Duration{time.Hour, time.Millisecond} {
				g.Go(func(ctx context.Context) error {
					if err := asyncio.Sleep(ctx, pause); err != nil {
						return err
					}
					fmt.Println("first after", pause)
					g.Cancel()
					return nil
				})
			}
			return nil
		})
		fmt.Println(err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// first after 1ms
	// <nil>
}
