// Job_queue works on jobs by their priority, no faster than one every few milliseconds: two
// workers share a priority queue of jobs and a queue of permits, which has room for one,
// so that permits that nobody wants do not add up. A goroutine that is no loop's puts
// a job, too. When all is done both queues are shut down, which ends the workers.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

// pace is how long one permit is apart from the next.
const pace = 2 * time.Millisecond

type job struct {
	priority int
	name     string
}

func urgent(a, b job) bool { return a.priority < b.priority }

// grant puts permits until there is no queue for them any more.
func grant(permits *queues.Queue[struct{}]) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if err := asyncio.Sleep(ctx, pace); err != nil {
				return err
			}
			if err := permits.Put(ctx, struct{}{}); err != nil {
				return ended(err)
			}
		}
	}
}

// work takes a permit and then a job, again and again.
func work(permits *queues.Queue[struct{}], jobs *queues.PriorityQueue[job]) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if _, err := permits.Get(ctx); err != nil {
				return ended(err)
			}
			j, err := jobs.Get(ctx)
			if err != nil {
				return ended(err)
			}
			fmt.Println(j.priority, j.name)
			if err := jobs.TaskDone(); err != nil {
				return err
			}
		}
	}
}

// ended is no error if the queue was shut down: there is nothing left to do.
func ended(err error) error {
	if errors.Is(err, queues.ErrShutDown) {
		return nil
	}
	return err
}

func run(ctx context.Context) error {
	permits := queues.NewQueue[struct{}](1)
	jobs := queues.NewPriorityQueueFunc(10, urgent)
	return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		for _, j := range []job{{3, "sweep the floor"}, {1, "put the fire out"}, {2, "serve the guests"}, {3, "lock the door"}} {
			if err := jobs.PutNowait(j); err != nil {
				return err
			}
		}
		err := asyncio.ToThreadErr(ctx, func() error { return jobs.Put(context.Background(), job{2, "ring the bell"}) })
		if err != nil {
			return err
		}
		fmt.Println(jobs.Len(), "jobs")
		g.Go(grant(permits))
		g.Go(work(permits, jobs))
		g.Go(work(permits, jobs))
		if err := jobs.Join(ctx); err != nil {
			return err
		}
		jobs.Shutdown(false)
		permits.Shutdown(true)
		return nil
	})
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
	fmt.Println("done")
}
