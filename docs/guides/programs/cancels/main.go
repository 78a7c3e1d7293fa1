// Command cancels is the fifth program of from-asyncio.md: a task that is cancelled, and one that is shielded.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
)

func serve(ctx context.Context) error {
	defer func() {
		// A cancellation is delivered once: this waits in peace.
		if err := asyncio.Sleep(context.WithoutCancel(ctx), time.Millisecond); err == nil {
			fmt.Println("cleaned up")
		}
	}()
	return asyncio.Sleep(ctx, time.Hour)
}

func save(ctx context.Context) (string, error) {
	return "saved", asyncio.Sleep(ctx, 20*time.Millisecond)
}

func run(ctx context.Context) error {
	server := asyncio.GoErr(ctx, serve)
	if err := asyncio.Yield(ctx); err != nil { // let it begin
		return err
	}
	server.Cancel()
	if _, err := server.Await(ctx); errors.Is(err, asyncio.ErrCancelled) {
		fmt.Println("cancelled:", server.Cancelled())
	}

	saving := asyncio.Go(ctx, save)
	_, err := asyncio.WaitForOf(ctx, time.Millisecond, asyncio.ShieldFuture(ctx, saving))
	if !errors.Is(err, asyncio.ErrTimeout) {
		return err
	}
	text, err := saving.Await(ctx)
	fmt.Println("not yet:", text)
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
