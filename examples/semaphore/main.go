// Semaphore runs jobs of which only two may be under way at the same time: each takes a
// permit of a semaphore, in the order in which they ask. The last one has no patience,
// gives up and leaves the queue.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// tick is the unit in which jobs take their time.
const tick = 20 * time.Millisecond

// job works for some ticks, once it may.
func job(limit *locks.Semaphore, name string, ticks int) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		return limit.With(ctx, func() error {
			fmt.Println(name, "starts")
			err := asyncio.Sleep(ctx, time.Duration(ticks)*tick)
			fmt.Println(name, "is done")
			return err
		})
	}
}

func run(ctx context.Context) error {
	limit, err := locks.NewSemaphore(2)
	if err != nil {
		return err
	}
	return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		for _, j := range []struct {
			name  string
			ticks int
		}{{"a", 2}, {"b", 5}, {"c", 6}, {"d", 6}} {
			g.Go(job(limit, j.name, j.ticks))
		}
		if err := asyncio.Sleep(ctx, tick); err != nil {
			return err
		}
		fmt.Println(limit)
		err := asyncio.WaitForErr(ctx, 2*tick, job(limit, "e", 1))
		if !errors.Is(err, asyncio.ErrTimeout) {
			return fmt.Errorf("e: %v", err)
		}
		fmt.Println("e gives up")
		return nil
	})
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
