package queues_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

// ExampleQueue_Put has a goroutine that is no loop's put what a coroutine gets.
func ExampleQueue_Put() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		q := queues.NewQueue[int](1)
		if err := q.Bind(loop); err != nil { // the goroutine may come first
			return err
		}
		go func() {
			defer q.Shutdown(false)
			for i := range 3 {
				if err := q.Put(context.Background(), i); err != nil { // blocks while it is full
					log.Print(err)
					return
				}
			}
		}()
		for {
			i, err := q.Get(ctx)
			if errors.Is(err, queues.ErrShutDown) {
				return nil
			} else if err != nil {
				return err
			}
			fmt.Println(i)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 0
	// 1
	// 2
}

// ExampleQueue_PutNowait turns away what there is no room for.
func ExampleQueue_PutNowait() {
	q := queues.NewQueue[string](1)
	fmt.Println(q.PutNowait("tea"))
	fmt.Println(errors.Is(q.PutNowait("cake"), queues.ErrFull))
	fmt.Println(q.GetNowait())
	_, err := q.GetNowait()
	fmt.Println(errors.Is(err, queues.ErrEmpty))
	// Output:
	// <nil>
	// true
	// tea <nil>
	// true
}

// ExampleQueue_Shutdown ends a queue: what is left can be got.
func ExampleQueue_Shutdown() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		q := queues.NewQueue[string](0)
		if err := q.Put(ctx, "the last one"); err != nil {
			return err
		}
		q.Shutdown(false)
		fmt.Println(errors.Is(q.Put(ctx, "one more"), queues.ErrShutDown))
		fmt.Println(q.Get(ctx))
		_, err := q.Get(ctx)
		fmt.Println(errors.Is(err, queues.ErrShutDown))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// the last one <nil>
	// true
}

// ExampleQueue_Join waits until all that was put has been worked on.
func ExampleQueue_Join() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		q := queues.NewQueue[int](0)
		sum := 0
		worker := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				n, err := q.Get(ctx)
				if err != nil {
					return err
				}
				sum += n
				if err := q.TaskDone(); err != nil {
					return err
				}
			}
		})
		for n := range 4 {
			if err := q.Put(ctx, n); err != nil {
				return err
			}
		}
		if err := q.Join(ctx); err != nil {
			return err
		}
		fmt.Println(sum)
		worker.Cancel()
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 6
}

func ExamplePriorityQueue() {
	q := queues.NewPriorityQueue[int](0)
	for _, n := range []int{3, 1, 2} {
		if err := q.PutNowait(n); err != nil {
			log.Fatal(err)
		}
	}
	for !q.Empty() {
		fmt.Println(q.GetNowait())
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
}

func ExampleLifoQueue() {
	q := queues.NewLifoQueue[string](0)
	for _, plate := range []string{"first", "last"} {
		if err := q.PutNowait(plate); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(q.GetNowait())
	// Output: last <nil>
}
