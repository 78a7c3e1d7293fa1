package asyncio

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/list"
)

// TaskGroup binds tasks to a function: WithTaskGroup, or Run, returns when the
// function has, and all of them are done. A zero TaskGroup has not been entered; it
// must not be copied. Its methods belong to the loop, except as said.
// (asyncio.TaskGroup)
type TaskGroup struct {
	inLoop    atomic.Pointer[baseLoop] // nil until it is entered
	entered   atomic.Bool
	cancelled atomic.Bool // before it was entered

	loop   *baseLoop
	parent *taskBase
	scope  *scope
	before cancelCounts

	children list.List[groupChild] // those that are not done, in order of creation
	count    int
	empty    *Future[struct{}] // set while the parent waits for the children

	leaving  bool // the function has returned
	aborting bool // the children were cancelled
	over     bool
	asked    bool // the group has asked to cancel the parent
	errors   []error
	fatal    error // what ends a run; it comes out by itself
}

// groupChild is a task of a group; it hears when the task is done.
type groupChild struct {
	place list.Node[groupChild]
	group *TaskGroup
	task  *futureBase
}

// WithTaskGroup is Run of a new group.
func WithTaskGroup(ctx context.Context, f func(ctx context.Context, g *TaskGroup) error) error {
	return new(TaskGroup).Run(ctx, f)
}

// Run enters the group: it calls f and returns when f has returned and the group's
// tasks are done.
//
// When a task or f fails, with anything but a cancellation, the other tasks are
// cancelled, and so is the wait that f is in; when all have ended, their errors
// come out in a *GroupError, in the order in which the tasks ended, f's own last.
// Groups in groups give such errors in such errors. When the current task is
// cancelled, so are the group's, and the cancellation comes out, unless there are
// errors: then it comes once more, out of the task's next wait, so that a group
// that fails swallows no cancellation from outside. ErrInterrupted comes out by
// itself; what else went wrong is reported then.
//
// The context that f gets, and whose values the tasks have, is done when the group
// is cancelled for any of these reasons, when ctx is, and when all is over. A ctx
// that is done while the group waits for its tasks cancels them, and its error
// counts as f's. If f panics, the tasks are cancelled and waited for first.
//
// A group that was cancelled before goes no further than f's first wait, takes no
// task, and returns nil. It must be called in a coroutine: ErrNotInTask elsewhere,
// and ErrInvalidState if the group was entered before; f is not called then.
// (async with asyncio.TaskGroup)
func (g *TaskGroup) Run(ctx context.Context, f func(ctx context.Context, g *TaskGroup) error) error {
	const op = "TaskGroup"
	switch parent, _ := currentTask(ctx); {
	case f == nil:
		return invalid(op, "the function is nil")
	case g == nil:
		return invalid(op, "the group is nil")
	case parent == nil:
		return opError(op, ErrNotInTask)
	case !g.entered.CompareAndSwap(false, true):
		return opError(op, fmt.Errorf("%w: the group has been entered already", ErrInvalidState))
	default:
		g.enter(ctx, parent)
	}
	return g.call(f)
}

func (g *TaskGroup) enter(ctx context.Context, parent *taskBase) {
	g.loop, g.parent, g.scope = parent.loop, parent, newScope(ctx, parent)
	g.before = cancelCounts{requests: parent.Cancelling()}
	// Whoever cancels does the opposite: one of the two sees the other.
	g.inLoop.Store(parent.loop)
	if g.cancelled.Load() {
		g.cancel()
	}
}

func (g *TaskGroup) call(f func(context.Context, *TaskGroup) error) error {
	returned := false
	defer func() {
		if !returned {
			g.abandon()
		}
	}()
	err := f(g.scope, g)
	returned = true
	return g.leave(err)
}

// leave waits for the children and says how the group ended.
func (g *TaskGroup) leave(err error) error {
	g.leaving = true
	var cancelled error
	if asCancelled(err) != nil {
		err, cancelled = nil, err
	}
	if isFatal(err) && g.fatal == nil {
		g.fatal = err
	}
	if (err != nil || cancelled != nil) && !g.aborting {
		g.abort()
	}
	ended, cut := g.waitForChildren()
	if cancelled == nil {
		cancelled = cut
	}
	if err == nil {
		err = ended
	}
	g.over = true
	g.scope.leave()
	if g.asked && g.parent.withdraw(g.before) {
		cancelled = nil // nobody but the group itself has asked for it
	}
	if err != nil {
		g.errors = append(g.errors, err)
	}
	switch {
	case g.fatal != nil:
		g.report("Error in a TaskGroup that a fatal error ended")
		return g.fatal
	case len(g.errors) > 0:
		g.parent.redeliver()
		return &GroupError{Message: "unhandled errors in a TaskGroup", Errors: g.errors}
	}
	return cancelled
}

// report tells the exception handler of the errors that do not come out of the
// group.
func (g *TaskGroup) report(message string) {
	for _, err := range g.errors {
		if !isFatal(err) {
			g.loop.report(ExceptionContext{
				Message: message,
				Err:     err,
				Task:    g.parent.self(),
				Extra:   map[string]any{"group": g.String()},
			})
		}
	}
}

// waitForChildren waits until there are no more. However often the parent is
// cancelled meanwhile, it goes on; cut is the first such cancellation, and ended
// why a context of the user's or the loop's end ended a wait.
func (g *TaskGroup) waitForChildren() (ended, cut error) {
	ctx := g.scope.values
	for g.count > 0 {
		g.empty = newFuture[struct{}](g.loop)
		_, err := g.empty.Await(ctx)
		g.empty = nil
		switch {
		case err == nil:
			continue
		case g.loop.IsClosed():
			return err, cut // nothing will run any more
		case asCancelled(err) != nil:
			if cut == nil {
				cut = err
			}
		default:
			ended = err
			ctx = &g.parent.scope
		}
		if !g.aborting {
			g.abort()
		}
	}
	return ended, cut
}

// abandon is leave for a function that did not return: it panicked, or called
// Goexit. Nobody hears of the children's errors but the exception handler.
func (g *TaskGroup) abandon() {
	g.leaving = true
	if !g.aborting {
		g.abort()
	}
	g.waitForChildren()
	g.over = true
	g.scope.leave()
	if g.asked {
		g.parent.withdraw(g.before)
	}
	g.parent.redeliver() // for whoever recovers the panic
	g.report("Error in a TaskGroup whose function did not return")
}

// abort cancels the children.
func (g *TaskGroup) abort() {
	g.aborting = true
	g.before = g.parent.beforeRequest(g.scope, g.before)
	g.scope.end(&scopeEnd{err: &CancelledError{}})
	for c := range g.children.All() {
		c.task.cancelWith(nil)
	}
}

// askParent cancels what the parent waits for in the group's function.
func (g *TaskGroup) askParent() {
	g.asked = true
	g.parent.requestCancel(nil, g.scope)
}

// Complete is called by the loop when the child's task is done.
func (c *groupChild) Complete(uint64) {
	g := c.group
	g.drop(c)
	if g.empty != nil && g.count == 0 {
		_ = g.empty.SetResult(struct{}{}) // fails if the wait for it was cancelled
	}
	if c.task.Cancelled() {
		return
	}
	err := c.task.outcome()
	if err == nil {
		return
	}
	g.errors = append(g.errors, err)
	if isFatal(err) && g.fatal == nil {
		g.fatal = err
	}
	if !g.aborting {
		g.abort()
		g.askParent()
	}
}

func (c *groupChild) callbackName() string { return "task group" }

func (g *TaskGroup) adopt(f *futureBase) {
	c := &groupChild{group: g, task: f}
	g.children.PushBack(&c.place)
	g.count++
	f.addCallback(c)
}

func (g *TaskGroup) drop(c *groupChild) {
	g.children.Remove(&c.place)
	g.count--
	invariants.Check(g.children.Empty() == (g.count == 0), "a task group counts its children")
}

// Go runs f as a task of the group. If the group takes no more, the task has
// failed already with ErrInvalidState and f is not entered: before WithTaskGroup,
// once the group is cancelled, and when it is over. (TaskGroup.create_task)
func (g *TaskGroup) Go(f func(context.Context) error, opts ...TaskOption) *Task[struct{}] {
	if f == nil {
		return GroupGo[struct{}](g, nil, opts...)
	}
	return groupGo(g, noResult(f), funcCode(f), opts)
}

// GroupGo is TaskGroup.Go for a function with a result.
func GroupGo[T any](g *TaskGroup, f func(context.Context) (T, error), opts ...TaskOption) *Task[T] {
	return groupGo(g, f, 0, opts)
}

// groupGo is GroupGo of a function that may wrap the user's: pc is that one's code
// then.
func groupGo[T any](g *TaskGroup, f func(context.Context) (T, error), pc uintptr, opts []TaskOption) *Task[T] {
	const op = "TaskGroup"
	t := &Task[T]{fn: f}
	t.base.noteFunction(pc, f)
	var l *baseLoop
	if g != nil {
		l = g.inLoop.Load()
	}
	if l == nil {
		return t.fail(nil, opError(op, fmt.Errorf("%w: the group has not been entered", ErrInvalidState)))
	}
	hold, err := l.acquire(op)
	if err != nil {
		return t.fail(l, err)
	}
	defer hold.Leave()
	switch {
	case g.over, g.leaving && g.count == 0:
		return t.fail(l, opError(op, fmt.Errorf("%w: the group is finished", ErrInvalidState)))
	case g.aborting:
		return t.fail(l, opError(op, fmt.Errorf("%w: the group is shutting down", ErrInvalidState)))
	}
	if err := t.start(l, op, taskConfig{context: g.scope}, opts); err != nil {
		return t.fail(l, err)
	}
	g.adopt(&t.futureBase)
	if g.aborting {
		// It began within CreateTask, and there has cancelled the group, which did
		// not know it yet.
		t.cancelWith(nil)
	}
	return t
}

// Cancel ends the group: its tasks are cancelled, and what its function waits
// for. Run returns nil then, unless a task or the function fails on the way, or
// somebody else cancels the task too. Once the group is cancelled, or over, it
// changes nothing. Any goroutine may call it; off the loop the request is posted.
// (TaskGroup.cancel of Python 3.15)
func (g *TaskGroup) Cancel() {
	if g == nil {
		return
	}
	l := g.inLoop.Load()
	if l == nil {
		g.cancelled.Store(true)
		if l = g.inLoop.Load(); l == nil {
			return
		}
	}
	if !l.ifOwner(g.cancel) {
		l.post(callback(g.cancel), 0)
	}
}

func (g *TaskGroup) cancel() {
	if g.aborting || g.over {
		return
	}
	g.abort()
	if !g.leaving {
		g.askParent()
	}
}

// String describes the group: how many tasks it has that are not done, how many
// errors, and its state. From another goroutine while the loop runs it tells
// nothing.
func (g *TaskGroup) String() string {
	var l *baseLoop
	if g != nil {
		l = g.inLoop.Load()
	}
	if l == nil {
		return "<TaskGroup>"
	}
	var b strings.Builder
	l.ifOwner(func() {
		if g.count > 0 {
			fmt.Fprintf(&b, " tasks=%d", g.count)
		}
		if len(g.errors) > 0 {
			fmt.Fprintf(&b, " errors=%d", len(g.errors))
		}
		switch {
		case g.over:
			b.WriteString(" finished")
		case g.aborting:
			b.WriteString(" cancelling")
		default:
			b.WriteString(" entered")
		}
	})
	return "<TaskGroup" + b.String() + ">"
}
