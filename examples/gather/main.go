// Gather runs several coroutines at the same time and collects their results in
// order. They take turns on one goroutine, so that the counter needs no lock.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

var steps int // only coroutines of one loop touch it

func factorial(name string, n int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		f := 1
		for i := 2; i <= n; i++ {
			steps++
			fmt.Printf("task %s: multiply by %d\n", name, i)
			if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
				return 0, err
			}
			f *= i
		}
		return f, nil
	}
}

func main() {
	results, err := asyncio.Run(context.Background(), func(ctx context.Context) ([]int, error) {
		return asyncio.Gather(ctx, factorial("A", 2), factorial("B", 3), factorial("C", 4))
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(results, "in", steps, "steps")
}
