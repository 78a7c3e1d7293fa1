package asyncio_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// ExampleToThread calls what blocks, or computes for long, and does not hold the loop up.
func ExampleToThread() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		sum, err := asyncio.ToThread(ctx, func() (string, error) {
			return fmt.Sprintf("%x", sha256.Sum256([]byte("tea")))[:8], nil
		})
		fmt.Println(sum, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: a9f74d1e <nil>
}

// ExampleToThreadErr has another goroutine set what the coroutine then reads.
func ExampleToThreadErr() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var found string
		err := asyncio.ToThreadErr(ctx, func() error {
			found = "by another goroutine"
			return nil
		})
		fmt.Println(found, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: by another goroutine <nil>
}

// ExampleRunIn runs a function in an executor of one's own, and gives a future of its result.
func ExampleRunIn() {
	pool := asyncio.NewPoolExecutor(2)
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		answer, err := asyncio.RunIn(loop, pool, func() (int, error) { return 42, nil })
		if err != nil {
			return err
		}
		fmt.Println(answer.Await(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	<-pool.Shutdown()
	// Output: 42 <nil>
}

// ExampleNewPoolExecutor bounds how many calls are at it at once, for all of a loop's ToThread.
func ExampleNewPoolExecutor() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		if err := loop.SetDefaultExecutor(asyncio.NewPoolExecutor(1)); err != nil {
			return err
		}
		var words []string // no lock: there is one goroutine
		call := func(word string) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				return asyncio.ToThread(ctx, func() (int, error) {
					words = append(words, word)
					return len(words), nil
				})
			}
		}
		fmt.Println(asyncio.Gather(ctx, call("one"), call("two")))
		fmt.Println(words)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// [1 2] <nil>
	// [one two]
}
