package asyncio

import (
	"context"
)

// CreateTask makes a task of f on the loop; a nil loop means the running one,
// else the current one. f runs from the next pass on, or at once: see WithEagerStart.
// Loop only. On a closed or missing loop, or from another goroutine, the task has
// failed already (ErrLoopClosed, ErrNoCurrentLoop, ErrWrongGoroutine) and f is not
// entered; if nobody looks at it, that is reported. (loop.create_task)
func CreateTask[T any](loop EventLoop, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	return createTask(loop, f, 0, opts)
}

// createTask is CreateTask of a function that may wrap the user's: pc is that one's
// code then.
func createTask[T any](loop EventLoop, f func(context.Context) (T, error), pc uintptr, opts []TaskOption) *Task[T] {
	const op = "CreateTask"
	t := &Task[T]{fn: f}
	t.base.noteFunction(pc, f)
	l, err := resolveLoop(op, loop)
	if err == nil {
		err = t.enterAndStart(l, op, opts)
	}
	if err != nil {
		return t.fail(l, err)
	}
	return t
}

// Go makes a task of f on the running loop. It has the values of ctx, not its
// cancellation: it outlives its maker. Outside a loop the task has failed already
// with ErrNoRunningLoop and f is not entered; if nobody looks at it, that is
// reported. (asyncio.create_task)
func Go[T any](ctx context.Context, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	return goTask(ctx, f, 0, opts)
}

// goTask is Go as createTask is CreateTask.
func goTask[T any](ctx context.Context, f func(context.Context) (T, error), pc uintptr, opts []TaskOption) *Task[T] {
	const op = "Go"
	t := &Task[T]{fn: f}
	t.base.noteFunction(pc, f)
	var l *baseLoop
	var err error
	switch s := currentStrand(); {
	case s == nil:
		l, err = strayed(ctx, op)
	case s.loop().IsClosed():
		l, err = s.loop(), opError(op, ErrLoopClosed)
	default:
		l = s.loop()
		err = t.start(l, op, taskConfig{context: ctx}, opts)
	}
	if err != nil {
		return t.fail(l, err)
	}
	return t
}

// strayed is the error of a call that is for the running loop, made where none runs,
// and the loop that hears of it: the one whose context was given.
func strayed(ctx context.Context, op string) (*baseLoop, error) {
	text := "asyncio: " + op + ": " + noRunningLoop
	if ctx != nil {
		if s, _ := scopeOf(ctx); s != nil {
			return s.task.loop, &strayCall{ErrNoRunningLoop, text + " in this goroutine; use RunCoroutineThreadsafe"}
		}
	}
	return nil, &strayCall{ErrNoRunningLoop, text + "; call it inside asyncio.Run, or use RunCoroutineThreadsafe"}
}

// fail makes a task that was never started a failed one, and returns it. l is the
// loop that refused it, if there is one; if nobody looks at the task, it reports it.
func (t *Task[T]) fail(l *baseLoop, err error) *Task[T] {
	t.base.f = &t.futureBase
	t.base.scope.init(&t.base, nil)
	t.by = t
	t.err = err
	t.noteRefused(l, err, 0)
	t.state.unlock(stateFinished)
	return t
}

// enterAndStart is start for who may not be on the loop.
func (t *Task[T]) enterAndStart(l *baseLoop, op string, opts []TaskOption) error {
	hold, err := l.acquire(op)
	if err != nil {
		return err
	}
	defer hold.Leave()
	return t.start(l, op, taskConfig{}, opts)
}

// start puts the task on its loop, made as c and the options say. Loop only.
func (t *Task[T]) start(l *baseLoop, op string, c taskConfig, opts []TaskOption) error {
	if t.fn == nil {
		return invalid(op, "the function is nil")
	}
	if len(opts) > 0 {
		c = c.with(opts)
	}
	if err := t.applyFactory(l, &c); err != nil {
		return err
	}
	t.setLoop(l)
	t.by = t
	t.base.init(l, &t.futureBase, c)
	return nil
}

func (t *taskBase) init(l *baseLoop, f *futureBase, c taskConfig) {
	t.loop, t.f = l, f
	if c.context == nil {
		if s := currentStrand(); s != nil && s.task() != nil {
			c.context = &s.task().scope // as asyncio copies the current context
		}
	}
	t.scope.init(t, c.context)
	t.num = l.sim.nextTask()
	if c.name != "" {
		t.setName(c.name)
	}
	t.node.to = t
	l.listTask(t)
	l.sim.tellTask("task", t.num, t.givenName())
	ev := t.event(wakeUp)
	switch {
	case c.eager && l.onLoop():
		t.stepNested()
	case l.outer:
		// If the embedder's loop refuses, it is the task that has failed.
		if _, err := l.self.CallSoon(func() { l.core.Do(t, ev) }); err != nil {
			t.finish(err)
		}
	default:
		l.schedule(t, ev)
	}
}
