// Command queued is the sixth program of from-asyncio.md: a queue between coroutines.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

func run(ctx context.Context) error {
	queue, sum := queues.NewQueue[int](2), 0
	err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, group *asyncio.TaskGroup) error {
		for range 3 {
			group.Go(func(ctx context.Context) error {
				for {
					n, err := queue.Get(ctx)
					if err != nil {
						return err
					}
					if err := asyncio.Yield(ctx); err != nil {
						return err
					}
					sum += n * n // nobody else runs meanwhile
					if err := queue.TaskDone(); err != nil {
						return err
					}
				}
			})
		}
		for n := range 10 {
			if err := queue.Put(ctx, n); err != nil { // waits while it is full
				return err
			}
		}
		err := queue.Join(ctx)
		group.Cancel()
		return err
	})
	fmt.Println("sum:", sum)
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
