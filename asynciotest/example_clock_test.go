package asynciotest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
)

// retry calls f until it succeeds, with pauses that double.
func retry(ctx context.Context, f func(context.Context) error) error {
	for pause := time.Second; ; pause *= 2 {
		err := f(ctx)
		if err == nil || pause > time.Hour {
			return err
		}
		if err := asyncio.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// ExampleNewJumpingClock tests a function with pauses that add up to an hour, in no time.
func ExampleNewJumpingClock() {
	clock := asynciotest.NewJumpingClock(0)
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		tries := 0
		err := retry(ctx, func(context.Context) error {
			tries++
			return errors.New("out of order")
		})
		fmt.Printf("%d tries in %v: %v\n", tries, clock.Now(), err)
		return tries, nil
	}, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(clock))
	}))
	if err != nil {
		fmt.Println(err)
	}
	// Output: 13 tries in 1h8m15s: out of order
}

// ExampleClock_Advance has a clock that stands still show what is so before a moment, and after it.
func ExampleClock_Advance() {
	clock := asynciotest.NewClock()
	loop, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(clock))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer loop.Close()
	timer, err := loop.CallLater(time.Minute, func() { fmt.Println("a minute has passed") })
	if err != nil {
		fmt.Println(err)
		return
	}
	pass := func() {
		loop.Stop()
		if err := loop.RunForever(); err != nil {
			fmt.Println(err)
		}
	}
	clock.Advance(59 * time.Second)
	pass()
	fmt.Println("nothing yet, due at", timer.When())
	clock.Advance(time.Second)
	pass()
	// Output:
	// nothing yet, due at 1m0s
	// a minute has passed
}
