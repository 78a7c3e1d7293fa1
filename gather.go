package asyncio

import (
	"context"
	"slices"
)

// Result is what became of one of several things that were waited for together.
type Result[T any] struct {
	Value T
	Err   error
}

// Gather runs the functions as tasks of the running loop, at the same time, and
// returns their results in the order of the arguments, or the first error as soon
// as there is one: the other tasks then go on, and what becomes of them is not
// reported. If the waiting is cancelled, or ctx ends it, the tasks are cancelled.
//
// The tasks have the values of ctx, not its cancellation. ErrNoRunningLoop
// outside a loop, ErrAwaitInCallback in a plain callback, ErrInvalidArgument for
// a nil function; no function is entered then. (asyncio.gather)
func Gather[T any](ctx context.Context, fs ...func(context.Context) (T, error)) ([]T, error) {
	return runTogether(ctx, "gather", fs, GatherFuture[T, *Task[T]])
}

// GatherResults is Gather that waits for all functions and returns each one's
// result or error. Its own error says that the waiting failed: it was cancelled,
// or is not possible here. (asyncio.gather with return_exceptions)
func GatherResults[T any](ctx context.Context, fs ...func(context.Context) (T, error)) ([]Result[T], error) {
	return runTogether(ctx, "gather", fs, gatherResults[T, *Task[T]])
}

// GatherOf is Gather for futures and tasks that exist already; one that is given
// twice is waited for once. Any goroutine may call it. If the waiting is
// cancelled, they are cancelled; if ctx ends it, they go on. Futures of different
// loops: ErrWrongLoop, which is an ErrInvalidArgument here, as is a nil future.
// (asyncio.gather)
func GatherOf[T any, A AwaitableOf[T]](ctx context.Context, aws ...A) ([]T, error) {
	fut := GatherFuture(ctx, aws...)
	v, err := fut.Await(ctx)
	if g, ok := fut.by.(*gathering); ok && !fut.Done() {
		g.unregister() // nobody waits any more
	}
	return v, err
}

// GatherFuture is GatherOf as a future, of the loop of what it gathers; of the
// running or current loop if that is nothing. Its Cancel cancels all that is not
// done and reports whether there was any: it ends when they have, failed with the
// cancellation, not cancelled itself. If all that it gathers is done, so is it, at
// once. Any goroutine may call it. (asyncio.gather)
func GatherFuture[T any, A AwaitableOf[T]](_ context.Context, aws ...A) *Future[[]T] {
	return gather(aws, false, func() []T {
		values := make([]T, len(aws))
		for i, a := range aws {
			values[i], _ = a.Result() // none has failed
		}
		return values
	})
}

func gatherResults[T any, A AwaitableOf[T]](_ context.Context, aws ...A) *Future[[]Result[T]] {
	return gather(aws, true, func() []Result[T] {
		results := make([]Result[T], len(aws))
		for i, a := range aws {
			results[i].Value, results[i].Err = a.Result()
		}
		return results
	})
}

// runTogether makes tasks of the functions and waits for the future of them all.
func runTogether[T, R any](ctx context.Context, op string, fs []func(context.Context) (T, error),
	all func(context.Context, ...*Task[T]) *Future[R]) (R, error) {
	var zero R
	for i, f := range fs {
		if f == nil {
			return zero, invalid(op, "function %d is nil", i)
		}
	}
	switch s := currentStrand(); {
	case s == nil:
		return zero, opError(op, ErrNoRunningLoop)
	case s.task() == nil:
		return zero, opError(op, ErrAwaitInCallback)
	}
	aws := make([]*Task[T], len(fs))
	for i, f := range fs {
		aws[i] = Go(ctx, f)
	}
	fut := all(ctx, aws...)
	v, err := fut.Await(ctx)
	if !fut.Done() {
		fut.Cancel() // nobody else knows the tasks
	}
	return v, err
}

// gathering is the state behind a future that gathers others.
type gathering struct {
	*waitSet
	out       *futureBase
	errorsToo bool // errors are results
	finished  int  // loop only, as all that follows
	cancelled bool
	msg       any
	deliver   func() // gives out the results
}

func gather[A Awaitable, R any](aws []A, errorsToo bool, collect func() []R) *Future[[]R] {
	const op = "Gather"
	group, err := newWaitSet(op, aws)
	if err != nil {
		return failedFuture[[]R](err)
	}
	if len(aws) == 0 {
		out := NewFuture[[]R](nil)
		_ = out.SetResult([]R{}) // fails if the future has already, for want of a loop
		return out
	}
	out := &Future[[]R]{}
	if group.loop == nil {
		// All failed before they had a loop, so this has no loop either.
		if !errorsToo {
			return failedFuture[[]R](group.fs[0].outcome())
		}
		out.value = collect()
		out.state.unlock(stateFinished)
		return out
	}
	out.setLoop(group.loop)
	g := &gathering{waitSet: group, out: &out.futureBase, errorsToo: errorsToo}
	g.deliver = func() { _ = out.setResult(collect()) } // the caller may have set one
	out.by = g
	g.listen()
	return out
}

// listen registers for what is not done. What is done counts at once, unless the
// loop, which does the counting, may be at it already on another goroutine.
func (g *gathering) listen() {
	inOrder := g.loop.onLoop() || !slices.ContainsFunc(g.fs, func(f *futureBase) bool { return !f.Done() })
	var done []int
	for i, f := range g.fs {
		g.nodes[i] = waitNode{to: g, ev: uint64(i)}
		switch {
		case !inOrder:
			f.notify(g.loop, &g.nodes[i])
		case !f.addNode(&g.nodes[i]):
			done = append(done, i)
		}
	}
	for _, i := range done {
		g.Complete(uint64(i))
	}
}

// letGo stops listening to what goes on after a failure. What becomes of it is not
// reported: the first one's failure stands for all.
func (g *gathering) letGo() {
	for i, f := range g.fs {
		if f.removeNode(&g.nodes[i]) {
			f.mute()
		}
	}
}

// Complete takes note that one of the futures is done.
func (g *gathering) Complete(ev uint64) {
	f := g.fs[ev]
	g.finished++
	if g.out.Done() {
		f.markRetrieved() // as with letGo
		return
	}
	switch {
	case f.err != nil && !g.errorsToo:
		_ = g.out.complete(stateFinished, f.outcome())
		g.letGo()
	case g.finished < len(g.fs):
	case g.cancelled:
		_ = g.out.complete(stateFinished, &CancelledError{g.msg})
	default:
		g.deliver()
	}
}

// cancelFuture cancels what is gathered and is not done.
func (g *gathering) cancelFuture(msg any) bool {
	if g.out.Done() {
		g.out.markRetrieved()
		return false
	}
	ok := false
	if g.loop.asOwner(func() { ok = g.cancelAll(msg) }) {
		return ok
	}
	for _, f := range g.fs {
		if !f.Done() {
			return g.loop.post(callback(func() { g.cancelAll(msg) }), 0)
		}
	}
	return false
}

func (g *gathering) cancelAll(msg any) (any bool) {
	for _, f := range g.fs {
		if f.cancelWith(msg) {
			any = true
		}
	}
	if any {
		g.cancelled, g.msg = true, msg
	}
	return any
}

func (g *gathering) callbackName() string { return "gather" }

// describe names the kind.
func (g *gathering) describe() string { return "GatheringFuture" }
