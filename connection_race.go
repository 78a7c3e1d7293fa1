package asyncio

import (
	"context"
	"errors"
	"time"
)

// staggered runs attempts, each begun when the one before has failed or, with a
// delay, has taken that long, until one succeeds. Then the others are cancelled,
// and waited for. (asyncio.staggered)
type staggered[T any] struct {
	loop      *baseLoop
	delay     time.Duration // zero: strictly one after the other
	attempts  []func(context.Context) (T, error)
	retryable func(error) bool // an error for which it is false ends the race
	drop      func(T)          // gets what is made and not returned
}

// run returns the winner's result and number, -1 if there is none, and the
// errors of all attempts that were begun: nil for the winner, a cancellation for
// those that came too late. err is not nil if the race was ended by something that is
// not an attempt's failure. Coroutines only.
func (s *staggered[T]) run(ctx context.Context) (value T, winner int, errs []error, err error) {
	if s.delay <= 0 || len(s.attempts) == 1 {
		return s.oneByOne(ctx)
	}
	o := &overlapping[T]{staggered: s, winner: -1}
	defer o.leave()
	o.begin()
	if err := o.finish(ctx); err != nil {
		return value, -1, o.errs, err
	}
	o.taken = true
	return o.value, o.winner, o.errs, nil
}

// oneByOne runs the attempts strictly one after the other.
func (s *staggered[T]) oneByOne(ctx context.Context) (value T, winner int, errs []error, err error) {
	for i, attempt := range s.attempts {
		v, err := attempt(ctx)
		errs = append(errs, err)
		switch {
		case err == nil:
			return v, i, errs, nil
		case !s.retryable(err):
			return value, -1, errs, err
		}
	}
	return value, -1, errs, nil
}

// overlapping is a race whose attempts overlap. All of it happens on the loop.
//
// A value has an owner at every moment: the attempt that made it takes it to the
// race, or has it dropped, before it ends; the race has it until run returns it
// or leaves, when it is dropped.
type overlapping[T any] struct {
	*staggered[T]
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
func (o *overlapping[T]) begin() {
	o.timer.Cancel()
	i := len(o.errs)
	if o.over || i == len(o.attempts) {
		return
	}
	o.errs = append(o.errs, nil)
	o.running++
	task := CreateTask(o.loop.self, func(ctx context.Context) (struct{}, error) {
		v, err := o.attempts[i](ctx)
		if err == nil {
			o.won(i, v)
		}
		return struct{}{}, err
	})
	o.tasks = append(o.tasks, task)
	task.AddDoneCallback(func(task *Task[struct{}]) { o.ended(i, task.Exception()) })
	switch {
	case o.over: // it started eagerly, and has won
		o.cancel(nil)
	case i+1 < len(o.attempts):
		o.timer = o.loop.scheduleAt(o.loop.core.Later(o.delay), callback(o.begin), 0)
	}
}

// won takes what an attempt has made, while it still runs.
func (o *overlapping[T]) won(i int, v T) {
	if o.over { // it comes second, or just when the race was cancelled
		o.errs[i] = &CancelledError{}
		o.drop(v)
		return
	}
	o.value, o.winner = v, i
	o.decide(nil)
}

// ended notes that an attempt is over, and goes on to the next one if it was the
// last to begin. One that somebody has cancelled has failed like any other.
func (o *overlapping[T]) ended(i int, err error) {
	o.running--
	if err != nil && i != o.winner {
		o.errs[i] = err
		switch {
		case o.over:
		case asCancelled(err) == nil && !o.retryable(err):
			o.failure = err
			o.decide(nil)
		case i == len(o.errs)-1:
			o.begin()
		}
	}
	if o.running == 0 {
		_ = o.quiet.SetResult(struct{}{}) // unless who waits was cancelled
	}
}

// finish waits until every attempt has ended. A cancellation meanwhile, the first
// and each further one, is passed on to those that run, and is the error.
func (o *overlapping[T]) finish(ctx context.Context) (err error) {
	for o.running > 0 {
		o.quiet = newFuture[struct{}](o.loop)
		_, failed := o.quiet.Await(ctx)
		switch c := asCancelled(failed); {
		case failed == nil:
		case errors.Is(failed, ErrLoopClosed):
			return failed
		case c != nil:
			err = failed
			o.decide(c.Message)
		default: // the context is done, and would end the next wait at once
			err = failed
			o.decide(nil)
			ctx = context.WithoutCancel(ctx)
		}
	}
	if err == nil {
		err = o.failure
	}
	return err
}

// decide ends the race.
func (o *overlapping[T]) decide(msg any) {
	o.over = true
	o.timer.Cancel()
	o.cancel(msg)
}

// cancel cancels all attempts that have begun.
func (o *overlapping[T]) cancel(msg any) {
	for _, task := range o.tasks {
		task.Cancel(msg)
	}
}

// leave is run's end, however it comes about.
func (o *overlapping[T]) leave() {
	if o.running > 0 {
		o.decide(nil)
	}
	if o.winner >= 0 && !o.taken {
		o.drop(o.value)
	}
}
