// Command waits is the first program of from-asyncio.md: a coroutine that waits.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func double(ctx context.Context, n int) (int, error) {
	err := asyncio.Sleep(ctx, 10*time.Millisecond)
	return 2 * n, err
}

func run(ctx context.Context) error {
	fmt.Println("begin")
	n, err := double(ctx, 21)
	fmt.Println(n)
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
