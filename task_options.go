package asyncio

import "context"

// TaskOption changes how a task is made.
type TaskOption func(*taskConfig)

// taskConfig is what the options say.
type taskConfig struct {
	name       string
	eager      bool
	eagerGiven bool // by an option
	context    context.Context
}

// WithName names the task; the default is Task-1, Task-2 and so on.
func WithName(name string) TaskOption { return func(c *taskConfig) { c.name = name } }

// WithEagerStart says whether the task runs up to its first wait within the call
// that makes it, whatever the loop's task factory would have. While it does it is the
// current task; then its maker is again. On a loop that does not run, the task begins
// when the loop does, like any other. (eager_start of create_task)
func WithEagerStart(on bool) TaskOption {
	return func(c *taskConfig) { c.eager, c.eagerGiven = on, true }
}

// WithContext gives the task the values of ctx; not its cancellation.
func WithContext(ctx context.Context) TaskOption {
	return func(c *taskConfig) { c.context = ctx }
}

// with returns the config as the options change it. What they are given escapes,
// so the usual config, without any, is not passed to them.
func (c taskConfig) with(opts []TaskOption) taskConfig {
	for _, o := range opts {
		o(&c)
	}
	return c
}
