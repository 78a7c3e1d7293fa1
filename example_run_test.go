package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func ExampleRun() {
	answer, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		fmt.Println("hello")
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
		fmt.Println("world")
		return 42, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output:
	// hello
	// world
	// 42
}

// ExampleRun_context ends a run by its context: the main function is cancelled.
func ExampleRun_context() {
	ctx, cancel := context.WithCancel(context.Background())
	err := asyncio.RunErr(ctx, func(ctx context.Context) error {
		cancel() // something outside would do that
		err := asyncio.Sleep(ctx, time.Hour)
		fmt.Println("main:", errors.Is(err, asyncio.ErrCancelled))
		return err
	})
	fmt.Println("run:", errors.Is(err, context.Canceled))
	// Output:
	// main: true
	// run: true
}

func ExampleRunErr() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return errors.New("out of tea")
	})
	fmt.Println(err)
	// Output: out of tea
}

// ExampleWithLoopFactory runs a main function on a loop of one's own making.
func ExampleWithLoopFactory() {
	factory := func() (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, asyncio.WithDebug(true))
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		fmt.Println("debug mode:", loop.GetDebug())
		return nil
	}, asyncio.WithLoopFactory(factory))
	if err != nil {
		log.Fatal(err)
	}
	// Output: debug mode: true
}

// ExampleRunner runs several main functions on one loop: what the first has started goes on
// in the second.
func ExampleRunner() {
	runner := asyncio.NewRunner()
	var job *asyncio.Task[string]
	_, err := runner.Run(context.Background(), func(ctx context.Context) (any, error) {
		job = asyncio.Go(ctx, func(ctx context.Context) (string, error) {
			return "done", asyncio.Sleep(ctx, time.Millisecond)
		})
		return nil, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := asyncio.RunOn(context.Background(), runner, job.Await)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result)
	if err := runner.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: done
}

// ExampleRunOn is a main function with a result that has a type.
func ExampleRunOn() {
	runner := asyncio.NewRunner()
	sum, err := asyncio.RunOn(context.Background(), runner, func(ctx context.Context) (int, error) {
		numbers, err := asyncio.Gather(ctx,
			func(context.Context) (int, error) { return 1, nil },
			func(context.Context) (int, error) { return 2, nil },
		)
		if err != nil {
			return 0, err
		}
		return numbers[0] + numbers[1], nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
	if err := runner.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: 3
}
