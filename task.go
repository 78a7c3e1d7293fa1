package asyncio

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/coro"
)

// Task is a coroutine that a loop runs: a function that may wait without holding
// up the loop. It is a Future of what the function returns. (asyncio.Task)
//
// The function runs on the loop's goroutine, in a coroutine; it must not call
// runtime.LockOSThread. It has failed with what it returns, and was cancelled if
// that unwraps step by step to a *CancelledError; a panic is a *PanicError, a
// Goexit is ErrGoexit.
type Task[T any] struct {
	future[T]
	taskBase
	fn func(context.Context) (T, error)
}

// AnyTask is a *Task of any type. Any goroutine may call its methods, except as
// said.
type AnyTask interface {
	Awaitable
	// Name is the task's name. (Task.get_name)
	Name() string
	// SetName changes it. (Task.set_name)
	SetName(name string)
	// Cancelling counts the requests to cancel that were not taken back.
	// (Task.cancelling)
	Cancelling() int
	// Uncancel takes one request back and returns how many are left. Loop only;
	// elsewhere it changes nothing. (Task.uncancel)
	Uncancel() int
	// Stack is the stack of the task's coroutine. (Task.get_stack)
	Stack() string

	anyTask() *taskBase
	run(c *coro.Coro)
}

// taskBase is the part of a Task that does not depend on its type. It belongs to
// the loop, but for what is atomic.
type taskBase struct {
	loop  *baseLoop
	f     *futureBase
	self  AnyTask
	scope scope // the task's own context
	name  atomic.Pointer[string]
	num   uint64 // for the automatic name

	co         *coro.Coro
	coID       atomic.Int64 // the coroutine's goroutine, for Stack
	prev, next *taskBase    // the loop's tasks, in order of creation

	// How it waits.
	seq       uint64 // counts the waits; a wake-up for an earlier one is stale
	waitingOn *futureBase
	node      waitNode
	near      *scope // the nearest scope to the wait's context, if it is peculiar

	cancelMsg any // of a request that waits to be delivered

	// The small ones, side by side.
	requests   atomic.Int32 // to cancel
	mustCancel bool         // a request waits to be delivered
	delivering bool         // what the task waits for is being cancelled
	suspended  bool
	peculiar   bool // the wait is not simply with the task's own context:
	noDone     bool // the wait's context cannot be done
	interrupt  bool // the wait's context is done
	listed     bool // it is among the loop's tasks
}

// taskState is the part of a loop that has tasks.
type taskState struct {
	unseen  unseenList
	factory TaskFactory

	tasksMu             sync.Mutex
	firstTask, lastTask *taskBase // not done, in order of creation

	closedMu sync.Mutex
	closedCh chan struct{} // closed with the loop
}

func (l *baseLoop) initTasks() { l.closedCh = make(chan struct{}) }

// wakeForeign wakes other goroutines that wait for something of a closed loop.
func (l *baseLoop) wakeForeign() {
	l.closedMu.Lock()
	defer l.closedMu.Unlock()
	select {
	case <-l.closedCh:
	default:
		close(l.closedCh)
	}
}

var taskNumbers atomic.Uint64

// TaskOption changes how a task is made.
type TaskOption func(*taskConfig)

type taskConfig struct {
	name    string
	eager   bool
	context context.Context
}

// WithName names the task; the default is Task-1, Task-2 and so on.
func WithName(name string) TaskOption { return func(c *taskConfig) { c.name = name } }

// WithEagerStart runs the task up to its first wait within the call that makes
// it, if that is made on the running loop. (eager_task_factory)
func WithEagerStart(on bool) TaskOption { return func(c *taskConfig) { c.eager = on } }

// WithContext gives the task the values of ctx; not its cancellation.
func WithContext(ctx context.Context) TaskOption {
	return func(c *taskConfig) { c.context = ctx }
}

// CreateTask makes a task of f on the loop; a nil loop means the running one,
// else the current one. f runs from the next pass on. Loop only. On a closed or
// missing loop, or from another goroutine, the task has failed already
// (ErrLoopClosed, ErrNoRunningLoop, ErrWrongGoroutine) and f is not entered.
// (loop.create_task)
func CreateTask[T any](loop EventLoop, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	t := &Task[T]{fn: f}
	l, err := resolveLoop("create_task", loop)
	if err == nil {
		err = t.enterAndStart(l, "create_task", opts)
	}
	if err != nil {
		t.fail(err)
	}
	return t
}

// Go makes a task of f on the running loop. It has the values of ctx, not its
// cancellation: it outlives its maker. Outside a loop the task has failed already
// with ErrNoRunningLoop and f is not entered. (asyncio.create_task)
func Go[T any](ctx context.Context, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	t := &Task[T]{fn: f}
	const op = "go"
	var err error
	switch s := currentStrand(); {
	case s == nil:
		err = opError(op, ErrNoRunningLoop)
	case s.loop.closed.Load():
		err = opError(op, ErrLoopClosed)
	default:
		err = t.start(s.loop, op, taskConfig{context: ctx}, opts)
	}
	if err != nil {
		t.fail(err)
	}
	return t
}

// fail makes a task that was never started a failed one.
func (t *Task[T]) fail(err error) {
	t.taskBase.f, t.taskBase.self = &t.futureBase, t
	t.scope.init(&t.taskBase, nil)
	t.failWithout(err)
}

// enterAndStart is start for who may not be on the loop.
func (t *Task[T]) enterAndStart(l *baseLoop, op string, opts []TaskOption) error {
	held, err := l.enter(op)
	if err != nil {
		return err
	}
	if held {
		defer l.leave()
	}
	return t.start(l, op, taskConfig{}, opts)
}

// start puts the task on its loop, made as c and the options say. Loop only.
func (t *Task[T]) start(l *baseLoop, op string, c taskConfig, opts []TaskOption) error {
	if t.fn == nil {
		return invalid(op, "the function is nil")
	}
	if len(opts) > 0 {
		c = c.with(opts)
	}
	if err := t.applyFactory(l, &c); err != nil {
		return err
	}
	t.setLoop(l)
	t.by = &t.taskBase
	t.taskBase.init(l, &t.futureBase, t, c)
	return nil
}

// with returns the config as the options change it. What they are given escapes,
// so the usual config, without any, is not passed to them.
func (c taskConfig) with(opts []TaskOption) taskConfig {
	for _, o := range opts {
		o(&c)
	}
	return c
}

func (t *taskBase) init(l *baseLoop, f *futureBase, self AnyTask, c taskConfig) {
	t.loop, t.f, t.self = l, f, self
	if c.context == nil {
		if s := currentStrand(); s != nil && s.task != nil {
			c.context = &s.task.scope // as asyncio copies the current context
		}
	}
	t.scope.init(t, c.context)
	t.num = taskNumbers.Add(1)
	if c.name != "" {
		t.SetName(c.name)
	}
	t.node.to = t
	l.listTask(t)
	ev := t.event(wakeUp)
	switch {
	case c.eager && l.onLoop():
		t.stepNested()
	case l.outer:
		// If the embedder's loop refuses, it is the task that has failed.
		if _, err := l.self.CallSoon(func() { t.Complete(ev) }); err != nil {
			t.finish(err)
		}
	default:
		l.schedule(t, ev)
	}
}

func (l *baseLoop) listTask(t *taskBase) {
	l.tasksMu.Lock()
	t.listed = true
	if t.prev = l.lastTask; t.prev != nil {
		t.prev.next = t
	} else {
		l.firstTask = t
	}
	l.lastTask = t
	l.tasksMu.Unlock()
}

func (l *baseLoop) unlistTask(t *taskBase) {
	l.tasksMu.Lock()
	defer l.tasksMu.Unlock()
	if !t.listed {
		return
	}
	t.listed = false
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		l.firstTask = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		l.lastTask = t.prev
	}
	t.prev, t.next = nil, nil
}

func (t *taskBase) anyTask() *taskBase { return t }

func (t *Task[T]) awaitable() *futureBase {
	if t == nil {
		return nil
	}
	return &t.futureBase
}

// Name returns the task's name. Any goroutine may call it. (Task.get_name)
func (t *taskBase) Name() string {
	if n := t.name.Load(); n != nil {
		return *n
	}
	return fmt.Sprintf("Task-%d", t.num)
}

// SetName changes the task's name. Any goroutine may call it. (Task.set_name)
func (t *taskBase) SetName(name string) { t.name.Store(&name) }

// Context returns the task's own context: it has the values that the task was
// made with, and is done from an explicit Cancel on. Any goroutine may call it.
// (Task.get_context)
func (t *taskBase) Context() context.Context {
	if t.scope.task == nil {
		return context.Background() // of a zero Task
	}
	return &t.scope
}

// Result and the like come from the future. Wake-ups of a task say for which of
// its waits they are, and why.
const (
	wakeUp      uint64 = iota // what it waited for is there
	interrupted               // the wait's context is done
	timeIsUp                  // a sleep is over; the task goes on one pass later
	eventBits   = 2
)

func (t *taskBase) event(kind uint64) uint64 { return t.seq<<eventBits | kind }

// Complete runs the task's coroutine until it waits or ends, if the task still
// waits for what ev tells of. The loop's body calls it; a Goexit in the coroutine
// comes out as a panic, and there is dealt with.
func (t *taskBase) Complete(ev uint64) {
	if (ev != t.event(wakeUp) || t.co == nil) && !t.begin(ev) {
		return
	}
	t.seq++
	t.suspended = false
	t.loop.stepping = t
	if s := t.co.Switch(); s != coro.Suspended {
		t.stepped(s)
	}
}

// stepNested is step for a task that is started inside another callback.
func (t *taskBase) stepNested() {
	if t.begin(t.event(wakeUp)) {
		t.seq++
		t.suspended = false
		t.stepped(t.co.Resume())
	}
}

// begin is the part of a step that the usual one, a wake-up of a task that waits,
// does not need. It reports whether there is to be a step.
func (t *taskBase) begin(ev uint64) bool {
	if ev>>eventBits != t.seq {
		return false
	}
	switch ev & (1<<eventBits - 1) {
	case timeIsUp:
		t.loop.schedule(t, t.event(wakeUp))
		return false
	case interrupted:
		t.interrupt = true
	}
	if t.co == nil && t.mustCancel {
		t.mustCancel = false
		t.finish(&CancelledError{t.cancelMsg})
		return false
	}
	if t.co == nil {
		t.co = t.loop.pool.Get(t)
	}
	return true
}

// stepped takes note of how a step ended.
func (t *taskBase) stepped(s coro.Status) {
	switch s {
	case coro.Panicked: // in a function deferred before Run's own
		value, stack := t.co.Panic()
		t.finish(&PanicError{value, stack})
		t.co = nil
	case coro.Exited:
		t.exited()
	case coro.Done:
		t.co = nil
	}
}

// exited takes note that the coroutine is gone.
func (t *taskBase) exited() {
	t.co = nil
	t.finish(ErrGoexit)
}

// Run is the coroutine of the task, whatever its type.
func (t *taskBase) Run(c *coro.Coro) { t.self.run(c) }

func (t *Task[T]) run(c *coro.Coro) {
	s := c.Owner.(*strand)
	s.task = &t.taskBase
	t.coID.Store(s.id)
	returned := false
	defer func() {
		s.task = nil
		t.coID.Store(0)
		if returned {
			return
		}
		if r := recover(); r != nil {
			if err, ok := r.(error); ok && isFatal(err) {
				t.finish(err)
			} else {
				t.finish(&PanicError{r, debug.Stack()})
			}
		} else if c.Unwinding() {
			t.finish(opError("task", ErrLoopClosed))
		} else {
			t.finish(ErrGoexit)
		}
	}()
	v, err := t.fn(&t.scope)
	returned = true
	if err == nil && !t.mustCancel {
		t.value = v
	}
	t.finish(err)
}

// finish makes the task done with what its function returned.
func (t *taskBase) finish(err error) {
	if t.f.Done() {
		return
	}
	state := stateFinished
	switch {
	case err == nil && t.mustCancel:
		// The request came after the last wait: too late to be seen, not to count.
		t.mustCancel = false
		state, err = stateCancelled, &CancelledError{t.cancelMsg}
	case asCancelled(err) != nil:
		state = stateCancelled
	}
	t.seq++ // wake-ups still under way are stale
	t.loop.unlistTask(t)
	// Nobody else settles a task, so this cannot fail; callbacks that a closed
	// loop cannot run are gone with it.
	_ = t.f.complete(state, err)
	if isFatal(err) || t.loop.closed.Load() {
		t.f.markSeen()
	}
	if isFatal(err) {
		t.loop.fail(err)
	}
}

// Cancel asks the task to end: ErrCancelled comes out of its current or next
// wait, once, and what it waits for is cancelled with it. The task's context is
// done from then on. It reports false if the task is done; from another goroutine
// the request is posted and true means accepted. (Task.cancel)
func (t *Task[T]) Cancel(msg ...any) bool { return t.futureBase.Cancel(msg...) }

// cancelFuture is Cancel as a future's kind does it.
func (t *taskBase) cancelFuture(msg any) bool {
	if t.f.Done() {
		t.f.markSeen()
		return false
	}
	ok := false
	if t.loop.asOwner(func() { ok = t.request(msg, &t.scope) }) {
		return ok
	}
	return t.loop.post(callback(func() { t.request(msg, &t.scope) }), 0)
}

// request delivers a request to cancel, or notes it for the next wait. The scope
// that it is made for is done from now on.
func (t *taskBase) request(msg any, s *scope) bool {
	if t.f.Done() {
		return false
	}
	t.requests.Add(1)
	s.end(&scopeEnd{err: &CancelledError{msg}})
	t.deliver(msg)
	return true
}

// deliver cancels what the task waits for, or notes that it is to be cancelled.
func (t *taskBase) deliver(msg any) {
	if t.suspended && !t.shielded() {
		switch {
		case t.waitingOn == nil, t.delivering:
			// Tasks that wait for each other in a circle: the one that the request
			// comes back to is woken, and so ends the circle.
			t.loop.schedule(t, t.event(wakeUp))
		default:
			t.delivering = true
			cancelled := t.waitingOn.cancelWith(msg)
			t.delivering = false
			if cancelled {
				return
			}
		}
	}
	t.mustCancel, t.cancelMsg = true, msg
}

// shielded reports whether the task waits with a context that cannot be done,
// inside a scope that is: it cleans up, and is left alone.
func (t *taskBase) shielded() bool { return t.near != nil && t.near.shields(t.noDone) }

// describe names the kind.
func (t *taskBase) describe() string { return "Task" }

// Cancelling counts the requests to cancel that were not taken back with
// Uncancel. Any goroutine may call it. (Task.cancelling)
func (t *taskBase) Cancelling() int { return int(t.requests.Load()) }

// Uncancel takes one request back and returns how many are left. It does not
// take back a cancellation that is still to be delivered. Loop only; elsewhere
// it changes nothing. (Task.uncancel)
func (t *taskBase) Uncancel() int {
	if t.loop != nil {
		t.loop.asOwner(func() {
			if t.requests.Load() > 0 {
				t.requests.Add(-1)
			}
		})
	}
	return t.Cancelling()
}

// Stack returns the stack of the task's coroutine as the runtime prints it, empty
// if it has not started or is done. It stops the program for a moment. Any
// goroutine may call it. (Task.get_stack, Task.print_stack)
func (t *taskBase) Stack() string {
	if id := t.coID.Load(); id != 0 {
		return goroutineStack(id)
	}
	return ""
}

// AddDoneCallback calls fn on the loop, in a later pass, when the task is done.
// Any goroutine may call it. (Task.add_done_callback)
func (t *Task[T]) AddDoneCallback(fn func(*Task[T])) CallbackToken {
	return t.addCallback(&doneCallback{func() { fn(t) }, func() string { return funcName(fn) }})
}

// String describes the task: its state, name, function and what it waits for.
func (t *Task[T]) String() string {
	kind := "Task"
	if !t.Done() && t.requests.Load() > 0 {
		kind += " cancelling"
	}
	text := t.text(kind, t.resultText)
	var b strings.Builder
	fmt.Fprintf(&b, " name=%q coro=<%s>", t.Name(), funcName(t.fn))
	if t.taskBase.loop != nil && t.taskBase.loop.ownedByCaller() && t.waitingOn != nil {
		fmt.Fprintf(&b, " wait_for=<%s>", t.waitingOn.kindName())
	}
	return strings.TrimSuffix(text, ">") + b.String() + ">"
}

// kindName names the future's kind, and a task by its name.
func (f *futureBase) kindName() string {
	if t, ok := f.by.(*taskBase); ok {
		return fmt.Sprintf("Task %q", t.Name())
	}
	return f.kind()
}

func (f *futureBase) kind() string {
	if f.by != nil {
		return f.by.describe()
	}
	return "Future"
}

// CurrentTask returns the task whose coroutine the caller is, nil elsewhere. Any
// goroutine may call it. (asyncio.current_task)
func CurrentTask() AnyTask {
	if s := currentStrand(); s != nil && s.task != nil {
		return s.task.self
	}
	return nil
}

// CurrentTaskOf is CurrentTask for one loop: nil unless the caller is in a
// coroutine of that loop. A nil loop means the running one: ErrNoRunningLoop if
// there is none. Any goroutine may call it. (asyncio.current_task)
func CurrentTaskOf(loop EventLoop) (AnyTask, error) {
	s := currentStrand()
	switch {
	case loop == nil && s == nil:
		return nil, opError("current_task", ErrNoRunningLoop)
	case s == nil || s.task == nil || loop != nil && s.loop != loop.base():
		return nil, nil
	}
	return s.task.self, nil
}

// AllTasks returns the loop's tasks that are not done, in the order in which
// they were made; a nil loop means the running one. Any goroutine may call it.
// (asyncio.all_tasks)
func AllTasks(loop EventLoop) []AnyTask {
	if loop == nil {
		s := currentStrand()
		if s == nil {
			return nil
		}
		loop = s.loop.self
	}
	l := loop.base()
	if l == nil {
		return nil
	}
	l.tasksMu.Lock()
	defer l.tasksMu.Unlock()
	var all []AnyTask
	for t := l.firstTask; t != nil; t = t.next {
		all = append(all, t.self)
	}
	return all
}

// unwindTasks ends the tasks of a loop that is closed: their deferred functions
// run, and waiting in them is refused.
func (l *baseLoop) unwindTasks() {
	for {
		l.tasksMu.Lock()
		t := l.firstTask
		l.tasksMu.Unlock()
		if t == nil {
			return
		}
		l.unlistTask(t)
		l.handle(ExceptionContext{Message: "Task was destroyed but it is pending", Task: t.self})
		if co := t.co; co != nil {
			t.peculiar = true // so that every wait is looked at
			if co.Unwind() == coro.Panicked {
				value, stack := co.Panic()
				t.finish(&PanicError{value, stack})
			}
			t.co = nil // not before: what is deferred asks it whether it may wait
		}
		t.finish(opError("task", ErrLoopClosed))
		if p, ok := t.f.err.(*PanicError); ok {
			l.handle(ExceptionContext{Message: "Exception in task while its loop was closed", Err: p, Task: t.self})
		}
	}
}
