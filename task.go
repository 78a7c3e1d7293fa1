package asyncio

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/list"
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
	base taskBase // not embedded: a user has no use for its methods
	fn   func(context.Context) (T, error)
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
	work() coro.Work
	// function is the code of what the task runs, as its maker wrote it; 0 if there
	// is none.
	function() uintptr
}

// taskBase is the part of a Task that does not depend on its type. It belongs to
// the loop, but for what is atomic.
type taskBase struct {
	place list.Node[taskBase] // among the loop's tasks
	loop  *baseLoop
	f     *futureBase
	scope scope                    // the task's own context
	num   uint64                   // for the automatic name
	more  atomic.Pointer[taskMore] // made at first use

	co   *coro.Coro
	coID atomic.Int64 // the coroutine's goroutine, for Stack

	// How it waits.
	seq       uint64 // counts the waits; a wake-up for an earlier one is stale
	waitingOn *futureBase
	node      waitNode

	// The small ones, side by side.
	requests      atomic.Int32 // to cancel
	over          uint32       // low part of seq in the last wait that came to its end by itself
	spentSince    uint32       // the wait since which it has
	runs          codeRef      // the user's function, which what runs may only wrap
	spent         uint8        // done so much that needed none; see ConsumeBudget
	mustCancel    bool         // a request waits to be delivered
	cutShort      bool         // what the task waits in ends early for it
	delivering    bool         // what the task waits for is being cancelled
	suspended     bool
	otherContext  bool // the wait is not simply with the task's own context:
	uncancellable bool // the wait's context cannot be done
	interrupt     bool // the wait's context is done
}

// taskMore is what most tasks do without.
type taskMore struct {
	name      atomic.Pointer[string] // nil: the automatic one
	wokenWith error                  // by a Waiters; guarded by its mutex
	nearest   *scope                 // the nearest scope to the wait's context, if that is another one than the task's own
	cancelMsg any                    // of a request that waits to be delivered
}

// rest returns what the task has done without so far. Any goroutine may call it.
func (t *taskBase) rest() *taskMore {
	if m := t.more.Load(); m != nil {
		return m
	}
	t.more.CompareAndSwap(nil, new(taskMore))
	return t.more.Load()
}

func (t *Task[T]) anyTask() *taskBase { return &t.base }

func (t *Task[T]) awaitable() *futureBase {
	if t == nil {
		return nil
	}
	return &t.futureBase
}

// Name returns the task's name. Any goroutine may call it. (Task.get_name)
func (t *Task[T]) Name() string { return t.base.Name() }

// SetName changes the task's name. Any goroutine may call it. (Task.set_name)
func (t *Task[T]) SetName(name string) { t.base.setName(name) }

// Context returns the task's own context: it has the values that the task was
// made with, and is done from an explicit Cancel on. Any goroutine may call it.
// (Task.get_context)
func (t *Task[T]) Context() context.Context {
	if t.base.scope.task == nil {
		return context.Background() // of a zero Task
	}
	return &t.base.scope
}

// Stack returns the stack of the task's coroutine as the runtime prints it, empty
// if it has not started or is done. It stops the program for a moment. Any
// goroutine may call it. (Task.get_stack, Task.print_stack)
func (t *Task[T]) Stack() string {
	if id := t.base.coID.Load(); id != 0 {
		return goroutine.Stack(id)
	}
	return ""
}

// self is the task as its users see it.
func (t *taskBase) self() AnyTask { return t.f.by.(AnyTask) }

// callbackName names a step of the task, as what waits for a future.
func (t *taskBase) callbackName() string { return "wakeup of " + t.Name() }

func (t *taskBase) setName(name string) { t.rest().name.Store(&name) }

// givenName is the name that somebody has given the task, nil if nobody has.
func (t *taskBase) givenName() *string {
	if m := t.more.Load(); m != nil {
		return m.name.Load()
	}
	return nil
}

// Name is the task's name, also while it has none but its number.
func (t *taskBase) Name() string {
	if n := t.givenName(); n != nil {
		return *n
	}
	return fmt.Sprintf("Task-%d", t.num)
}

// An event of a task has the number of the wait that it is for and, in its lowest bits,
// why it comes.
const (
	wakeUp      uint64 = iota // what it waited for is there
	interrupted               // the wait's context is done
	timeIsUp                  // a sleep is over; the task goes on one pass later
	eventBits   = 2
)

func (t *taskBase) event(kind uint64) uint64 { return t.seq<<eventBits | kind }

// Complete has the loop run the task's coroutine until it waits or ends, if the task
// still waits for what ev tells of.
func (t *taskBase) Complete(ev uint64) {
	if (ev != t.event(wakeUp) || t.co == nil) && !t.admit(ev) {
		return
	}
	t.seq++
	t.suspended = false
	t.loop.core.Resume(t, t.co, t.coID.Load())
}

// stepNested is the first step of a task that is started inside another callback or
// coroutine, which goes on after it. What the loop knows of that one stays.
func (t *taskBase) stepNested() {
	if t.admit(t.event(wakeUp)) {
		t.seq++
		t.suspended = false
		if s := t.co.Resume(); s != coro.Suspended {
			t.Left(s)
		}
		if t.f.Done() {
			t.f.noteAtOnce()
		}
	}
}

// admit is the part of a step that the usual one, a wake-up of a task that waits,
// does not need. It reports whether there is to be a step.
func (t *taskBase) admit(ev uint64) bool {
	if ev>>eventBits != t.seq {
		return false
	}
	switch ev & (1<<eventBits - 1) {
	case timeIsUp:
		t.over = uint32(t.seq)
		t.loop.schedule(t, t.event(wakeUp))
		return false
	case interrupted:
		t.interrupt = true
	}
	if t.co == nil && t.mustCancel {
		t.mustCancel = false
		t.finish(&CancelledError{t.cancelMsg()})
		return false
	}
	if t.co == nil {
		t.co = t.loop.core.Pool.Get(t.self().work())
	}
	return true
}

// Left implements sched.Stepper: a step has ended, and not in a wait.
func (t *taskBase) Left(s coro.Status) {
	switch s {
	case coro.Panicked: // in a function deferred before Run's own
		value, stack := t.co.Panic()
		t.finish(&PanicError{value, stack})
		t.co = nil
	case coro.Exited:
		t.co = nil
		t.finish(ErrGoexit)
	case coro.Done:
		t.co = nil
	}
}

// noteFunction notes which code the task runs, so that what it runs need not be kept: f, which may
// wrap the user's, whose code is pc then.
func (t *taskBase) noteFunction(pc uintptr, f any) {
	if pc == 0 {
		pc = funcCode(f)
	}
	t.runs = refTo(pc)
}

func (t *Task[T]) function() uintptr {
	if t.base.runs != 0 || t.fn == nil {
		return t.base.runs.code()
	}
	return funcCode(t.fn)
}

// begun returns the function, and lets go of it: it is not kept for as long as it runs. One whose
// code is too far away to be noted is.
func (t *Task[T]) begun() func(context.Context) (T, error) {
	fn := t.fn
	if t.base.runs != 0 {
		t.fn = nil
	}
	return fn
}

// taskWork is the task as what a coroutine runs.
type taskWork[T any] Task[T]

func (t *Task[T]) work() coro.Work { return (*taskWork[T])(t) }

// Run is the coroutine of the task. What it calls when it is over is no closure, so that
// its frame, which is there as long as the task, is small.
func (w *taskWork[T]) Run(c *coro.Coro) {
	b := &w.base
	b.enter(c)
	defer b.left(c)
	v, err := (*Task[T])(w).begun()(&b.scope)
	if err == nil && !b.mustCancel {
		w.value = v
	}
	b.finish(err)
}

// enter notes whose coroutine it is.
func (t *taskBase) enter(c *coro.Coro) {
	c.Task = t
	t.coID.Store(c.ID)
}

// left is deferred: the coroutine is the task's no more, and if the task is not done its
// function did not return.
func (t *taskBase) left(c *coro.Coro) {
	c.Task = nil
	t.coID.Store(0)
	if t.f.Done() {
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
		state, err = stateCancelled, &CancelledError{t.cancelMsg()}
	case asCancelled(err) != nil:
		state = stateCancelled
	}
	t.seq++ // wake-ups still under way are stale
	t.loop.unlistTask(t)
	t.loop.sim.tellTask(endName(state, err), t.num, t.givenName())
	// Nobody else settles a task, so this cannot fail; callbacks that a closed
	// loop cannot run are gone with it.
	_ = t.f.complete(state, err)
	if isFatal(err) || t.loop.IsClosed() {
		t.f.markRetrieved()
	}
	if isFatal(err) {
		t.loop.fail(err)
	}
}

// endName is what a simulation's trace calls the end of a task.
func endName(state uint32, err error) string {
	switch {
	case state == stateCancelled:
		return "cancelled"
	case err != nil:
		return "raised"
	}
	return "done"
}

// describe names the kind.
func (t *Task[T]) describe() string { return "Task" }

// task returns the task whose result the future is, nil if it is no task's.
func (f *futureBase) task() *taskBase {
	if t, ok := f.by.(AnyTask); ok {
		return t.anyTask()
	}
	return nil
}

// taskCallback is doneCallback for a task.
type taskCallback[T any] struct {
	node waitNode
	t    *Task[T]
	fn   func(*Task[T])
}

func (c *taskCallback[T]) Complete(uint64)      { c.fn(c.t) }
func (c *taskCallback[T]) callbackName() string { return funcName(c.fn) }

// AddDoneCallback calls fn on the loop, in a later pass, when the task is done.
// Any goroutine may call it. (Task.add_done_callback)
func (t *Task[T]) AddDoneCallback(fn func(*Task[T])) CallbackToken {
	c := &taskCallback[T]{t: t, fn: fn}
	c.node.to = c
	return t.register(&c.node)
}

// String describes the task: its state, name, function and what it waits for. One
// that was over before its making was, an eager one, has no function any more.
func (t *Task[T]) String() string {
	kind := "Task"
	if !t.Done() && t.base.requests.Load() > 0 {
		kind += " cancelling"
	}
	text := t.text(kind, t.resultText)
	var b strings.Builder
	fmt.Fprintf(&b, " name=%q", t.Name())
	if pc := t.function(); pc != 0 && !t.wasAtOnce() {
		fmt.Fprintf(&b, " coro=<%s>", funcPlace(pc))
	}
	if l := t.base.loop; l != nil && l.owned() && t.base.waitingOn != nil {
		fmt.Fprintf(&b, " wait_for=<%s>", t.base.waitingOn.kindName())
	}
	return strings.TrimSuffix(text, ">") + b.String() + ">"
}

// kindName names the future's kind, and a task by its name.
func (f *futureBase) kindName() string {
	if t := f.task(); t != nil {
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
