package asyncio_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// ExampleWaiter has one side wait and another wake it.
func ExampleWaiter() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var changed asyncio.Waiter
		value := 0
		watcher := asyncio.GoErr(ctx, func(ctx context.Context) error {
			if err := changed.Wait(ctx); err != nil {
				return err
			}
			fmt.Println("it is", value)
			return nil
		})
		value = 42
		changed.Wake() // kept if nobody waits yet
		_, err := watcher.Await(ctx)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: it is 42
}

// ExampleFormatCallGraph shows who waits for whom.
func ExampleFormatCallGraph() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		inner := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return asyncio.NewFuture[int](nil).Await(ctx) // nobody sets it
		}, asyncio.WithName("inner"))
		outer := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return inner.Await(ctx)
		}, asyncio.WithName("outer"))
		if err := asyncio.Yield(ctx); err != nil { // both begin
			return err
		}
		graph, err := asyncio.CaptureCallGraph(inner, asyncio.WithCallGraphLimit(0))
		if err != nil {
			return err
		}
		for _, who := range graph.AwaitedBy {
			fmt.Println("inner is awaited by", who.Future.(asyncio.AnyTask).Name())
		}
		outer.Cancel()
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: inner is awaited by outer
}

// turnstile lets one in at a time, in the order in which they come, coroutines and
// goroutines alike.
type turnstile struct {
	mu      sync.Mutex // held for a moment, never over a wait
	taken   bool
	waiters asyncio.Waiters
}

// enter waits for one's turn.
func (t *turnstile) enter(ctx context.Context) error {
	handOn, err := t.wait(ctx)
	if handOn {
		t.leave() // cancelled, and let in all the same
	}
	return err
}

// wait takes the turnstile or a place in the queue.
func (t *turnstile) wait(ctx context.Context) (handOn bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.taken {
		t.taken = true
		return false, nil
	}
	return t.waiters.Wait(ctx, nil, &t.mu)
}

// leave lets the next one in.
func (t *turnstile) leave() {
	t.mu.Lock()
	t.taken = t.waiters.Len() > 0
	next := t.waiters.WakeOne(nil)
	t.mu.Unlock()
	next.Do()
}

// ExampleWaiters makes a primitive of one's own.
func ExampleWaiters() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		var gate turnstile
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for _, name := range []string{"Ada", "Grace"} {
				g.Go(func(ctx context.Context) error {
					if err := gate.enter(ctx); err != nil {
						return err
					}
					defer gate.leave()
					fmt.Println(name, "comes in")
					err := asyncio.Yield(ctx)
					fmt.Println(name, "leaves")
					return err
				})
			}
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// Ada comes in
	// Ada leaves
	// Grace comes in
	// Grace leaves
}
