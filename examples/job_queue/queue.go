package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
	"github.com/go-asyncio/asyncio/queues"
)

// errStopped: the queue takes no more jobs.
var errStopped = errors.New("the queue takes no more jobs")

// settings is how a queue works.
type settings struct {
	rate     float64       // how many jobs are begun a second, in the long run
	burst    int           // how many may be begun at once after a rest
	workers  int           // how many are under way at most
	room     int           // how many wait at most, before those who put in are held up
	limit    time.Duration // how long one attempt may take
	attempts int           // how many there are
	pause    time.Duration // how long it is until the second; twice that until the third
}

// job is something to be done.
type job struct {
	name     string
	priority int // a smaller one comes first
	do       func(ctx context.Context) error
	attempts int // so far
}

// queue works on jobs. All but put belongs to the loop.
type queue struct {
	settings
	jobs               *queues.PriorityQueue[job]
	bucket             *bucket
	ended, stopped     locks.Event // no more jobs come; no more are begun
	done, failed, left int
}

func newQueue(s settings) (*queue, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	q := &queue{settings: s}
	q.bucket = newBucket(loop, s.rate, s.burst, &q.stopped)
	q.jobs = queues.NewPriorityQueueFunc(s.room, func(a, b job) bool { return a.priority < b.priority })
	return q, q.jobs.Bind(loop) // so that goroutines may be the first who come
}

// put puts a job in, and waits while there is no room. Any goroutine may call it.
func (q *queue) put(ctx context.Context, j job) error {
	err := q.jobs.Put(ctx, j)
	if errors.Is(err, queues.ErrShutDown) {
		return errStopped
	}
	return err
}

// end says that no more jobs come: run returns when those that are there are done.
func (q *queue) end() { q.ended.Set() }

// stop has run return as soon as what is under way is done.
func (q *queue) stop() {
	q.left += q.jobs.Len()
	q.jobs.Shutdown(true) // what waits counts as done, for Join
	q.stopped.Set()
	q.ended.Set()
}

// run works on jobs until there are no more.
func (q *queue) run(ctx context.Context) error {
	return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		for range q.workers {
			g.Go(func(ctx context.Context) error { return q.work(ctx, g) })
		}
		if err := q.ended.Wait(ctx); err != nil {
			return err
		}
		if err := q.jobs.Join(ctx); err != nil {
			return err
		}
		q.stop() // the workers, which have nothing to do
		return nil
	})
}

// work does one job after another. A token is taken before a job is: while a worker waits for
// its token, something more urgent may still come.
func (q *queue) work(ctx context.Context, g *asyncio.TaskGroup) error {
	for {
		err := q.bucket.take(ctx)
		if err == nil {
			var j job
			if j, err = q.jobs.Get(ctx); err == nil {
				err = q.attempt(ctx, g, j)
			}
		}
		if errors.Is(err, queues.ErrShutDown) || errors.Is(err, errStopped) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// attempt does a job once. If it fails it waits in a task of its own until it is tried again,
// and not in the worker, and is not finished until then.
func (q *queue) attempt(ctx context.Context, g *asyncio.TaskGroup, j job) error {
	j.attempts++
	err := asyncio.WaitForErr(ctx, q.limit, j.do)
	switch {
	case errors.Is(err, asyncio.ErrCancelled):
		return err
	case err == nil:
		q.done++
	case j.attempts >= q.attempts:
		q.failed++
		slog.Debug("a job is given up", "job", j.name, "attempts", j.attempts, "why", err)
	default:
		g.Go(func(ctx context.Context) error { return q.again(ctx, j) })
		return nil
	}
	return q.jobs.TaskDone()
}

// again puts a job in once more, after a pause.
func (q *queue) again(ctx context.Context, j job) error {
	err := rest(ctx, q.pause<<(j.attempts-1), &q.stopped)
	if err == nil {
		err = q.put(ctx, j)
	}
	if errors.Is(err, errStopped) {
		q.left++
		err = nil
	}
	return errors.Join(err, q.jobs.TaskDone()) // for the attempt before
}
