package asynciotest

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// Run runs f as the main task of a loop that the policy makes, for a test of code
// that awaits. f may call t.FailNow and t.Fatal. What reaches the loop's exception
// handler fails the test, and so do tasks that are left when f returns: they are
// cancelled, and if that does not end them, unwound. f's context is done when the
// test's is. (unittest.IsolatedAsyncioTestCase)
func Run(t testing.TB, f func(ctx context.Context)) {
	t.Helper()
	run(t, asyncio.NewEventLoop, f)
}

// run is Run over the loop that make makes.
func run(t testing.TB, make func() (asyncio.EventLoop, error), f func(ctx context.Context)) {
	t.Helper()
	loop, err := make()
	if err != nil {
		t.Fatal("making a loop:", err)
	}
	defer func() {
		if err := loop.Close(); err != nil {
			t.Error("closing the loop:", err)
		}
	}()
	if err := loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported to the exception handler: %v", c)
	}); err != nil {
		t.Fatal(err)
	}
	err = loop.RunUntilComplete(asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(t.Context(), cancel)()
		defer cancel()
		f(ctx)
		return struct{}{}, endTasks(ctx, t, loop)
	}))
	if errors.Is(err, asyncio.ErrGoexit) && (t.Failed() || t.Skipped()) {
		t.FailNow() // what the test called in the coroutine was meant for it
	}
	if err != nil {
		t.Errorf("the test's task ended with %v", err)
	}
}

// endTasks cancels the tasks that the test has left, and names them.
func endTasks(ctx context.Context, t testing.TB, loop asyncio.EventLoop) error {
	self := asyncio.CurrentTask()
	var left []asyncio.Awaitable
	for _, task := range asyncio.AllTasks(loop) {
		if task != self {
			t.Errorf("the test has left a task: %v", task)
			task.Cancel()
			left = append(left, task)
		}
	}
	if len(left) == 0 {
		return nil
	}
	_, _, err := asyncio.Wait(context.WithoutCancel(ctx), left, asyncio.WaitOptions{Timeout: patience})
	return err
}
