package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestBlockedLoop has a loop held by a channel until that is reported.
func TestBlockedLoop(t *testing.T) {
	t.Parallel()
	var book testkit.LogBook
	logger := book.Logger()
	loop, err := asyncio.NewSelectorEventLoop(nil,
		asyncio.WithBlockedReport(20*time.Millisecond), asyncio.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	wait := make(chan struct{})
	go func() {
		defer close(wait)
		for began := time.Now(); book.Count("ToThread") == 0; time.Sleep(time.Millisecond) { // the report comes from another goroutine
			if time.Since(began) > testkit.Patience {
				t.Errorf("not reported: %s", &book)
				return
			}
		}
	}()
	task := asyncio.CreateTaskErr(loop, func(context.Context) error {
		<-wait
		return nil
	})
	if err := errors.Join(loop.RunUntilComplete(task), loop.Close()); err != nil {
		t.Error(err)
	}
}

// Example_callGraph says who waits for whom.
func Example_callGraph() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		inner := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return asyncio.NewFuture[int](nil).Await(ctx) // nobody sets it
		}, asyncio.WithName("inner"))
		outer := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return inner.Await(ctx)
		}, asyncio.WithName("outer"))
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		graph, err := asyncio.FormatCallGraph(inner)
		fmt.Println(strings.Contains(graph, "inner") && strings.Contains(graph, "outer"))
		inner.Cancel()
		_, _ = outer.Await(ctx)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true
}
