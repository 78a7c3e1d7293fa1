package loopgroup

import (
	"context"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// Go runs f as a task on the least busy loop, and returns a future of its result. It is
// asyncio.RunCoroutineThreadsafe otherwise: cancelling the future cancels the task, and a
// failure that nobody looks at is reported. The future has failed already, and f is not
// entered, with ErrNotStarted and, once the group is being shut down, with ErrShutdown.
//
// Goroutines that are no loop's, and coroutines of the loop that has it, may await the future;
// [Await] is for everybody. Any goroutine may call it.
func Go[T any](g *Group, f func(context.Context) (T, error)) *asyncio.Future[T] {
	return start(g, "Go", g.LeastBusy(), f)
}

// GoOn is Go on loop number i; asyncio.ErrInvalidArgument if there is none of that number.
func GoOn[T any](g *Group, i int, f func(context.Context) (T, error)) *asyncio.Future[T] {
	return start(g, "GoOn", i, f)
}

// GoErr is Go for a function without a result.
func GoErr(g *Group, f func(context.Context) error) *asyncio.Future[struct{}] {
	return start(g, "GoErr", g.LeastBusy(), withoutResult(f))
}

// GoOnErr is GoOn for a function without a result.
func GoOnErr(g *Group, i int, f func(context.Context) error) *asyncio.Future[struct{}] {
	return start(g, "GoOnErr", i, withoutResult(f))
}

// withoutResult gives a function a result of nothing; nil stays nil.
func withoutResult(f func(context.Context) error) func(context.Context) (struct{}, error) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }
}

// Await waits for the future of any loop, from anywhere, and returns its result. If the caller
// is cancelled, or ctx done, the future is cancelled. asyncio.ErrLoopClosed if the future's
// loop is closed before there is a result. It suspends or blocks.
func Await[T any](ctx context.Context, f *asyncio.Future[T]) (T, error) {
	var zero T
	if f == nil {
		return zero, invalid("Await", "the future is nil")
	}
	if f.Done() {
		return f.Result()
	}
	loop, err := asyncio.GetRunningLoop()
	if err == nil && loop == f.Loop() {
		return f.Await(ctx)
	}
	v, err := outside(ctx, "Await", func(ctx context.Context) (T, error) {
		v, err := f.Await(ctx)
		if ctx.Err() != nil {
			f.Cancel() // which is nothing if it is done
		}
		return v, err
	}, nil)
	return v, err
}

// LeastBusy returns the number of the loop that has the fewest connections of the group's
// servers and pieces of work together; of those that are equal, each in turn. Any goroutine
// may call it.
func (g *Group) LeastBusy() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	least, at := -1, 0
	for k := range g.members {
		i := (g.turn + k) % len(g.members)
		n := g.load(i)
		if least < 0 || n < least {
			least, at = n, i
		}
	}
	g.turn = (at + 1) % len(g.members)
	return at
}

// load is how much loop number i has to do. The group is locked.
func (g *Group) load(i int) int {
	n := int(g.members[i].work.Load())
	for s := range g.servers {
		n += s.connectionsOn(i)
	}
	return n
}

// start runs f on loop number i.
func start[T any](g *Group, op string, i int, f func(context.Context) (T, error)) *asyncio.Future[T] {
	m, err := g.enter(op, i)
	if err == nil && f == nil {
		m.leave(g)
		err = invalid(op, "the function is nil")
	}
	if err != nil {
		return failed[T](g, err)
	}
	w := &piece{group: g, member: m}
	fut := asyncio.RunCoroutineThreadsafe(m.Loop, func(ctx context.Context) (T, error) {
		w.began.Store(true)
		defer w.end()
		return f(ctx)
	})
	fut.AddDoneCallback(func(*asyncio.Future[T]) { // which a loop that has died does not run
		if !w.began.Load() {
			w.end() // it was cancelled before
		}
	})
	return fut
}

// piece is work that was given to a loop.
type piece struct {
	group  *Group
	member *member
	began  atomic.Bool // f was entered, and ends it
}

// end counts the piece out.
func (w *piece) end() { w.member.leave(w.group) }

// enter counts a piece of work in at loop number i.
func (g *Group) enter(op string, i int) (*member, error) {
	if i < 0 || i >= g.loops {
		return nil, invalid(op, "loop %d of %d: they are counted from 0", i, g.loops)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.state {
	case made:
		return nil, opError(op, ErrNotStarted)
	case stopping:
		return nil, opError(op, ErrShutdown)
	}
	m := g.members[i]
	m.work.Add(1)
	return m, nil
}

// leave counts a piece of work out.
func (m *member) leave(g *Group) {
	if m.work.Add(-1) > 0 {
		return
	}
	select {
	case g.quiet <- struct{}{}:
	default:
	}
}

// failed is a future that has failed.
func failed[T any](g *Group, err error) *asyncio.Future[T] {
	f := asyncio.NewFuture[T](g.member(0).Loop)
	_ = f.SetException(err) // it is not done, and nobody waits for it
	return f
}
