package asyncio

import (
	"context"
	"sync/atomic"
	"time"
)

// ReturnWhen says when Wait returns.
type ReturnWhen int

const (
	// AllCompleted: when all are done. (ALL_COMPLETED)
	AllCompleted ReturnWhen = iota
	// FirstCompleted: when one is done. (FIRST_COMPLETED)
	FirstCompleted
	// FirstException: when one has failed, or all are done. A cancelled one has
	// not failed. (FIRST_EXCEPTION)
	FirstException
)

// WaitOptions change what Wait waits for.
type WaitOptions struct {
	ReturnWhen ReturnWhen
	// Timeout ends the wait after this time, without an error; zero and NoTimeout
	// mean never. It is on the loop's clock in a coroutine, else in real time.
	Timeout time.Duration
}

// Wait waits for the futures and says which are done and which are not, both in
// the order of the arguments; one that is given twice counts once. It cancels
// none of them, also when it is cancelled or ctx ends it: then it returns the
// error alone.
//
// A coroutine is suspended, a plain callback gets ErrAwaitInCallback unless there
// is nothing to wait for, any other goroutine blocks. No futures, nil ones, or an
// unknown ReturnWhen: ErrInvalidArgument; futures of different loops: that and
// ErrWrongLoop. (asyncio.wait)
func Wait[A Awaitable](ctx context.Context, aws []A, opts WaitOptions) (done, pending []A, err error) {
	const op = "Wait"
	if len(aws) == 0 {
		return nil, nil, invalid(op, "there is nothing to wait for")
	}
	if opts.ReturnWhen < AllCompleted || opts.ReturnWhen > FirstException {
		return nil, nil, invalid(op, "%d is no ReturnWhen", opts.ReturnWhen)
	}
	group, err := newWaitSet(op, aws)
	if err != nil {
		return nil, nil, err
	}
	if group.loop != nil {
		w := waiting{waitSet: group, when: opts.ReturnWhen}
		if err := w.run(ctx, opts.Timeout); err != nil {
			return nil, nil, err
		}
	}
	next := 0 // the next of fs that was not yet met
	for i, a := range aws {
		place := group.argAt[i]
		if place < next {
			continue
		}
		next++
		if group.fs[place].Done() {
			done = append(done, a)
		} else {
			pending = append(pending, a)
		}
	}
	return done, pending, nil
}

// waiting is a Wait under way.
type waiting struct {
	*waitSet
	when ReturnWhen
	left atomic.Int64
	over futureBase // done when the wait is
}

func (w *waiting) run(ctx context.Context, timeout time.Duration) error {
	w.over.loop = w.loop
	w.left.Store(int64(len(w.fs)))
	if timeout != 0 && timeout != NoTimeout {
		defer w.loop.after(timeout, w.release)()
	}
	defer w.unregister()
	// A coroutine is told by the loop, in order; whoever else waits, at once.
	s := currentStrand()
	inOrder := s != nil && s.task() != nil && s.loop() == w.loop
	for i, f := range w.fs {
		w.nodes[i] = waitNode{to: w, ev: uint64(i), direct: !inOrder}
		f.notify(w.loop, &w.nodes[i])
	}
	if err := w.over.wait(ctx); err != nil {
		return err
	}
	return w.over.outcome()
}

// Complete takes note that one of the futures is done.
func (w *waiting) Complete(ev uint64) {
	left := w.left.Add(-1)
	switch f := w.fs[ev]; {
	case left <= 0, w.when == FirstCompleted:
	case w.when == FirstException && f.err != nil && !f.Cancelled():
	default:
		return
	}
	w.release()
}

func (w *waiting) callbackName() string { return "wait" }

// release ends the wait, unless it is over.
func (w *waiting) release() { _ = w.over.complete(stateFinished, nil) }
