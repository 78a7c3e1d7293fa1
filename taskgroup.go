package asyncio

import (
	"context"
	"fmt"
	"strings"
)

// TaskGroup binds tasks to a function: WithTaskGroup returns when the function
// has, and all of them are done. A zero TaskGroup has not been entered. Its
// methods belong to the loop, except as said. (asyncio.TaskGroup)
type TaskGroup struct {
	loop   *baseLoop
	parent *taskBase
	scope  *scope
	before standing

	first, last *groupChild // the children that are not done, in order of creation
	count       int
	empty       *Future[struct{}] // set while the parent waits for the children

	leaving  bool // the function has returned
	aborting bool // the children were cancelled
	over     bool
	asked    bool // the group has asked to cancel the parent
	errors   []error
	fatal    error // what ends a run; it comes out by itself
}

// groupChild is a task of a group; it hears when the task is done.
type groupChild struct {
	group      *TaskGroup
	task       *futureBase
	prev, next *groupChild
}

// WithTaskGroup calls f with a new group and returns when f has returned and the
// group's tasks are done.
//
// When a task or f fails, with anything but a cancellation, the other tasks are
// cancelled, and so is the wait that f is in; when all have ended, their errors
// come out in a *GroupError, in the order in which the tasks ended, f's own last.
// Groups in groups give such errors in such errors. When the current task is
// cancelled, so are the group's, and the cancellation comes out, unless there are
// errors. ErrInterrupted comes out by itself.
//
// The context that f gets, and whose values the tasks have, is done when the group
// is cancelled for any of these reasons, when ctx is, and when all is over. A ctx
// that is done while the group waits for its tasks cancels them, and its error
// counts as f's. If f panics, the tasks are cancelled and waited for first.
//
// It must be called in a coroutine: ErrNotInTask elsewhere, and f is not called.
// (asyncio.TaskGroup)
func WithTaskGroup(ctx context.Context, f func(ctx context.Context, g *TaskGroup) error) error {
	const op = "TaskGroup"
	if f == nil {
		return invalid(op, "the function is nil")
	}
	parent, _ := currentTask(ctx)
	if parent == nil {
		return opError(op, ErrNotInTask)
	}
	g := &TaskGroup{loop: parent.loop, parent: parent, scope: newScope(ctx, parent), before: standing{requests: parent.Cancelling()}}
	return g.call(f)
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
	if g.asked && g.parent.takeBack(g.before) {
		cancelled = nil // nobody but the group itself has asked for it
	}
	switch {
	case g.fatal != nil:
		return g.fatal
	case err != nil:
		g.errors = append(g.errors, err)
	}
	if len(g.errors) > 0 {
		return &GroupError{Message: "unhandled errors in a TaskGroup", Errors: g.errors}
	}
	return cancelled
}

// waitForChildren waits until there are no more. However often the parent is
// cancelled meanwhile, it goes on; cut is the first such cancellation, and ended
// why a context of the user's or the loop's end ended a wait.
func (g *TaskGroup) waitForChildren() (ended, cut error) {
	ctx := g.scope.values
	for g.count > 0 {
		g.empty = NewFuture[struct{}](g.loop.self)
		_, err := g.empty.Await(ctx)
		g.empty = nil
		switch {
		case err == nil:
			continue
		case g.loop.closed.Load():
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
		g.parent.takeBack(g.before)
	}
	for _, err := range g.errors {
		g.loop.handle(ExceptionContext{Message: "Error in a TaskGroup whose function did not return", Err: err, Task: g.parent.self})
	}
}

// abort cancels the children.
func (g *TaskGroup) abort() {
	g.aborting = true
	g.before = g.parent.beforeRequest(g.scope, g.before)
	g.scope.end(&scopeEnd{err: &CancelledError{}})
	for c := g.first; c != nil; c = c.next {
		c.task.cancelWith(nil)
	}
}

// askParent cancels what the parent waits for in the group's function.
func (g *TaskGroup) askParent() {
	g.asked = true
	g.parent.request(nil, g.scope)
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
	c := &groupChild{group: g, task: f, prev: g.last}
	if g.last != nil {
		g.last.next = c
	} else {
		g.first = c
	}
	g.last = c
	g.count++
	f.addCallback(c)
}

func (g *TaskGroup) drop(c *groupChild) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		g.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		g.last = c.prev
	}
	g.count--
}

// Go runs f as a task of the group. If the group takes no more, the task has
// failed already with ErrInvalidState and f is not entered: before WithTaskGroup,
// once the group is cancelled, and when it is over. (TaskGroup.create_task)
func (g *TaskGroup) Go(f func(context.Context) error, opts ...TaskOption) *Task[struct{}] {
	if f == nil {
		return GroupGo[struct{}](g, nil, opts...)
	}
	return groupGo(g, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }, funcCode(f), opts)
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
	t.base.pc = pc
	if g == nil || g.loop == nil {
		return t.fail(nil, opError(op, fmt.Errorf("%w: the group has not been entered", ErrInvalidState)))
	}
	l := g.loop
	held, err := l.enter(op)
	if err != nil {
		return t.fail(l, err)
	}
	if held {
		defer l.leave()
	}
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
	return t
}

// Cancel ends the group: its tasks are cancelled, and what its function waits
// for. WithTaskGroup returns nil then, unless a task or the function fails on the
// way. Any goroutine may call it; off the loop the request is posted.
// (TaskGroup.cancel of Python 3.15)
func (g *TaskGroup) Cancel() {
	if g == nil || g.loop == nil {
		return
	}
	if !g.loop.asOwner(g.cancel) {
		g.loop.post(callback(g.cancel), 0)
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
	if g == nil || g.loop == nil {
		return "<TaskGroup>"
	}
	var b strings.Builder
	g.loop.asOwner(func() {
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
