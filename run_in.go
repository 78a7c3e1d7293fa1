package asyncio

import "context"

// RunIn runs f on a goroutine of the executor e, or of the loop's default one if that is nil,
// and returns a future of its result: RunInExecutor of the loop, which is asked if it
// overrides that, for a result of any type. A nil loop means the running one, else the current
// one. To wait for the result at once, ToThread is shorter. Errors as of RunInExecutor. Loop
// only. (loop.run_in_executor)
func RunIn[T any](loop EventLoop, e Executor, f func() (T, error)) (*Future[T], error) {
	const op = "RunInExecutor"
	l, err := resolveLoop(op, loop)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, invalid(op, "the function is nil")
	}
	hold, err := l.acquire(op)
	if err != nil {
		return nil, err
	}
	defer hold.Leave()
	if l.outer {
		return askToRun(l, e, f)
	}
	return submit(l, e, f)
}

// ToThread runs f on a goroutine of the running loop's default executor and waits
// for its result: what blocks or needs runtime.LockOSThread belongs there. Off
// any loop it calls f at once. (asyncio.to_thread)
func ToThread[T any](ctx context.Context, f func() (T, error)) (T, error) {
	var zero T
	if f == nil {
		return zero, invalid("ToThread", "the function is nil")
	}
	s := currentStrand()
	if s == nil {
		if err := contextError(ctx); err != nil {
			return zero, err
		}
		return f()
	}
	if s.task() == nil {
		return zero, opError("ToThread", ErrAwaitInCallback)
	}
	fut, err := RunIn(s.loop().self, nil, f)
	if err != nil {
		return zero, err
	}
	return fut.Await(ctx)
}
