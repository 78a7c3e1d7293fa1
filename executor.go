package asyncio

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// executing is the part of a loop that hands work to other goroutines.
type executing struct {
	executorMu   sync.Mutex // names are looked up from any goroutine
	executor     Executor
	executorShut bool
}

// SetDefaultExecutor implements ExecutorUser.
func (l *baseLoop) SetDefaultExecutor(e Executor) error {
	const op = "SetDefaultExecutor"
	if e == nil {
		return invalid(op, "the executor is nil")
	}
	hold, err := l.acquire(op)
	if err != nil {
		return err
	}
	l.executorMu.Lock()
	l.executor = e
	l.executorMu.Unlock()
	hold.Leave()
	return nil
}

// RunInExecutor implements ExecutorUser.
func (l *baseLoop) RunInExecutor(e Executor, f func() (any, error)) (*Future[any], error) {
	hold, err := l.acquire("RunInExecutor")
	if err != nil {
		return nil, err
	}
	defer hold.Leave()
	return submit(l, e, f)
}

// submit has an executor, the default one if it is nil, run f. Any goroutine.
func submit[T any](l *baseLoop, e Executor, f func() (T, error)) (*Future[T], error) {
	const op = "RunInExecutor"
	if f == nil {
		return nil, invalid(op, "the function is nil")
	}
	var err error
	if e == nil {
		if e, err = l.defaultExecutor(); err != nil {
			return nil, err
		}
	}
	j := &job[T]{f: f, over: l.elsewhere.begin()}
	j.fut.setLoop(l)
	j.fut.by = j
	if pool, ok := e.(*PoolExecutor); ok {
		j.pool = pool
		err = pool.submit(j)
	} else {
		err = j.handOver(e)
	}
	if err != nil {
		j.end()
		return nil, opError(op, err)
	}
	return &j.fut, nil
}

// askToRun has a loop of the user's run f in an executor, by its own
// RunInExecutor.
func askToRun[T any](l *baseLoop, e Executor, f func() (T, error)) (*Future[T], error) {
	src, err := l.self.RunInExecutor(e, func() (any, error) { return f() })
	switch {
	case err != nil:
		return nil, err
	case src == nil:
		return nil, opError("RunInExecutor", fmt.Errorf("%w: %T returned neither a future nor an error", ErrInvalidState, l.self))
	}
	return convert[T](l, src), nil
}

// convert is a future of the loop's for the result of one without a type, which it
// cancels if it is cancelled itself.
func convert[T any](l *baseLoop, src *Future[any]) *Future[T] {
	dst := newFuture[T](l)
	dst.addCallback(&namedCallback{name: "convert", call: func() {
		if dst.Cancelled() {
			src.cancelWith(asCancelled(dst.err).Message)
		}
	}})
	src.notify(src.loop, &waitNode{direct: true, to: callback(func() {
		v, err := src.Result()
		t, ok := v.(T)
		if err == nil && !ok && v != nil {
			err = opError("RunInExecutor", fmt.Errorf("%w: %T gave a %T", ErrInvalidState, l.self, v))
		}
		if err != nil {
			_ = dst.SetException(err) // fails, as SetResult does, if it was cancelled
		} else {
			_ = dst.SetResult(t)
		}
	})})
	return dst
}

func (l *baseLoop) defaultExecutor() (Executor, error) {
	l.executorMu.Lock()
	defer l.executorMu.Unlock()
	if l.executorShut {
		return nil, opError("RunInExecutor", ErrExecutorShutdown)
	}
	if l.executor == nil {
		l.executor = NewPoolExecutor(0)
	}
	return l.executor, nil
}

// job is a function for an executor, and the future of its result, which nobody
// else settles, but which may be cancelled.
type job[T any] struct {
	fut  Future[T]
	f    func() (T, error)
	pool *PoolExecutor // nil if it went to another executor
	over func()        // the loop's clock wants to know when; nil if it does not
}

// handOver gives the function to an executor of the user's, which may panic.
func (j *job[T]) handOver(e Executor) error {
	taken := false
	defer func() {
		if !taken {
			j.end()
		}
	}()
	err := e.Submit(j.run)
	taken = err == nil
	return err
}

// end says that the function has run, or never will.
func (j *job[T]) end() {
	if j.over != nil {
		j.over()
	}
}

// cancelFuture cancels the future. What has not begun is taken back, so that who
// gives up waiting again and again for a busy pool piles nothing up in it.
func (j *job[T]) cancelFuture(msg any) bool {
	if j.fut.complete(stateCancelled, &CancelledError{msg}) != nil {
		j.fut.markRetrieved()
		return false
	}
	if j.pool != nil && j.pool.withdraw(j) {
		j.end()
	}
	return true
}

// describe names the kind.
func (j *job[T]) describe() string { return "Future" }

// run runs the function on an executor's goroutine.
func (j *job[T]) run() {
	defer j.end() // behind the result
	if j.fut.Done() {
		return
	}
	err := ErrGoexit
	var v T
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r, debug.Stack()}
		}
		// The future may have been cancelled, or its loop closed: then nobody
		// waits for this.
		if err != nil {
			_ = j.fut.SetException(err)
		} else {
			_ = j.fut.SetResult(v)
		}
	}()
	v, err = j.f()
}

// ShutdownDefaultExecutor implements ExecutorUser.
func (l *baseLoop) ShutdownDefaultExecutor(ctx context.Context) error {
	const op = "ShutdownDefaultExecutor"
	var p interface{ Shutdown() <-chan struct{} }
	take := func() {
		l.executorMu.Lock()
		defer l.executorMu.Unlock()
		l.executorShut = true
		p, _ = l.executor.(interface{ Shutdown() <-chan struct{} })
	}
	if !l.ifOwner(take) {
		taken := newFuture[struct{}](l)
		if !l.post(callback(func() { take(); _ = taken.SetResult(struct{}{}) }), 0) {
			return opError(op, ErrLoopClosed)
		}
		if _, err := taken.Await(ctx); err != nil {
			return err
		}
	}
	if p == nil {
		return nil
	}
	idle := p.Shutdown()
	if currentStrand() == nil {
		return waitChannel(ctx, idle)
	}
	done := newFuture[struct{}](l)
	told, gone := l.elsewhere.begin(), make(chan struct{})
	defer close(gone)
	go func() {
		select {
		case <-idle:
			_ = done.SetResult(struct{}{}) // fails if the wait was cancelled
		case <-gone:
		}
		if told != nil {
			told()
		}
	}()
	_, err := done.Await(ctx)
	return err
}

func waitChannel(ctx context.Context, c <-chan struct{}) error {
	if ctx == nil {
		ctx = context.Background()
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// closeExecutor lets the default executor go without waiting for it.
func (l *baseLoop) closeExecutor() {
	l.executorMu.Lock()
	defer l.executorMu.Unlock()
	if p, ok := l.executor.(interface{ Shutdown() <-chan struct{} }); ok {
		p.Shutdown()
	}
	l.executor, l.executorShut = nil, true
}
