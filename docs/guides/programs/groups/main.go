// Command groups is the third program of from-asyncio.md: tasks that end together.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func fails(ctx context.Context) error {
	if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
		return err
	}
	return errors.New("no more paper")
}

func waits(ctx context.Context) error {
	defer fmt.Println("the other one is cancelled")
	return asyncio.Sleep(ctx, time.Hour)
}

func run(ctx context.Context) error {
	err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, group *asyncio.TaskGroup) error {
		group.Go(fails)
		group.Go(waits)
		return nil
	})
	if failed, ok := errors.AsType[*asyncio.GroupError](err); ok {
		fmt.Println("failed:", failed.Errors[0])
		return nil
	}
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
