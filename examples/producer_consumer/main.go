// Producer_consumer hands values from one coroutine to another through a small
// buffer: the producer waits while it is full, the consumer while it is empty. A
// Waiter is all that it takes; what both touch needs no lock, for they never run
// at the same time.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
)

// buffer holds a few values for one producer and one consumer.
type buffer struct {
	values   []int
	size     int
	closed   bool
	room     asyncio.Waiter // the producer waits here
	arrivals asyncio.Waiter // the consumer waits here
}

func (b *buffer) put(ctx context.Context, v int) error {
	if len(b.values) == b.size {
		fmt.Println("  full: the producer waits")
	}
	for len(b.values) == b.size { // a Wake may have been for what is over
		if err := b.room.Wait(ctx); err != nil {
			return err
		}
	}
	b.values = append(b.values, v)
	b.arrivals.Wake()
	return nil
}

func (b *buffer) close() {
	b.closed = true
	b.arrivals.Wake()
}

// get returns the next value, or false when there will be none.
func (b *buffer) get(ctx context.Context) (v int, ok bool, err error) {
	if len(b.values) == 0 && !b.closed {
		fmt.Println("  empty: the consumer waits")
	}
	for len(b.values) == 0 {
		if b.closed {
			return 0, false, nil
		}
		if err := b.arrivals.Wait(ctx); err != nil {
			return 0, false, err
		}
	}
	v, b.values = b.values[0], b.values[1:]
	b.room.Wake()
	return v, true, nil
}

func produce(b *buffer) func(context.Context) error {
	return func(ctx context.Context) error {
		for v := 1; v <= 5; v++ {
			if err := b.put(ctx, v); err != nil {
				return err
			}
			fmt.Println("put", v)
		}
		b.close()
		return nil
	}
}

func consume(b *buffer) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			v, ok, err := b.get(ctx)
			if err != nil || !ok {
				return err
			}
			fmt.Println("got", v)
		}
	}
}

func main() {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		b := &buffer{size: 2}
		return struct{}{}, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Go(consume(b))
			g.Go(produce(b))
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("done")
}
