// Command threads is the ninth program of from-asyncio.md: what blocks, beside the loop.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func blocks() (string, error) {
	time.Sleep(50 * time.Millisecond)
	return "blocked, and nobody minded", nil
}

func run(ctx context.Context) error {
	answer := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
		return asyncio.ToThread(ctx, blocks)
	})
	if err := asyncio.Yield(ctx); err != nil {
		return err
	}
	fmt.Println("the loop goes on")
	text, err := answer.Await(ctx)
	if err != nil {
		return err
	}
	fmt.Println(text)

	told := asyncio.NewFuture[string](nil) // from a goroutine to the loop
	go told.SetResult("told")              // which any goroutine may do
	text, err = told.Await(ctx)
	fmt.Println(text)
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
