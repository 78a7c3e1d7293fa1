// Command limits is the fourth program of from-asyncio.md: what takes too long.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func slow(ctx context.Context) error {
	err := asyncio.Sleep(ctx, time.Hour)
	if errors.Is(err, asyncio.ErrCancelled) {
		fmt.Println("given up")
	}
	return err
}

func run(ctx context.Context) error {
	err := asyncio.Timeout(ctx, 10*time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		return slow(ctx)
	})
	if !errors.Is(err, asyncio.ErrTimeout) {
		return err
	}
	fmt.Println("took too long")
	err = asyncio.WaitForErr(ctx, 10*time.Millisecond, slow)
	if !errors.Is(err, asyncio.ErrTimeout) {
		return err
	}
	fmt.Println("took too long again")
	return nil
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
