// Command gathers is the second program of from-asyncio.md: several at once, and their results.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

// square makes a coroutine: Gather takes functions of a context.
func square(n int) func(ctx context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if err := asyncio.Sleep(ctx, time.Duration(n)*10*time.Millisecond); err != nil {
			return 0, err
		}
		if n == 3 {
			return 0, errors.New("three")
		}
		return n * n, nil
	}
}

func run(ctx context.Context) error {
	squares, err := asyncio.Gather(ctx, square(2), square(1))
	if err != nil {
		return err
	}
	fmt.Println(squares[0], squares[1])
	results, err := asyncio.GatherResults(ctx, square(3), square(4))
	for _, r := range results {
		if r.Err != nil {
			fmt.Println("failed:", r.Err)
		} else {
			fmt.Println("result:", r.Value)
		}
	}
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
