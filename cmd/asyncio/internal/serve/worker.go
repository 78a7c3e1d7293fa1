package serve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// worker is one event loop of the server and what it has counted.
type worker struct {
	loop  asyncio.EventLoop
	sleep *sleepMeter     // nil if nobody looks
	ended <-chan struct{} // closed when the group's loops run no more

	// Only the loop touches the rest, or who has seen it end.
	counters
	clients clientList

	_ [64]byte // the next worker's counters are another core's
}

// counters are plain: the loop's goroutine alone counts.
type counters struct {
	accepted uint64
	messages uint64
	bytes    uint64
}

// add sums up.
func (c *counters) add(d counters) {
	c.accepted += d.accepted
	c.messages += d.messages
	c.bytes += d.bytes
}

// received counts a message.
func (c *counters) received(n int) {
	c.messages++
	c.bytes += uint64(n)
}

// crew is the workers, and the group that runs their loops.
type crew struct {
	group   *loopgroup.Group
	workers []*worker // by the loops' numbers
	kind    string    // of the loops
}

// startCrew makes the loops and runs them.
func startCrew(o *Options, metered bool) (*crew, error) {
	newLoop, err := loopsOf(o)
	if err != nil {
		return nil, err
	}
	c := &crew{kind: o.Loop}
	var failed error
	c.group, err = loopgroup.New(
		loopgroup.WithLoops(o.Count),
		loopgroup.WithGrace(0),                                       // for the others, if a loop fails
		loopgroup.WithFailureHandler(func(loopgroup.LoopFailure) {}), // the command says it when it ends
		loopgroup.WithLoopFactory(func(i int) (asyncio.EventLoop, error) {
			w := &worker{}
			if metered {
				w.sleep = &sleepMeter{}
			}
			if w.loop, failed = newLoop(w.sleep); failed != nil {
				return nil, failed
			}
			c.workers = append(c.workers, w)
			return w.loop, nil
		}))
	if failed != nil {
		return nil, fmt.Errorf("cannot make event loop %d: %w", len(c.workers)+1, failed)
	}
	if err != nil {
		return nil, err
	}
	for _, w := range c.workers {
		w.ended = c.group.Done()
	}
	return c, c.group.Start()
}

// errEnded is for a loop that ends by itself, which none does.
var errEnded = errors.New("an event loop has ended")

// failure returns when the group is over, with the error of a loop that has failed.
func (c *crew) failure() error {
	err := c.group.Wait(context.Background())
	var e *loopgroup.LoopError
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(e.Err, asyncio.ErrLoopStopped):
		return errEnded
	}
	hint := ""
	if c.kind == loopProactor {
		hint = "; try --loop selector"
	}
	return fmt.Errorf("an event loop has failed: %w%s", e.Err, hint)
}

// settle is for what a connection leaves to be done when it has gone: a pass or two.
const settle = time.Second

// stop ends the loops when what the last clients have left is done, which is a moment after
// their connections have gone, and returns the failure of one that has failed.
func (c *crew) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	_ = c.group.Shutdown(ctx) // the same, or that there was no time
	return c.failure()
}

// close ends the loops at once.
func (c *crew) close() error {
	_ = c.group.Close() // the same
	return c.failure()
}

// abortClients ends the clients that are connected at once, and returns how many
// it has not counted before.
func (w *worker) abortClients() int {
	n, _ := ask(w, func() (n int) {
		for c := w.clients.first(); c != nil; c = w.clients.next(c) {
			if !c.cut {
				c.cut = true
				n++
				c.connection.Abort()
			}
		}
		return n
	})
	return n
}

// ask runs f on the loop and waits for what it returns; ok is false if the loop
// runs no more.
func ask[T any](w *worker, f func() T) (v T, ok bool) {
	answer := make(chan T, 1)
	if _, err := w.loop.CallSoonThreadsafe(func() { answer <- f() }); err != nil {
		return v, false
	}
	select {
	case v = <-answer:
		return v, true
	case <-w.ended:
		return v, false
	}
}
