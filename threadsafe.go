package asyncio

import "context"

// RunCoroutineThreadsafe makes a task of f on the loop, from any goroutine, and
// returns a future of its result: Await it, or let go of it. Cancelling the
// future cancels the task, on the loop within the call; if the task is not made
// yet, f is not entered. A nil loop means the running one, else the current one.
//
// The future belongs to the loop; a coroutine of another loop awaits it through
// WrapFuture. It has failed already with ErrLoopClosed on a closed loop, and with
// ErrNoCurrentLoop if there is none; if nobody looks at it, that is reported. An error
// of the loop's task factory is the future's, and the exception handler hears of it too.
// (asyncio.run_coroutine_threadsafe)
func RunCoroutineThreadsafe[T any](loop EventLoop, f func(context.Context) (T, error)) *Future[T] {
	const op = "RunCoroutineThreadsafe"
	l, err := resolveLoop(op, loop)
	switch {
	case err != nil:
		return refusedFuture(l, f, err)
	case f == nil:
		return refusedFuture(l, f, invalid(op, "the function is nil"))
	}
	both := &struct {
		Future[T]
		call threadsafeCall
	}{}
	fut, h := &both.Future, &both.call
	fut.setLoop(l)
	fut.by, h.fut = h, &fut.futureBase
	start := func() { startFor(h, fut, op, f) }
	if l.outer { // an embedder may override it
		_, err = l.self.CallSoonThreadsafe(start)
	} else if !l.post(callback(start), 0) {
		err = opError(op, ErrLoopClosed)
	}
	if err != nil {
		return refusedFuture(l, f, err)
	}
	return fut
}

// threadsafeCall is what becomes of a coroutine that was handed to a loop.
type threadsafeCall struct {
	fut  *futureBase
	task *taskBase // loop only: what is to be cancelled with the future
}

// cancelFuture cancels the future. On the loop the task is cancelled with it at
// once, for the loop may stop before the future's callbacks come.
func (h *threadsafeCall) cancelFuture(msg any) bool {
	if h.fut.complete(stateCancelled, &CancelledError{msg}) != nil {
		h.fut.markRetrieved()
		return false
	}
	h.fut.loop.asOwner(func() { h.cancelTask(msg) })
	return true
}

// cancelTask cancels the task, once.
func (h *threadsafeCall) cancelTask(msg any) {
	if t := h.task; t != nil {
		h.task = nil
		t.requestCancel(msg, &t.scope)
	}
}

// describe names the kind.
func (h *threadsafeCall) describe() string { return "Future" }

// startFor makes the task whose result is to be the future's. Loop only.
func startFor[T any](h *threadsafeCall, fut *Future[T], op string, f func(context.Context) (T, error)) {
	if fut.Done() {
		return
	}
	t := &Task[T]{fn: f}
	if err := t.enterAndStart(fut.loop, op, nil); err != nil {
		_ = fut.SetException(err) // fails if it was cancelled a moment ago
		fut.loop.handle(ExceptionContext{Message: "Exception in callback of RunCoroutineThreadsafe", Err: err})
		return
	}
	h.task = &t.base
	chainBy(t, fut, h.cancelTask)
}

// refusedFuture is the future of a function that was refused by the loop, or for want
// of one. If nobody looks at it, that is reported.
func refusedFuture[T any](l *baseLoop, f func(context.Context) (T, error), err error) *Future[T] {
	fut := &Future[T]{}
	fut.err = err
	fut.noteRefused(l, err, funcCode(f))
	fut.state.unlock(stateFinished)
	return fut
}

// failedFuture is a future that failed before it had a loop.
func failedFuture[T any](err error) *Future[T] {
	f := &Future[T]{}
	f.failWithout(err)
	return f
}
