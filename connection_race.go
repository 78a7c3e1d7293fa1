package asyncio

import (
	"context"
	"time"
)

// race runs attempts, each begun when the one before has failed or, with a
// delay, has taken that long, until one succeeds. Then the others are cancelled.
// (asyncio.staggered)
type race[T any] struct {
	loop     *baseLoop
	delay    time.Duration // zero: strictly one after the other
	attempts []func(context.Context) (T, error)
	goOn     func(error) bool // an error for which it is false ends the race
	discard  func(T)          // gets what a second winner has made
}

// run returns the winner's result and number, -1 if there is none, and the
// errors of all attempts that were begun, nil for the winner. err is not nil if
// the race was ended by something that is not an attempt's failure. Coroutines
// only.
func (r *race[T]) run(ctx context.Context) (value T, winner int, errs []error, err error) {
	if r.delay <= 0 || len(r.attempts) == 1 {
		return r.oneByOne(ctx)
	}
	h := &heat[T]{race: r, ended: NewFuture[struct{}](r.loop.self), winner: -1}
	defer h.close()
	h.begin()
	if _, err := h.ended.Await(ctx); err != nil {
		return value, -1, h.errs, err
	}
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
type heat[T any] struct {
	*race[T]
	ended  *Future[struct{}]
	tasks  []*Task[T]
	errs   []error
	failed int
	value  T
	winner int
	timer  TimerHandle
	closed bool
}

// begin starts the next attempt, and the time after which another follows.
func (h *heat[T]) begin() {
	h.timer.Cancel()
	i := len(h.tasks)
	if h.closed || i == len(h.attempts) {
		return
	}
	h.errs = append(h.errs, nil)
	task := CreateTask(h.loop.self, h.attempts[i])
	h.tasks = append(h.tasks, task)
	task.AddDoneCallback(func(task *Task[T]) { h.finished(i, task) })
	if i+1 < len(h.attempts) {
		h.timer = h.loop.scheduleAt(addTime(h.loop.now(), h.delay), callback(h.begin), 0)
	}
}

// finished takes an attempt's outcome.
func (h *heat[T]) finished(i int, task *Task[T]) {
	v, err := task.Result()
	switch {
	case err == nil && h.closed:
		h.discard(v) // it won just when it was cancelled, or came second
	case h.closed:
	case err == nil:
		h.value, h.winner = v, i
		h.finish(nil)
	case !h.goOn(err):
		h.errs[i] = err
		h.finish(err)
	default:
		h.errs[i] = err
		if h.failed++; h.failed == len(h.attempts) {
			h.finish(nil)
			return
		}
		if i == len(h.tasks)-1 {
			h.begin()
		}
	}
}

func (h *heat[T]) finish(err error) {
	h.close()
	if err != nil {
		_ = h.ended.SetException(err)
		return
	}
	_ = h.ended.SetResult(struct{}{}) // unless who waits was cancelled
}

// close cancels what still runs.
func (h *heat[T]) close() {
	if h.closed {
		return
	}
	h.closed = true
	h.timer.Cancel()
	for _, task := range h.tasks {
		task.Cancel()
	}
}
