package locks_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// ExampleLock_Acquire holds a lock over several steps. Whoever waits is served in order.
func ExampleLock_Acquire() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var lock locks.Lock
		if err := lock.Acquire(ctx); err != nil {
			return err
		}
		fmt.Println("held:", lock.Locked(), "another:", lock.TryAcquire())
		err := asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return lock.Acquire(ctx) // not while we hold it
		})
		fmt.Println(errors.Is(err, asyncio.ErrTimeout))
		return lock.Release()
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// held: true another: false
	// true
}

// ExampleEvent lets many wait for one moment.
func ExampleEvent() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var open locks.Event
		return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for _, name := range []string{"Ada", "Grace"} {
				g.Go(func(ctx context.Context) error {
					if err := open.Wait(ctx); err != nil {
						return err
					}
					fmt.Println(name, "comes in")
					return nil
				})
			}
			if err := asyncio.Yield(ctx); err != nil { // both wait now
				return err
			}
			fmt.Println("open")
			open.Set()
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// open
	// Ada comes in
	// Grace comes in
}

// ExampleSemaphore bounds how many are at it at once.
func ExampleSemaphore() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		seats, err := locks.NewSemaphore(2)
		if err != nil {
			return err
		}
		seated, most := 0, 0
		err = asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for range 5 {
				g.Go(func(ctx context.Context) error {
					return seats.With(ctx, func() error {
						seated++
						most = max(most, seated)
						defer func() { seated-- }()
						return asyncio.Yield(ctx)
					})
				})
			}
			return nil
		})
		fmt.Println(most, err)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 2 <nil>
}

// ExampleBoundedSemaphore notices who gives back what he has not taken.
func ExampleBoundedSemaphore() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		seats, err := locks.NewBoundedSemaphore(1)
		if err != nil {
			return err
		}
		if err := seats.Acquire(ctx); err != nil {
			return err
		}
		fmt.Println(seats.Release())
		fmt.Println(errors.Is(seats.Release(), locks.ErrReleasedTooOften))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// <nil>
	// true
}

// ExampleBarrier has parties go on together.
func ExampleBarrier() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		barrier, err := locks.NewBarrier(2)
		if err != nil {
			return err
		}
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for _, name := range []string{"Ada", "Grace"} {
				g.Go(func(ctx context.Context) error {
					fmt.Println(name, "is there")
					if _, err := barrier.Wait(ctx); err != nil {
						return err
					}
					fmt.Println("and goes on")
					return nil
				})
			}
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// Ada is there
	// Grace is there
	// and goes on
	// and goes on
}
