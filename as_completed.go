package asyncio

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

// Completed gives back the futures themselves, each when it is done, in the order
// of completion, whatever the order given; one that is given twice counts once. A
// future that failed is given like the others: its error is its own, and the error
// beside it is nil. There are as many turns as futures: a wait that fails, because
// it was cancelled or ctx ended it, takes up a turn with its own error. The futures
// are not cancelled, also when the range over them is left early; another range
// over the same iterator then goes on with the rest, while one is ranged over it at
// a time.
//
// A coroutine is suspended, a plain callback gets ErrAwaitInCallback, any other
// goroutine blocks. A nil future or futures of different loops give one turn with
// ErrInvalidArgument. (asyncio.as_completed, iterated asynchronously)
func Completed[A Awaitable](ctx context.Context, aws ...A) iter.Seq2[A, error] {
	return CompletedFor(ctx, NoTimeout, aws...)
}

// CompletedFor is Completed with a time limit, counted from the first turn: in
// place of what is not done by then the error is ErrTimeout. NoTimeout waits for
// ever. (asyncio.as_completed with timeout, iterated asynchronously)
func CompletedFor[A Awaitable](ctx context.Context, d time.Duration, aws ...A) iter.Seq2[A, error] {
	var c *completions[A]
	return func(yield func(A, error) bool) {
		var err error
		if c == nil {
			c, err = newCompletions(d, aws)
		} else {
			c.listen()
		}
		if err != nil {
			var none A
			yield(none, err)
			return
		}
		defer c.rest()
		for c.turns > 0 {
			c.turns--
			if !yield(c.next(ctx)) {
				return
			}
		}
	}
}

// AsCompleted is Completed that gives each future's result or error in place of
// the future. (asyncio.as_completed)
func AsCompleted[T any, A AwaitableOf[T]](ctx context.Context, aws ...A) iter.Seq2[T, error] {
	return AsCompletedFor(ctx, NoTimeout, aws...)
}

// AsCompletedFor is AsCompleted with a time limit, counted from the first turn:
// what is not done by then has ErrTimeout for a result. NoTimeout waits for ever.
// (asyncio.as_completed with timeout)
func AsCompletedFor[T any, A AwaitableOf[T]](ctx context.Context, d time.Duration, aws ...A) iter.Seq2[T, error] {
	all := CompletedFor(ctx, d, aws...)
	return func(yield func(T, error) bool) {
		for a, err := range all {
			if !yield(resultOf(a, err)) {
				return
			}
		}
	}
}

// AsCompletedHandles is AsCompletedFor for those who want to wait for several
// results at once: it returns as many coroutines as there are futures, and
// whichever is awaited first gets what is completed first. The time is counted
// from this call, from which on it listens to the futures until they are done or
// the time is up. Any goroutine may call it; errors as with Completed.
// (the coroutines of asyncio.as_completed)
func AsCompletedHandles[T any, A AwaitableOf[T]](d time.Duration, aws ...A) ([]*Coroutine[T], error) {
	c, err := newCompletions(d, aws)
	if err != nil {
		return nil, err
	}
	handles := make([]*Coroutine[T], len(c.fs))
	for i := range handles {
		handles[i] = NewCoroutine(func(ctx context.Context) (T, error) { return resultOf(c.next(ctx)) })
	}
	return handles, nil
}

// resultOf is the result of a future that was waited for, or why the wait failed.
func resultOf[T any, A AwaitableOf[T]](a A, err error) (T, error) {
	if err != nil {
		var zero T
		return zero, err
	}
	return a.Result()
}

// completions is a queue of futures in the order in which they were done.
type completions[A Awaitable] struct {
	*waitSet
	aws   []A                  // each once, like fs
	turns int                  // how many are still to be given out, in a range
	limit func() time.Duration // how long until time is up; nil: never is

	mu      sync.Mutex
	told    []bool        // which of fs are done, or given up
	left    int           // how many are not
	ready   []int         // done and not yet given out; noneInTime for one given up
	getters []*futureBase // who waits for the next, in order
	unset   func()        // cancels the timer
}

const noneInTime = -1

func newCompletions[A Awaitable](d time.Duration, aws []A) (*completions[A], error) {
	group, err := newWaitSet("AsCompleted", aws)
	if err != nil {
		return nil, err
	}
	n := len(group.fs)
	c := &completions[A]{waitSet: group, turns: n, told: make([]bool, n), left: n, unset: func() {}}
	for i, a := range aws {
		if group.argAt[i] == len(c.aws) {
			c.aws = append(c.aws, a)
		}
	}
	if d != NoTimeout {
		c.limit = c.loop.untilEnd(d)
	}
	c.listen()
	return c, nil
}

// listen registers for what is not done.
func (c *completions[A]) listen() {
	onLoop := c.loop != nil && c.loop.onLoop()
	c.mu.Lock()
	told := slices.Clone(c.told)
	c.mu.Unlock()
	if c.limit != nil && c.loop != nil && slices.Contains(told, false) {
		cancel := c.loop.after(c.limit(), c.timeUp)
		c.mu.Lock()
		c.unset = cancel
		c.mu.Unlock()
	}
	for i, f := range c.fs {
		if !told[i] {
			// What has no loop has failed, and says so at once.
			c.nodes[i] = waitNode{to: c, ev: uint64(i), direct: !onLoop || f.loop == nil}
			f.notify(c.loop, &c.nodes[i])
		}
	}
}

// Complete takes note that one of the futures is done.
func (c *completions[A]) Complete(ev uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told[ev] {
		return // time was up first, or it was heard of before a rest
	}
	c.told[ev] = true
	if c.left--; c.left == 0 {
		c.unset()
	}
	c.put(int(ev))
}

func (c *completions[A]) callbackName() string { return "AsCompleted" }

// timeUp gives up all that is not done.
func (c *completions[A]) timeUp() {
	c.unregister()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, told := range c.told {
		if !told {
			c.told[i] = true
			c.left--
			c.put(noneInTime)
		}
	}
}

// put adds to the queue and wakes who waits longest. c is locked, as in wakeNext.
func (c *completions[A]) put(place int) {
	c.ready = append(c.ready, place)
	c.wakeNext()
}

func (c *completions[A]) wakeNext() {
	for len(c.getters) > 0 {
		g := c.getters[0]
		c.getters = c.getters[1:]
		if g.complete(stateFinished, nil) == nil {
			return
		}
	}
}

// next waits for the next future that is done.
func (c *completions[A]) next(ctx context.Context) (A, error) {
	var none A
	place, err := c.take(ctx)
	switch {
	case err != nil:
		return none, err
	case place == noneInTime:
		return none, opError("AsCompleted", ErrTimeout)
	}
	return c.aws[place], nil
}

// take waits for the next entry of the queue, as a queue of asyncio's does.
func (c *completions[A]) take(ctx context.Context) (int, error) {
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
func (c *completions[A]) await(ctx context.Context, g *futureBase) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.outcome()
}

// rest takes back what is registered: whoever leaves a range early may never come
// back.
func (c *completions[A]) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unset()
	c.unregister()
}
