package asyncio

import (
	"context"
	"fmt"
)

// TaskSpec is a task that is about to be made. A task factory may change it.
type TaskSpec struct {
	// Name is the task's name; an empty one becomes Task- and a number.
	Name string
	// Eager says that the task is to run up to its first wait at once.
	Eager bool
	// EagerGiven says that who makes the task has decided about Eager, by
	// WithEagerStart: a factory should leave it then.
	EagerGiven bool
	// Context has the values for the task. Nil means those of the current task.
	Context context.Context
	// Func is what the task runs. A factory may wrap it; what it returns must be
	// of the type that it returned before.
	Func func(ctx context.Context) (any, error)
}

// TaskFactory sees each task of a loop before it is made, and may change its
// spec. An error keeps the task from being made: it has failed with it. It is
// called on the loop's goroutine. (the factory of set_task_factory)
type TaskFactory func(loop EventLoop, spec *TaskSpec) error

// EagerTaskFactory is a TaskFactory by which tasks run up to their first wait within
// the call that makes them, unless WithEagerStart says otherwise. A task that need not
// wait then costs no turn of the loop; but it runs before what was ready already.
// (asyncio.eager_task_factory)
func EagerTaskFactory(_ EventLoop, spec *TaskSpec) error {
	if !spec.EagerGiven {
		spec.Eager = true
	}
	return nil
}

// CreateEagerTaskFactory returns EagerTaskFactory with another factory after it, which
// finds Eager set; a nil one is none. (asyncio.create_eager_task_factory)
func CreateEagerTaskFactory(next TaskFactory) TaskFactory {
	if next == nil {
		return EagerTaskFactory
	}
	return func(loop EventLoop, spec *TaskSpec) error {
		if err := EagerTaskFactory(loop, spec); err != nil {
			return err
		}
		return next(loop, spec)
	}
}

// SetTaskFactory implements TaskMaking.
func (l *baseLoop) SetTaskFactory(f TaskFactory) error {
	hold, err := l.acquireClosed("SetTaskFactory")
	if err != nil {
		return err
	}
	l.factory = f
	hold.Leave()
	return nil
}

// GetTaskFactory implements TaskMaking.
func (l *baseLoop) GetTaskFactory() (f TaskFactory) {
	l.ifOwner(func() { f = l.factory })
	return f
}

// applyFactory lets the loop's factory have its say.
func (t *Task[T]) applyFactory(l *baseLoop, c *taskConfig) error {
	factory := l.factory
	if l.outer {
		factory = l.self.GetTaskFactory() // an embedder may override it
	}
	if factory == nil {
		return nil
	}
	fn := t.fn
	spec := TaskSpec{
		Name: c.name, Eager: c.eager, EagerGiven: c.eagerGiven, Context: c.context,
		Func: func(ctx context.Context) (any, error) { return fn(ctx) },
	}
	if err := factory(l.self, &spec); err != nil {
		return opError("task factory", err)
	}
	if spec.Func == nil {
		return invalid("task factory", "it left no function")
	}
	c.name, c.eager, c.context = spec.Name, spec.Eager, spec.Context
	t.fn = func(ctx context.Context) (T, error) {
		var zero T
		v, err := spec.Func(ctx)
		if v == nil {
			return zero, err
		}
		got, ok := v.(T)
		if !ok && err == nil {
			err = fmt.Errorf("asyncio: task factory: %w: the function returned a %T, not a %T", ErrInvalidArgument, v, zero)
		}
		return got, err
	}
	return nil
}
