package asyncio

// EnsureFuture returns a itself if it is a future or task, and a task of the loop
// that awaits a if it is anything else: a Coroutine, a type of one's own. A nil
// loop means that of the future, or for a task the running one, else the current
// one. ErrWrongLoop, which is an ErrInvalidArgument here, if a is a future of
// another loop than the one given; ErrNoCurrentLoop if there is none for a task.
// Loop only where it makes a task. (asyncio.ensure_future)
func EnsureFuture[T any](loop EventLoop, a Awaiter[T]) (AwaitableOf[T], error) {
	const op = "EnsureFuture"
	if a == nil {
		return nil, invalid(op, "the awaitable is nil")
	}
	if fut, ok := a.(AwaitableOf[T]); ok {
		f := fut.awaitable()
		if loop != nil && f.loop != loop.base() {
			return nil, wrongLoop(op)
		}
		return fut, nil
	}
	t := CreateTask(loop, a.Await)
	if t.futureBase.loop == nil {
		return nil, t.Exception()
	}
	return t, nil
}

// WrapFuture makes a future of another loop awaitable on this one: the future
// that it returns gets the other's result and, if it is cancelled first, cancels
// the other. A future of this loop is returned as it is. A nil loop means the
// running one, else the current one; ErrNoCurrentLoop if there is none. Any
// goroutine may call it. (asyncio.wrap_future)
func WrapFuture[T any](loop EventLoop, a AwaitableOf[T]) (AwaitableOf[T], error) {
	const op = "WrapFuture"
	f := futureOf(a)
	if f == nil {
		return nil, invalid(op, "the future is nil")
	}
	l, err := resolveLoop(op, loop)
	if err != nil {
		return nil, err
	}
	if f.loop == l || f.loop == nil {
		return a, nil
	}
	wrapper := &Future[T]{}
	wrapper.setLoop(l)
	chain(a, wrapper)
	return wrapper, nil
}
