package serve

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio"
)

// worker is one event loop of the server and what it has counted.
type worker struct {
	loop  asyncio.EventLoop
	sleep *sleepMeter   // nil if nobody looks
	kind  string        // of the loop
	ended chan struct{} // closed when the loop runs no more,
	err   error         // with this

	// Only the loop touches the rest, or who has seen it end.
	counters
	clients  clientList
	stopping bool

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

// startWorkers makes the loops and runs each on a goroutine.
func startWorkers(o *Options, metered bool) ([]*worker, error) {
	newLoop, err := loopsOf(o)
	if err != nil {
		return nil, err
	}
	var workers []*worker
	for range o.Count {
		w := &worker{kind: o.Loop, ended: make(chan struct{})}
		if metered {
			w.sleep = &sleepMeter{}
		}
		if w.loop, err = newLoop(w.sleep); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot make event loop %d: %w", len(workers)+1, err), closeWorkers(workers))
		}
		workers = append(workers, w)
		go w.run()
	}
	return workers, nil
}

// run runs the loop until it is stopped or fails.
func (w *worker) run() {
	defer close(w.ended)
	w.err = w.loop.RunForever()
}

// failure is the error of a run that has ended, nil if it ended without one.
func (w *worker) failure() error {
	if w.err == nil {
		return nil
	}
	hint := ""
	if w.kind == loopProactor {
		hint = "; try --loop selector"
	}
	return fmt.Errorf("an event loop has failed: %w%s", w.err, hint)
}

// errEnded is for a loop that ends by itself, which none does.
var errEnded = errors.New("an event loop has ended")

// anyFailed tells of the first loop that ends.
func anyFailed(workers []*worker) <-chan error {
	failed := make(chan error, len(workers))
	for _, w := range workers {
		go func() {
			<-w.ended
			if err := w.failure(); err != nil {
				failed <- err
			} else {
				failed <- errEnded
			}
		}()
	}
	return failed
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

// settle is for what a connection leaves to be done when it has gone: a pass or two.
const settle = time.Second

// stopWorkers ends the loops' runs when the last clients have left, which is a
// moment after their connections have gone.
func stopWorkers(workers []*worker) error {
	for _, w := range workers {
		ask(w, func() struct{} {
			w.stopping = true
			w.stopIfEmpty()
			return struct{}{}
		})
	}
	patience := time.After(settle)
	for _, w := range workers {
		select {
		case <-w.ended:
		case <-patience:
			return endRuns(workers)
		}
	}
	return endRuns(workers)
}

// stopIfEmpty ends the run if it is to end and nobody is left. Loop only.
func (w *worker) stopIfEmpty() {
	if w.stopping && w.clients.n == 0 {
		w.loop.Stop()
	}
}

// endRuns ends the runs of all loops, waits for that, and returns the first one's
// failure, if one has failed.
func endRuns(workers []*worker) error {
	for _, w := range workers {
		w.loop.Stop()
	}
	var failed error
	for _, w := range workers {
		<-w.ended
		if failed == nil {
			failed = w.failure()
		}
	}
	return failed
}

// closeWorkers ends the loops, whether they run or not, and releases what they
// have. An error of a run is reported by whoever ended it.
func closeWorkers(workers []*worker) error {
	_ = endRuns(workers)
	var errs []error
	for _, w := range workers {
		errs = append(errs, w.loop.Close())
	}
	return errors.Join(errs...)
}
