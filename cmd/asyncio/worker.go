package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
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

func (c *counters) add(d counters) {
	c.accepted += d.accepted
	c.messages += d.messages
	c.bytes += d.bytes
}

func (c *counters) received(n int) {
	c.messages++
	c.bytes += uint64(n)
}

// startWorkers makes the loops and runs each on a goroutine.
func startWorkers(o *serveOptions, metered bool) ([]*worker, error) {
	newLoop, err := loopsOf(o)
	if err != nil {
		return nil, err
	}
	var workers []*worker
	for range o.loops {
		w := &worker{kind: o.loop, ended: make(chan struct{})}
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

// loopsOf finds what makes the loops that the flags ask for; a meter that is not
// nil gets to know how long the loop sleeps.
func loopsOf(o *serveOptions) (func(*sleepMeter) (asyncio.EventLoop, error), error) {
	var opts []asyncio.LoopOption
	if o.pinned {
		opts = append(opts, asyncio.WithPinnedThread())
	}
	if o.loop == "proactor" {
		return func(m *sleepMeter) (asyncio.EventLoop, error) { return proactorLoop(m, o.pinned, opts) }, nil
	}
	newSelector, err := selectorNamed(o.selector)
	if err != nil {
		return nil, err
	}
	return func(m *sleepMeter) (asyncio.EventLoop, error) {
		s, err := newSelector()
		if err != nil {
			return nil, err
		}
		if m != nil {
			s = &meteredSelector{s, m}
		}
		return asyncio.NewSelectorEventLoop(s, opts...)
	}, nil
}

func proactorLoop(m *sleepMeter, pinned bool, opts []asyncio.LoopOption) (asyncio.EventLoop, error) {
	if m == nil {
		return asyncio.NewProactorEventLoop(nil, opts...)
	}
	make := proactors.NewDefaultProactor
	if pinned {
		make = proactors.NewPinnedIOUringProactor
	}
	p, err := make()
	if err != nil {
		return nil, err
	}
	return asyncio.NewProactorEventLoop(&meteredProactor{p, m}, opts...)
}

func (w *worker) run() {
	defer close(w.ended)
	w.err = w.loop.RunForever()
}

// selectorNamed finds a selector's constructor; the empty name is the best's.
func selectorNamed(name string) (func() (selectors.Selector, error), error) {
	if name == "" {
		return selectors.NewDefaultSelector, nil
	}
	available := selectors.Available()
	at := slices.IndexFunc(available, func(i selectors.Info) bool { return i.Name == name })
	if at >= 0 && available[at].Works {
		return available[at].New, nil
	}
	var works []string
	for _, i := range available {
		if i.Works {
			works = append(works, i.Name)
		}
	}
	here := strings.Join(works, ", ")
	if at < 0 {
		return nil, usage("unknown selector %q%s; here there are %s", name, otherwise(name), here)
	}
	return nil, fmt.Errorf("selector %s: %s; here there are %s", name, verdictOf(available[at].Err).Error, here)
}

// otherwise is how to get what is no selector, or what may have been meant.
func otherwise(name string) string {
	if isProactor(name) {
		return ": that is a proactor, say --loop proactor"
	}
	var known []string
	for _, i := range selectors.Available() {
		known = append(known, i.Name)
	}
	return didYouMean(name, "", known)
}

// mechanismHint is how to get a loop over the mechanism of that name.
func mechanismHint(name string) string {
	if slices.ContainsFunc(selectors.Available(), func(i selectors.Info) bool { return i.Name == name }) {
		return "; for " + name + " say --selector " + name
	}
	if isProactor(name) {
		return "; for " + name + " say --loop proactor"
	}
	return ""
}

func isProactor(name string) bool {
	return slices.Contains([]string{"io_uring", "iouring", "uring", "iocp"}, strings.ToLower(name))
}

// failure is the error of a run that has ended, nil if it ended without one.
func (w *worker) failure() error {
	if w.err == nil {
		return nil
	}
	hint := ""
	if w.kind == "proactor" {
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
				c.transport.Abort()
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

// sleepMeter measures how long a loop sleeps. A poll that does not block counts as
// work.
type sleepMeter struct {
	slept time.Duration
}

func (m *sleepMeter) since(began time.Time) { m.slept += time.Since(began) }

type meteredSelector struct {
	selectors.Selector
	meter *sleepMeter
}

// Select implements selectors.Selector.
func (s *meteredSelector) Select(timeout time.Duration) ([]selectors.Ready, error) {
	if timeout > 0 {
		defer s.meter.since(time.Now())
	}
	return s.Selector.Select(timeout)
}

type meteredProactor struct {
	proactors.Proactor
	meter *sleepMeter
}

// Wait implements proactors.Proactor.
func (p *meteredProactor) Wait(timeout time.Duration) ([]proactors.Completion, error) {
	if timeout > 0 {
		defer p.meter.since(time.Now())
	}
	return p.Proactor.Wait(timeout)
}
