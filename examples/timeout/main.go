// Timeout limits how long something may take: it is cancelled, cleans up, and the
// caller gets a timeout. WaitFor does the same for one function or future.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func slow(ctx context.Context) (string, error) {
	if err := asyncio.Sleep(ctx, time.Hour); err != nil {
		fmt.Println("slow: interrupted:", err)
		return "", err
	}
	return "finished", nil
}

func main() {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		err := asyncio.Timeout(ctx, 10*time.Millisecond, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			_, err := slow(ctx)
			return err
		})
		fmt.Println("Timeout:", err, errors.Is(err, context.DeadlineExceeded))

		_, err = asyncio.WaitFor(ctx, 10*time.Millisecond, slow)
		fmt.Println("WaitFor:", err, errors.Is(err, asyncio.ErrTimeout))

		// A scope's deadline can be moved from inside.
		return struct{}{}, asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			if err := t.Reschedule(asyncio.NoTimeout); err != nil {
				return err
			}
			fmt.Println("no hurry any more")
			return asyncio.Sleep(ctx, 10*time.Millisecond)
		})
	})
	if err != nil {
		log.Fatal(err)
	}
}
