package asyncio

import (
	"context"
	"sync/atomic"
)

var taskNumbers atomic.Uint64

// TaskOption changes how a task is made.
type TaskOption func(*taskConfig)

type taskConfig struct {
	name    string
	eager   bool
	context context.Context
}

// WithName names the task; the default is Task-1, Task-2 and so on.
func WithName(name string) TaskOption { return func(c *taskConfig) { c.name = name } }

// WithEagerStart runs the task up to its first wait within the call that makes
// it, if that is made on the running loop. (eager_task_factory)
func WithEagerStart(on bool) TaskOption { return func(c *taskConfig) { c.eager = on } }

// WithContext gives the task the values of ctx; not its cancellation.
func WithContext(ctx context.Context) TaskOption {
	return func(c *taskConfig) { c.context = ctx }
}

// CreateTask makes a task of f on the loop; a nil loop means the running one,
// else the current one. f runs from the next pass on. Loop only. On a closed or
// missing loop, or from another goroutine, the task has failed already
// (ErrLoopClosed, ErrNoRunningLoop, ErrWrongGoroutine) and f is not entered.
// (loop.create_task)
func CreateTask[T any](loop EventLoop, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	t := &Task[T]{fn: f}
	l, err := resolveLoop("CreateTask", loop)
	if err == nil {
		err = t.enterAndStart(l, "CreateTask", opts)
	}
	if err != nil {
		t.fail(err)
	}
	return t
}

// Go makes a task of f on the running loop. It has the values of ctx, not its
// cancellation: it outlives its maker. Outside a loop the task has failed already
// with ErrNoRunningLoop and f is not entered. (asyncio.create_task)
func Go[T any](ctx context.Context, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	t := &Task[T]{fn: f}
	const op = "Go"
	var err error
	switch s := currentStrand(); {
	case s == nil:
		err = opError(op, ErrNoRunningLoop)
	case s.loop.closed.Load():
		err = opError(op, ErrLoopClosed)
	default:
		err = t.start(s.loop, op, taskConfig{context: ctx}, opts)
	}
	if err != nil {
		t.fail(err)
	}
	return t
}

// fail makes a task that was never started a failed one.
func (t *Task[T]) fail(err error) {
	t.base.f, t.base.self = &t.futureBase, t
	t.base.scope.init(&t.base, nil)
	t.failWithout(err)
}

// enterAndStart is start for who may not be on the loop.
func (t *Task[T]) enterAndStart(l *baseLoop, op string, opts []TaskOption) error {
	held, err := l.enter(op)
	if err != nil {
		return err
	}
	if held {
		defer l.leave()
	}
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
	t.by = &t.base
	t.base.init(l, &t.futureBase, t, c)
	return nil
}

// with returns the config as the options change it. What they are given escapes,
// so the usual config, without any, is not passed to them.
func (c taskConfig) with(opts []TaskOption) taskConfig {
	for _, o := range opts {
		o(&c)
	}
	return c
}

func (t *taskBase) init(l *baseLoop, f *futureBase, self AnyTask, c taskConfig) {
	t.loop, t.f, t.self = l, f, self
	if c.context == nil {
		if s := currentStrand(); s != nil && s.task != nil {
			c.context = &s.task.scope // as asyncio copies the current context
		}
	}
	t.scope.init(t, c.context)
	t.num = taskNumbers.Add(1)
	if c.name != "" {
		t.setName(c.name)
	}
	t.node.to = t
	l.listTask(t)
	ev := t.event(wakeUp)
	switch {
	case c.eager && l.onLoop():
		t.stepNested()
	case l.outer:
		// If the embedder's loop refuses, it is the task that has failed.
		if _, err := l.self.CallSoon(func() { t.Complete(ev) }); err != nil {
			t.finish(err)
		}
	default:
		l.schedule(t, ev)
	}
}
