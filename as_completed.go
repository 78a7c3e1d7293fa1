package asyncio

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

// AsCompleted gives the result or error of each future as it is done, in the
// order of completion, whatever the order given; one that is given twice counts
// once. There are as many turns as futures: a wait that fails, because it was
// cancelled or ctx ended it, takes up a turn with its own error. The futures are
// not cancelled, also when the range over them is left early.
//
// A coroutine is suspended, a plain callback gets ErrAwaitInCallback, any other
// goroutine blocks. A nil future or futures of different loops give one turn with
// ErrInvalidArgument. (asyncio.as_completed)
func AsCompleted[T any](ctx context.Context, aws ...AwaitableOf[T]) iter.Seq2[T, error] {
	return AsCompletedFor(ctx, NoTimeout, aws...)
}

// AsCompletedFor is AsCompleted with a time limit, counted from the first turn:
// what is not done by then has ErrTimeout for a result. NoTimeout waits for ever.
// (asyncio.as_completed with timeout)
func AsCompletedFor[T any](ctx context.Context, d time.Duration, aws ...AwaitableOf[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c, err := newCompletions(d, aws)
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		defer c.end()
		for range c.fs {
			if !yield(c.next(ctx)) {
				return
			}
		}
	}
}

// AsCompletedHandles is AsCompletedFor for those who want to wait for several
// results at once: it returns as many coroutines as there are futures, and
// whichever is awaited first gets what is completed first. The time is counted
// from this call. Any goroutine may call it; errors as with AsCompleted.
// (the coroutines of asyncio.as_completed)
func AsCompletedHandles[T any](d time.Duration, aws ...AwaitableOf[T]) ([]*Coroutine[T], error) {
	c, err := newCompletions(d, aws)
	if err != nil {
		return nil, err
	}
	handles := make([]*Coroutine[T], len(c.fs))
	for i := range handles {
		handles[i] = NewCoroutine(c.next)
	}
	return handles, nil
}

// completions is a queue of futures in the order in which they were done.
type completions[T any] struct {
	*together
	aws []AwaitableOf[T] // each once, like fs

	mu      sync.Mutex
	left    int           // how many are neither done nor given up
	ready   []int         // done and not yet given out; timedOut for one given up
	getters []*futureBase // who waits for the next, in order
	unset   func()        // cancels the timer
}

const timedOut = -1

func newCompletions[T any](d time.Duration, aws []AwaitableOf[T]) (*completions[T], error) {
	group, err := newTogether("AsCompleted", aws)
	if err != nil {
		return nil, err
	}
	c := &completions[T]{together: group, left: len(group.fs), unset: func() {}}
	for i, a := range aws {
		if group.places[i] == len(c.aws) {
			c.aws = append(c.aws, a)
		}
	}
	onLoop := c.loop != nil && c.loop.onLoop()
	for i, f := range c.fs {
		// What has no loop has failed, and says so at once.
		c.nodes[i] = waitNode{to: c, ev: uint64(i), direct: !onLoop || f.loop == nil}
	}
	if d != NoTimeout && c.loop != nil {
		cancel := c.loop.after(d, c.timeUp)
		c.mu.Lock()
		c.unset = cancel
		c.mu.Unlock()
	}
	for i, f := range c.fs {
		f.notify(c.loop, &c.nodes[i])
	}
	return c, nil
}

// Complete takes note that one of the futures is done.
func (c *completions[T]) Complete(ev uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return // time was up first
	}
	if c.left--; c.left == 0 {
		c.unset()
	}
	c.put(int(ev))
}

func (c *completions[T]) callbackName() string { return "AsCompleted" }

// timeUp gives up all that is not done.
func (c *completions[T]) timeUp() {
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.left > 0; c.left-- {
		c.put(timedOut)
	}
}

// put adds to the queue and wakes who waits longest. c is locked, as in wakeNext.
func (c *completions[T]) put(place int) {
	c.ready = append(c.ready, place)
	c.wakeNext()
}

func (c *completions[T]) wakeNext() {
	for len(c.getters) > 0 {
		g := c.getters[0]
		c.getters = c.getters[1:]
		if g.complete(stateFinished, nil) == nil {
			return
		}
	}
}

// next waits for the next result.
func (c *completions[T]) next(ctx context.Context) (T, error) {
	var zero T
	place, err := c.take(ctx)
	switch {
	case err != nil:
		return zero, err
	case place == timedOut:
		return zero, opError("AsCompleted", ErrTimeout)
	}
	return c.aws[place].Result()
}

// take waits for the next entry of the queue, as a queue of asyncio's does.
func (c *completions[T]) take(ctx context.Context) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.ready) == 0 {
		g := &futureBase{loop: c.loop}
		c.getters = append(c.getters, g)
		if err := c.await(ctx, g); err != nil {
			c.getters = slices.DeleteFunc(c.getters, func(f *futureBase) bool { return f == g })
			if g.Done() && !g.Cancelled() && len(c.ready) > 0 {
				c.wakeNext() // the wake-up that came too late here
			}
			return 0, err
		}
	}
	place := c.ready[0]
	c.ready = c.ready[1:]
	return place, nil
}

// await waits for g with c unlocked meanwhile.
func (c *completions[T]) await(ctx context.Context, g *futureBase) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.outcome()
}

// end takes back what is registered.
func (c *completions[T]) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unset()
	c.leave()
}
