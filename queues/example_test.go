package queues_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

// ExampleQueue has a worker work on what is put until the queue is shut down.
func ExampleQueue() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		q := queues.NewQueue[string](2)
		worker := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				job, err := q.Get(ctx)
				if errors.Is(err, queues.ErrShutDown) {
					return nil
				} else if err != nil {
					return err
				}
				fmt.Println("worked on", job)
				if err := q.TaskDone(); err != nil {
					return err
				}
			}
		})
		for _, job := range []string{"one", "two", "three"} {
			if err := q.Put(ctx, job); err != nil {
				return err
			}
		}
		if err := q.Join(ctx); err != nil {
			return err
		}
		q.Shutdown(false)
		_, err := worker.Await(ctx)
		return err
	})
	fmt.Println(err)
	// Output:
	// worked on one
	// worked on two
	// worked on three
	// <nil>
}

// ExampleNewPriorityQueueFunc has jobs come out by their priority, and those of one priority in
// the order in which they were put.
func ExampleNewPriorityQueueFunc() {
	type job struct {
		priority int
		name     string
	}
	q := queues.NewPriorityQueueFunc(0, func(a, b job) bool { return a.priority < b.priority })
	for _, j := range []job{{2, "sweep"}, {1, "serve"}, {2, "polish"}} {
		if err := q.PutNowait(j); err != nil {
			fmt.Println(err)
		}
	}
	for !q.Empty() {
		j, err := q.GetNowait()
		fmt.Println(j.name, err)
	}
	// Output:
	// serve <nil>
	// sweep <nil>
	// polish <nil>
}
