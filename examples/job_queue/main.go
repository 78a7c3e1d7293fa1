// Job_queue works on jobs by their priority: no more than so many a second, by several workers,
// each job within a time limit and again later if it fails. It works on some jobs of its own and
// ends; Ctrl-C or SIGTERM has it finish what it is at and tell what is left.
//
//	go run ./examples/job_queue
//	go run ./examples/job_queue -rate 5 -jobs 1000
//
// It shows a queue that holds up those who put in too much, goroutines that are no loop's among
// them; a token bucket; retries that do not hold up a worker; and an end in order. Its test has an
// hour of jobs done in no time, by a virtual clock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/ending"
)

// errBusy is how the jobs of the demonstration fail, at first.
var errBusy = errors.New("the other side is busy")

// demonstrate works on n jobs, at some rate, until they are done or a signal comes.
func demonstrate(ctx context.Context, rate float64, n int) error {
	q, err := newQueue(settings{rate: rate, burst: 3, workers: 4, room: 8, limit: time.Second, attempts: 3, pause: 5 * time.Millisecond})
	if err != nil {
		return err
	}
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	// A goroutine that is no loop's puts the jobs in. It blocks while there is no room.
	fed := asyncio.GoErr(ctx, func(ctx context.Context) error {
		return asyncio.ToThreadErr(ctx, func() error { return feed(ctx, loop, q, n) })
	})
	finish := asyncio.GoErr(ctx, func(ctx context.Context) error {
		if sig, err := ending.Signalled(ctx); err == nil {
			fmt.Println(sig, "came: what is begun is finished")
			q.stop()
		}
		return nil
	})
	defer finish.Cancel()
	if err := q.run(ctx); err != nil {
		return err
	}
	if _, err := fed.Await(ctx); err != nil && !errors.Is(err, errStopped) {
		return err
	}
	fmt.Printf("%d done, %d given up, %d left\n", q.done, q.failed, q.left)
	return nil
}

// feed puts n jobs into a queue, from any goroutine, and says that these were all.
func feed(ctx context.Context, loop asyncio.EventLoop, q *queue, n int) error {
	for i := range n {
		calls := 0
		j := job{name: fmt.Sprintf("job %d", i), priority: i % 3, do: func(ctx context.Context) error {
			switch calls++; {
			case i%7 == 3: // never succeeds
				return errBusy
			case i%4 == 1 && calls == 1: // does at the second time
				return errBusy
			}
			return asyncio.Sleep(ctx, time.Millisecond)
		}}
		if err := q.put(ctx, j); err != nil {
			return err
		}
	}
	_, err := loop.CallSoonThreadsafe(q.end)
	return err
}

func main() {
	rate := flag.Float64("rate", 200, "how many jobs are begun a second")
	n := flag.Int("jobs", 20, "how many jobs there are")
	flag.Parse()
	if flag.NArg() > 0 || *rate <= 0 || *n < 1 {
		fmt.Fprintln(os.Stderr, "job_queue: only flags, and numbers above 0")
		flag.Usage()
		os.Exit(2)
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error { return demonstrate(ctx, *rate, *n) })
	if err != nil {
		log.Fatal("job_queue: ", err)
	}
}
