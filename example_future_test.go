package asyncio_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// ExampleNewFuture has one side set what the other waits for.
func ExampleNewFuture() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		ready := asyncio.NewFuture[string](loop)
		_, err = loop.CallSoon(func() {
			if err := ready.SetResult("ready"); err != nil {
				log.Print(err)
			}
		})
		if err != nil {
			return err
		}
		fmt.Println(ready.Await(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: ready <nil>
}

// ExampleFuture_SetResult sets a result from another goroutine, which any may do.
func ExampleFuture_SetResult() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		sum := asyncio.NewFuture[int](nil) // of the running loop
		go func() {
			if err := sum.SetResult(1 + 2); err != nil {
				log.Print(err)
			}
		}()
		fmt.Println(sum.Await(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 3 <nil>
}

// ExampleRunCoroutineThreadsafe has a goroutine run a coroutine on a loop, and wait for it.
func ExampleRunCoroutineThreadsafe() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		visits := 0 // the loop's: only its callbacks and coroutines touch it
		count := func(context.Context) (int, error) {
			visits++
			return visits, nil
		}
		return asyncio.ToThreadErr(ctx, func() error { // what follows is on a goroutine
			for range 2 {
				n, err := asyncio.RunCoroutineThreadsafe(loop, count).Await(context.Background())
				if err != nil {
					return err
				}
				fmt.Println(n)
			}
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1
	// 2
}

// ExampleWrapFuture awaits a future of another loop.
func ExampleWrapFuture() {
	other, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer other.Close()
	ended := make(chan error)
	go func() { ended <- other.RunForever() }()
	answer, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		there := asyncio.RunCoroutineThreadsafe(other, func(ctx context.Context) (int, error) {
			return 42, asyncio.Yield(ctx)
		})
		here, err := asyncio.WrapFuture(nil, there)
		if err != nil {
			return 0, err
		}
		return here.Await(ctx)
	})
	fmt.Println(answer, err)
	other.Stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output: 42 <nil>
}

// ExampleEnsureFuture makes a task of whatever can be awaited.
func ExampleEnsureFuture() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		lazy := asyncio.NewCoroutine(func(context.Context) (string, error) {
			fmt.Println("runs now")
			return "tea", nil
		})
		fut, err := asyncio.EnsureFuture(nil, lazy)
		if err != nil {
			return err
		}
		fmt.Println(fut.Await(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// runs now
	// tea <nil>
}

// ExampleNewCoroutine is a function that runs once, where it is first awaited.
func ExampleNewCoroutine() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		lazy := asyncio.NewCoroutine(func(context.Context) (int, error) { return 42, nil })
		fmt.Println(lazy.Await(ctx))
		_, err := lazy.Await(ctx)
		fmt.Println(err != nil)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 42 <nil>
	// true
}
