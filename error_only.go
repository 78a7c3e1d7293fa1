package asyncio

import (
	"context"
	"time"
)

// Functions that only return an error have a form of their own of each call that
// takes a function with a result: the call's name and Err. A task group's is the
// other way round: TaskGroup.Go takes such a function, GroupGo one with a result.

// RunErr is Run for a main function that only returns an error.
func RunErr(ctx context.Context, main func(context.Context) error, opts ...RunOption) error {
	_, err := run(ctx, noResult(main), funcCode(main), opts)
	return err
}

// GoErr is Go for a function that only returns an error.
func GoErr(ctx context.Context, f func(context.Context) error, opts ...TaskOption) *Task[struct{}] {
	return goTask(ctx, noResult(f), funcCode(f), opts)
}

// CreateTaskErr is CreateTask for a function that only returns an error.
func CreateTaskErr(loop EventLoop, f func(context.Context) error, opts ...TaskOption) *Task[struct{}] {
	return createTask(loop, noResult(f), funcCode(f), opts)
}

// WaitForErr is WaitFor for a function that only returns an error.
func WaitForErr(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	_, err := WaitFor(ctx, d, noResult(f))
	return err
}

// ToThreadErr is ToThread for a function that only returns an error.
func ToThreadErr(ctx context.Context, f func() error) error {
	if f == nil {
		_, err := ToThread[struct{}](ctx, nil)
		return err
	}
	_, err := ToThread(ctx, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// noResult makes a function with a result of one without; nil stays nil.
func noResult(f func(context.Context) error) func(context.Context) (struct{}, error) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }
}
