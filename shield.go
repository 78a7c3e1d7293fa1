package asyncio

import "context"

// Shield waits for a and returns its result, but if the wait is cancelled, or ctx
// ends it, a goes on; if a fails then, the exception handler hears of it, once. If
// a itself is cancelled, so is the wait. Shield a coroutine by giving it the task:
// Shield(ctx, Go(ctx, f)). Any goroutine may call it; who is running decides how it
// waits, as with Await. (asyncio.shield)
func Shield[T any](ctx context.Context, a AwaitableOf[T]) (T, error) {
	outer := ShieldFuture(ctx, a)
	v, err := outer.Await(ctx)
	if !outer.Done() {
		outer.Cancel() // lets go of a
	}
	return v, err
}

// ShieldFuture is Shield as a future: it gets a's end, and cancelling it leaves a
// alone, but for a report if a fails later. If a is done already, so is the future. Any goroutine may call it; a nil
// or zero a: the future has failed with ErrInvalidArgument. (asyncio.shield)
func ShieldFuture[T any](_ context.Context, a AwaitableOf[T]) *Future[T] {
	const op = "Shield"
	inner := futureOf(a)
	switch {
	case inner == nil:
		return failedFuture[T](invalid(op, "the awaitable is nil"))
	case inner.loop == nil && !inner.Done():
		return failedFuture[T](invalid(op, "the awaitable is a zero value, not made by this package"))
	case inner.Done():
		return finishedLike(a)
	}
	outer := &Future[T]{}
	outer.setLoop(inner.loop)
	token := inner.addCallback(&namedCallback{name: op, to: &outer.futureBase, call: func() {
		switch {
		case !outer.Done():
			copyState(a, outer)
		case !outer.Cancelled():
			inner.markRetrieved()
		}
	}})
	outer.addCallback(&namedCallback{name: op, call: func() {
		if inner.removeCallback(token) > 0 && outer.Cancelled() {
			reportLate(a)
		}
	}})
	return outer
}

// reportLate has the exception handler hear of it if a fails. It listens to a
// once, however many shields were cancelled.
func reportLate(a Awaitable) {
	f := a.awaitable()
	if !f.state.lockPending() {
		return
	}
	already := f.late
	f.late = true
	f.state.unlock(statePending)
	if already {
		return
	}
	f.addCallback(&lateReport{a})
}

// lateReport listens to what a cancelled shield has left alone. It is no one who
// waits, and so is not shown among those who do.
type lateReport struct{ of Awaitable }

// bystander implements bystander.
func (*lateReport) bystander() {}

func (r *lateReport) Complete(uint64) {
	f := r.of.awaitable()
	err := f.outcome()
	if err == nil || f.Cancelled() {
		return
	}
	c := ExceptionContext{Message: "exception in shielded future", Err: err, Future: r.of}
	if f.origin != nil {
		c.Source = f.origin.String()
	}
	f.loop.handle(c)
}

// finishedLike returns a future with the state of one that is done: itself, if it
// is a plain future.
func finishedLike[T any](a AwaitableOf[T]) *Future[T] {
	if f, ok := a.(*Future[T]); ok {
		return f
	}
	f := &Future[T]{}
	if l := a.awaitable().loop; l != nil {
		f.setLoop(l)
		copyState(a, f)
		return f
	}
	f.failWithout(a.Exception())
	return f
}
