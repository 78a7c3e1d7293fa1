package asyncio

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Runner makes a loop, runs main functions on it one after the other, and takes
// it down properly: Run for more than one. Any goroutine may call its methods,
// one at a time. (asyncio.Runner)
type Runner struct {
	config runConfig

	busy  sync.Mutex // held while it makes a loop, runs or closes
	setIn int64      // the policy's context in which the loop was made current; 0: none

	mu     sync.Mutex
	loop   EventLoop // nil until first use, and once closed
	closed bool
}

type runConfig struct {
	factory func() (EventLoop, error)
	debug   *bool
	signals *bool
}

// RunOption changes how Run and a Runner do their work.
type RunOption func(*runConfig)

// WithLoopFactory says who makes the loop. It does not become the current one
// then. (loop_factory of asyncio.Runner)
func WithLoopFactory(factory func() (EventLoop, error)) RunOption {
	return func(c *runConfig) { c.factory = factory }
}

// WithRunDebug sets the loop's debug mode. (debug of asyncio.Runner)
func WithRunDebug(on bool) RunOption { return func(c *runConfig) { c.debug = &on } }

// WithSignals says whether Ctrl-C cancels the main function, as it does by
// default when the main goroutine runs it: the first one cancels and is waited
// for, then the system's default is back, so that a second one ends the program.
// A program that ignores the signal is left to ignore it.
func WithSignals(on bool) RunOption { return func(c *runConfig) { c.signals = &on } }

// NewRunner makes a runner. Its loop is made at first use. Close it in the end.
func NewRunner(opts ...RunOption) *Runner {
	r := &Runner{}
	for _, o := range opts {
		o(&r.config)
	}
	return r
}

// Run runs main as the main task of a new loop and returns its result. Then the
// tasks that are left are cancelled and waited for, and the loop is closed.
//
// main's context has the values of ctx. When ctx is done, main is cancelled; if it
// ends so, the error is also ctx's. For Ctrl-C see WithSignals: ErrInterrupted if
// main ended cancelled by it. ErrLoopRunning in a callback or coroutine of a loop,
// and main is not entered. Any goroutine may call it; it blocks. (asyncio.run)
func Run[T any](ctx context.Context, main func(context.Context) (T, error), opts ...RunOption) (T, error) {
	return run(ctx, main, 0, opts)
}

// run is Run of a main function that may wrap the user's: pc is that one's code
// then.
func run[T any](ctx context.Context, main func(context.Context) (T, error), pc uintptr, opts []RunOption) (T, error) {
	if currentStrand() != nil {
		var zero T
		return zero, nestedRun("Run") // closing the runner would say so again
	}
	r := NewRunner(opts...)
	v, err := runOn(ctx, r, main, pc)
	if e := r.Close(); e != nil {
		if err != nil {
			e = errors.Join(err, e)
		}
		err = e
	}
	return v, err
}

// Run runs main on the runner's loop and returns its result, as the function Run
// does, but leaves the loop open and its tasks alone. ErrInvalidState on a closed
// runner, ErrLoopRunning while it runs. (Runner.run)
func (r *Runner) Run(ctx context.Context, main func(context.Context) (any, error)) (any, error) {
	return RunOn(ctx, r, main)
}

// RunOn is Runner.Run for a result of any type.
func RunOn[T any](ctx context.Context, r *Runner, main func(context.Context) (T, error)) (T, error) {
	return runOn(ctx, r, main, 0)
}

func runOn[T any](ctx context.Context, r *Runner, main func(context.Context) (T, error), pc uintptr) (T, error) {
	const op = "Run"
	var zero T
	if main == nil {
		return zero, invalid(op, "the function is nil")
	}
	unlock, err := r.lock(op)
	if err != nil {
		return zero, err
	}
	defer unlock()
	loop, err := r.open(op)
	if err != nil {
		return zero, err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	task := createTask(loop, main, pc, []TaskOption{WithContext(ctx)})
	if task.futureBase.loop == nil {
		return task.Result()
	}
	if err := r.await(ctx, loop, task); err != nil {
		return zero, err
	}
	return task.Result()
}

// lock makes the caller the one that works with the runner.
func (r *Runner) lock(op string) (unlock func(), err error) {
	if currentStrand() != nil {
		return nil, nestedRun(op)
	}
	if !r.busy.TryLock() {
		return nil, opError(op, ErrLoopRunning)
	}
	return r.busy.Unlock, nil
}

func nestedRun(op string) error {
	return opError(op, fmt.Errorf("%w: it cannot be called in a callback or coroutine of a loop; await there, or use Go", ErrLoopRunning))
}

// current returns the loop, nil if it is not made yet.
func (r *Runner) current(op string) (EventLoop, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, opError(op, fmt.Errorf("%w: the runner is closed", ErrInvalidState))
	}
	return r.loop, nil
}

// open returns the loop and makes it, if it is not there. The caller has locked
// the runner.
func (r *Runner) open(op string) (EventLoop, error) {
	loop, err := r.current(op)
	if loop != nil || err != nil {
		return loop, err
	}
	if loop, err = r.makeLoop(op); err != nil {
		return nil, err
	}
	if r.config.debug != nil {
		loop.SetDebug(*r.config.debug)
	}
	r.mu.Lock()
	r.loop = loop
	r.mu.Unlock()
	return loop, nil
}

func (r *Runner) makeLoop(op string) (EventLoop, error) {
	if r.config.factory != nil {
		loop, err := r.config.factory()
		return nilLoopIsError(op, loop, err)
	}
	loop, err := NewEventLoop()
	if err != nil {
		return nil, err
	}
	if err := SetEventLoop(loop); err != nil {
		return nil, errors.Join(err, loop.Close())
	}
	r.setIn = contextID()
	return loop, nil
}

// await runs the loop until the main task is done. The error is what keeps its
// result from being the run's.
func (r *Runner) await(ctx context.Context, loop EventLoop, task AnyTask) error {
	stop := cancelWith(ctx, task)
	defer stop()
	interrupted := r.watchInterrupt(task)
	err := loop.RunUntilComplete(task)
	if interrupted() {
		// Unless main made something else of it. If it ended without having heard
		// of it, the signal is not to be lost.
		heard := task.anyTask().scope.Err() != nil
		if !heard || (task.Cancelled() && task.Uncancel() == 0) {
			return opError("Run", ErrInterrupted)
		}
	}
	if err != nil && task.Cancelled() && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &TimeoutError{Cause: err}
	}
	return err
}

// cancelWith cancels the task when ctx is done, before its first step if ctx is
// done already.
func cancelWith(ctx context.Context, task AnyTask) (stop func() bool) {
	cancel := func() { task.Cancel(context.Cause(ctx)) }
	if ctx.Err() != nil {
		cancel()
		return func() bool { return false }
	}
	return context.AfterFunc(ctx, cancel)
}

// Loop returns the runner's loop, which is made at first use. ErrInvalidState if
// the runner is closed. (Runner.get_loop)
func (r *Runner) Loop() (EventLoop, error) {
	const op = "Runner.Loop"
	if loop, err := r.current(op); loop != nil || err != nil {
		return loop, err
	}
	unlock, err := r.lock(op)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return r.open(op)
}

// Close cancels the tasks that are left and waits for them, shuts the default
// executor down and waits for what runs there, takes the loop back from being
// current, and closes it; the last two also if something before them fails. An
// error of a task that is left goes to the exception handler. Closing again is
// harmless; ErrLoopRunning while the runner runs. (Runner.close)
func (r *Runner) Close() error {
	unlock, err := r.lock("Runner.Close")
	if err != nil {
		return err
	}
	defer unlock()
	r.mu.Lock()
	loop := r.loop
	r.loop, r.closed = nil, true
	r.mu.Unlock()
	if loop == nil {
		return nil
	}
	if !loop.IsClosed() {
		err = shutDown(loop)
	}
	if r.setIn != 0 && r.setIn == contextID() {
		// From another goroutine it cannot be taken back; but a policy forgets a
		// loop that is closed.
		err = errors.Join(err, SetEventLoop(nil))
	}
	return errors.Join(err, loop.Close())
}

// shutDown lets a loop finish what it has begun.
func shutDown(loop EventLoop) error {
	if err := cancelLeftOver(loop); err != nil {
		return err
	}
	last := CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, loop.ShutdownDefaultExecutor(ctx)
	})
	if last.futureBase.loop == nil {
		return last.Exception()
	}
	return loop.RunUntilComplete(last)
}

// cancelLeftOver cancels the loop's tasks, waits until they are done and reports
// their errors.
func cancelLeftOver(loop EventLoop) error {
	tasks := AllTasks(loop)
	if len(tasks) == 0 {
		return nil
	}
	all := &countdown{left: len(tasks), done: NewFuture[struct{}](loop)}
	for _, t := range tasks {
		t.Cancel()
		t.awaitable().addCallback(all)
	}
	if err := loop.RunUntilComplete(all.done); err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Cancelled() {
			continue
		}
		if err := t.Exception(); err != nil {
			loop.CallExceptionHandler(ExceptionContext{
				Message: "unhandled exception during asyncio.Run shutdown",
				Err:     err,
				Task:    t,
			})
		}
	}
	return nil
}

// countdown is done when as many futures are.
type countdown struct {
	left int
	done *Future[struct{}]
}

func (c *countdown) Complete(uint64) {
	if c.left--; c.left == 0 {
		_ = c.done.SetResult(struct{}{}) // nobody else settles it
	}
}
