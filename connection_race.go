package asyncio

import (
	"context"
	"errors"
	"time"
)

// race runs attempts, each begun when the one before has failed or, with a
// delay, has taken that long, until one succeeds. Then the others are cancelled,
// and waited for. (asyncio.staggered)
type race[T any] struct {
	loop     *baseLoop
	delay    time.Duration // zero: strictly one after the other
	attempts []func(context.Context) (T, error)
	goOn     func(error) bool // an error for which it is false ends the race
	discard  func(T)          // gets what is made and not returned
}

// run returns the winner's result and number, -1 if there is none, and the
// errors of all attempts that were begun: nil for the winner, a cancellation for
// those that came too late. err is not nil if the race was ended by something that is
// not an attempt's failure. Coroutines only.
func (r *race[T]) run(ctx context.Context) (value T, winner int, errs []error, err error) {
	if r.delay <= 0 || len(r.attempts) == 1 {
		return r.oneByOne(ctx)
	}
	h := &heat[T]{race: r, winner: -1}
	defer h.leave()
	h.begin()
	if err := h.finish(ctx); err != nil {
		return value, -1, h.errs, err
	}
	h.taken = true
	return h.value, h.winner, h.errs, nil
}

func (r *race[T]) oneByOne(ctx context.Context) (value T, winner int, errs []error, err error) {
	for i, attempt := range r.attempts {
		v, err := attempt(ctx)
		errs = append(errs, err)
		switch {
		case err == nil:
			return v, i, errs, nil
		case !r.goOn(err):
			return value, -1, errs, err
		}
	}
	return value, -1, errs, nil
}

// heat is a race whose attempts overlap. All of it happens on the loop.
//
// A value has an owner at every moment: the attempt that made it takes it to the
// heat, or has it discarded, before it ends; the heat has it until run returns it
// or leaves, when it is discarded.
type heat[T any] struct {
	*race[T]
	tasks   []*Task[struct{}]
	running int
	quiet   *Future[struct{}] // done when nothing is running
	errs    []error
	value   T
	winner  int
	failure error // what ended the race, if that was no winner
	over    bool  // it is decided
	taken   bool  // the value is run's caller's
	timer   TimerHandle
}

// begin starts the next attempt, and the time after which another follows.
func (h *heat[T]) begin() {
	h.timer.Cancel()
	i := len(h.errs)
	if h.over || i == len(h.attempts) {
		return
	}
	h.errs = append(h.errs, nil)
	h.running++
	task := CreateTask(h.loop.self, func(ctx context.Context) (struct{}, error) {
		v, err := h.attempts[i](ctx)
		if err == nil {
			h.won(i, v)
		}
		return struct{}{}, err
	})
	h.tasks = append(h.tasks, task)
	task.AddDoneCallback(func(task *Task[struct{}]) { h.ended(i, task.Exception()) })
	switch {
	case h.over: // it started eagerly, and has won
		h.cancel(nil)
	case i+1 < len(h.attempts):
		h.timer = h.loop.scheduleAt(h.loop.core.Later(h.delay), callback(h.begin), 0)
	}
}

// won takes what an attempt has made, while it still runs.
func (h *heat[T]) won(i int, v T) {
	if h.over { // it comes second, or just when the race was cancelled
		h.errs[i] = &CancelledError{}
		h.discard(v)
		return
	}
	h.value, h.winner = v, i
	h.decide(nil)
}

// ended notes that an attempt is over, and goes on to the next one if it was the
// last to begin. One that somebody has cancelled has failed like any other.
func (h *heat[T]) ended(i int, err error) {
	h.running--
	if err != nil && i != h.winner {
		h.errs[i] = err
		switch {
		case h.over:
		case asCancelled(err) == nil && !h.goOn(err):
			h.failure = err
			h.decide(nil)
		case i == len(h.errs)-1:
			h.begin()
		}
	}
	if h.running == 0 {
		_ = h.quiet.SetResult(struct{}{}) // unless who waits was cancelled
	}
}

// finish waits until every attempt has ended. A cancellation meanwhile, the first
// and each further one, is passed on to those that run, and is the error.
func (h *heat[T]) finish(ctx context.Context) (err error) {
	for h.running > 0 {
		h.quiet = newFuture[struct{}](h.loop)
		_, failed := h.quiet.Await(ctx)
		switch c := asCancelled(failed); {
		case failed == nil:
		case errors.Is(failed, ErrLoopClosed):
			return failed
		case c != nil:
			err = failed
			h.decide(c.Message)
		default: // the context is done, and would end the next wait at once
			err = failed
			h.decide(nil)
			ctx = context.WithoutCancel(ctx)
		}
	}
	if err == nil {
		err = h.failure
	}
	return err
}

// decide ends the race.
func (h *heat[T]) decide(msg any) {
	h.over = true
	h.timer.Cancel()
	h.cancel(msg)
}

func (h *heat[T]) cancel(msg any) {
	for _, task := range h.tasks {
		task.Cancel(msg)
	}
}

// leave is run's end, however it comes about.
func (h *heat[T]) leave() {
	if h.running > 0 {
		h.decide(nil)
	}
	if h.winner >= 0 && !h.taken {
		h.discard(h.value)
	}
}
