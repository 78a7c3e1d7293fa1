package asyncio

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// NoTimeout is the timeout that never comes, and the deadline that is none.
const NoTimeout time.Duration = math.MaxInt64

// TimeoutScope is a Timeout as its function sees it. A zero TimeoutScope has not
// been entered. (asyncio.Timeout)
type TimeoutScope struct {
	task   *taskBase
	scope  *scope
	before cancelCounts
	timer  TimerHandle
	set    uint64 // counts the settings of the deadline: a fire for an earlier one is stale

	state atomic.Int32
	when  atomic.Int64
}

const (
	timeoutCreated int32 = iota
	timeoutActive
	timeoutExpiring // the task was cancelled, the function has not returned
	timeoutExpired
	timeoutFinished
)

var timeoutStates = [...]string{"created", "active", "expiring", "expired", "finished"}

// Timeout calls f, and cancels the current task if f takes longer than d: the
// wait in f ends with ErrCancelled, and if f returns that, Timeout returns
// ErrTimeout. Whatever else f returns comes out as it is, and so does a
// cancellation that somebody else asked for; but an error that holds the timeout's
// cancellation beside others holds ErrTimeout in its place, and so do those of a
// *GroupError. Zero and less than zero let f run up to its first wait; NoTimeout
// only Reschedule can end.
//
// The context that f gets has the values of ctx; it is done when the timeout
// expires, when ctx is, and when f has returned. The task's own context is not
// touched.
//
// It must be called in a coroutine: ErrNotInTask elsewhere, and f is not called.
// (asyncio.timeout)
func Timeout(ctx context.Context, d time.Duration, f func(ctx context.Context, t *TimeoutScope) error) error {
	return withTimeout("Timeout", ctx, f, func(now time.Duration) time.Duration { return sched.AddTime(now, d) })
}

// TimeoutAt is Timeout with a deadline on the loop's clock; see EventLoop.Time.
// (asyncio.timeout_at)
func TimeoutAt(ctx context.Context, when time.Duration, f func(ctx context.Context, t *TimeoutScope) error) error {
	return withTimeout("TimeoutAt", ctx, f, func(time.Duration) time.Duration { return when })
}

func withTimeout(op string, ctx context.Context, f func(context.Context, *TimeoutScope) error, deadline func(now time.Duration) time.Duration) error {
	if f == nil {
		return invalid(op, "the function is nil")
	}
	task, _ := currentTask(ctx)
	if task == nil {
		return opError(op, ErrNotInTask)
	}
	t := &TimeoutScope{task: task, scope: newScope(ctx, task), before: cancelCounts{requests: task.Cancelling()}}
	t.state.Store(timeoutActive)
	t.setDeadline(deadline(task.loop.core.Now()))
	return t.call(f)
}

// call runs the function. If it panics, the scope is left all the same.
func (t *TimeoutScope) call(f func(context.Context, *TimeoutScope) error) (err error) {
	defer func() {
		if t.leave() {
			err = outOfTime(err)
		}
	}()
	return f(t.scope, t)
}

// outOfTime is what becomes of an error by which a function answered to the
// cancellation of its timeout.
func outOfTime(err error) error {
	if err == nil {
		return nil
	}
	if asCancelled(err) != nil {
		return &TimeoutError{Cause: err}
	}
	group, ok := err.(*GroupError)
	if !ok {
		return withoutCancellation(err)
	}
	late := make([]error, len(group.Errors))
	for i, e := range group.Errors {
		late[i] = withoutCancellation(e)
	}
	return &GroupError{Message: group.Message, Errors: late}
}

// withoutCancellation returns err with a timeout in the place of the cancellation
// that it holds, if it holds one.
func withoutCancellation(err error) error {
	var c *CancelledError
	if !errors.As(err, &c) {
		return err
	}
	return &lateError{err, &TimeoutError{Cause: c}}
}

// lateError is another error in whose chain a timeout stands for a cancellation.
// It does not unwrap, for then that would be found too.
type lateError struct {
	err     error
	timeout *TimeoutError
}

func (e *lateError) Error() string { return e.err.Error() }

func (e *lateError) Is(target error) bool {
	return e.timeout.Is(target) || !ErrCancelled.(*CancelledError).Is(target) && errors.Is(e.err, target)
}

func (e *lateError) As(target any) bool {
	switch target := target.(type) {
	case **TimeoutError:
		*target = e.timeout
		return true
	case **CancelledError:
		return false
	}
	return errors.As(e.err, target)
}

// leave ends the scope and reports whether the task was cancelled by it, and by
// nobody else since.
func (t *TimeoutScope) leave() bool {
	t.set++
	t.timer.Cancel()
	t.scope.leave()
	if t.state.CompareAndSwap(timeoutActive, timeoutFinished) {
		return false
	}
	t.state.Store(timeoutExpired)
	return t.task.withdraw(t.before)
}

// Reschedule moves the deadline to a time of the loop's clock; NoTimeout takes it
// away. ErrInvalidState if the timeout has expired or its function has returned,
// or before. Loop only. (Timeout.reschedule)
func (t *TimeoutScope) Reschedule(when time.Duration) error {
	const op = "TimeoutScope.Reschedule"
	if t.task == nil {
		return opError(op, fmt.Errorf("%w: the timeout has not been entered", ErrInvalidState))
	}
	held, err := t.task.loop.enter(op)
	if err != nil {
		return err
	}
	if held {
		defer t.task.loop.leave()
	}
	if s := t.state.Load(); s != timeoutActive {
		return opError(op, fmt.Errorf("%w: the timeout is %s", ErrInvalidState, timeoutStates[s]))
	}
	t.timer.Cancel()
	t.setDeadline(when)
	return nil
}

func (t *TimeoutScope) setDeadline(when time.Duration) {
	t.when.Store(int64(when))
	t.set++
	t.timer = TimerHandle{}
	l := t.task.loop
	switch now := l.core.Advance(); {
	case when == NoTimeout:
	case when <= now:
		l.schedule((*timeoutFire)(t), t.set)
	default:
		t.timer = l.scheduleAt(when, (*timeoutFire)(t), t.set)
	}
}

// timeoutFire is what the loop calls when the time has come.
type timeoutFire TimeoutScope

func (t *timeoutFire) Complete(ev uint64) {
	if ev != t.set {
		return
	}
	t.before = t.task.beforeRequest(t.scope, t.before)
	t.task.requestCancel(nil, t.scope)
	t.state.Store(timeoutExpiring)
}

func (t *timeoutFire) callbackName() string { return "timeout of " + t.task.Name() }

// When returns the deadline on the loop's clock, and false if there is none. Any
// goroutine may call it. (Timeout.when)
func (t *TimeoutScope) When() (when time.Duration, ok bool) {
	if t.state.Load() == timeoutCreated {
		return 0, false
	}
	if when = time.Duration(t.when.Load()); when == NoTimeout {
		return 0, false
	}
	return when, true
}

// Expired reports whether the timeout has come, whatever the function made of it.
// Any goroutine may call it. (Timeout.expired)
func (t *TimeoutScope) Expired() bool {
	s := t.state.Load()
	return s == timeoutExpiring || s == timeoutExpired
}

// String describes the timeout by its state, while it is active with its
// deadline.
func (t *TimeoutScope) String() string {
	s := t.state.Load()
	text := "<Timeout [" + timeoutStates[s] + "]"
	if s == timeoutActive {
		if when, ok := t.When(); ok {
			text += fmt.Sprintf(" when=%v", when)
		} else {
			text += " when=none"
		}
	}
	return text + ">"
}
