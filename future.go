package asyncio

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/list"
)

// Awaitable is a result that will be there one day: a *Future[T], a *Task[T], or
// what embeds a *Future. (the awaitables of asyncio)
type Awaitable interface {
	// Done reports whether there is a result, an error or a cancellation. Any
	// goroutine may call it.
	Done() bool
	// Cancelled reports whether it was cancelled. Any goroutine may call it.
	Cancelled() bool
	// Exception returns the error it failed with, nil if it succeeded,
	// ErrInvalidState if it is not done. Any goroutine may call it.
	Exception() error
	// Cancel asks for its end. Any goroutine may call it.
	Cancel(msg ...any) bool

	awaitable() *futureBase
}

// AwaitableOf is an Awaitable whose result is a T.
type AwaitableOf[T any] interface {
	Awaitable
	Await(ctx context.Context) (T, error)
	Result() (T, error)
}

// futureOf returns the state behind an Awaitable, nil for a nil one.
func futureOf(a Awaitable) *futureBase {
	if a == nil {
		return nil
	}
	return a.awaitable()
}

// futureBase is what futures of all types share. Any goroutine may use it: what
// changes after its making is guarded by state's lock, or written before it is
// done.
type futureBase struct {
	loop  *baseLoop // nil only in a zero Future and one that failed for want of a loop
	state lockedState
	muted bool // a failure is not to be reported; guarded by state
	late  bool // a failure is reported as one that came too late for a shield; guarded by state
	// atOnce: of a task that was over before its making was; guarded by state
	atOnce bool
	err    error // why it failed, or the *CancelledError

	waits       list.List[waitNode] // who is to be told, in order
	unretrieved *unretrieved        // set while a failure has not been looked at
	by          futureKind          // a task, a gather: whose Cancel is its own
	origin      *origin             // debug mode
}

// futureKind is what makes a future more than a place for a result.
type futureKind interface {
	// cancelFuture is Cancel in the owner's own way; owner of the loop only.
	cancelFuture(msg any) bool
	// describe names the kind, for texts: "Task", "GatheringFuture".
	describe() string
}

// waitNode is someone who is told when a future is done, or who waits in a Waiters. It is
// embedded in what waits, so that waiting allocates nothing.
type waitNode struct {
	place  list.Node[waitNode]
	in     *futureBase // whose list it is in; nil if in none
	to     engine.Completer
	ev     uint64
	direct bool // told at once, on whatever goroutine; not by the loop
	woken  bool // of a Waiters: the wait has ended
}

// CallbackToken names one registration of AddDoneCallback. The zero token names
// none.
type CallbackToken struct{ n *waitNode }

// future is the part that *Future[T] and *Task[T] have in common.
type future[T any] struct {
	futureBase
	value T
}

// Future is a result that someone will set. Its methods may be called from any
// goroutine; its callbacks always run on its loop. (asyncio.Future)
type Future[T any] struct{ future[T] }

// newFuture makes a pending future of the loop.
func newFuture[T any](l *baseLoop) *Future[T] {
	f := &Future[T]{}
	f.setLoop(l)
	return f
}

func (f *futureBase) setLoop(l *baseLoop) {
	f.loop = l
	if l.GetDebug() {
		f.origin = newOrigin()
	}
}

// noteAtOnce notes that a task was over before its making was.
func (f *futureBase) noteAtOnce() {
	s := f.state.lock()
	f.atOnce = true
	f.state.unlock(s)
}

func (f *futureBase) wasAtOnce() bool {
	s := f.state.lock()
	defer f.state.unlock(s)
	return f.atOnce
}

// failWithout makes the future one that failed before it had a loop.
func (f *futureBase) failWithout(err error) {
	f.err = err
	f.state.unlock(stateFinished)
}

func (f *futureBase) awaitable() *futureBase { return f }

func (f *Future[T]) awaitable() *futureBase {
	if f == nil {
		return nil
	}
	return &f.futureBase
}

// Done reports whether there is a result, an error or a cancellation. Any
// goroutine may call it. (Future.done)
func (f *futureBase) Done() bool { return f.state.load() != statePending }

// Cancelled reports whether it was cancelled. Any goroutine may call it.
// (Future.cancelled)
func (f *futureBase) Cancelled() bool { return f.state.load() == stateCancelled }

// Loop returns the loop the future belongs to. Any goroutine may call it.
// (Future.get_loop)
func (f *futureBase) Loop() EventLoop {
	if f.loop == nil {
		return nil
	}
	return f.loop.self
}

// Exception returns the error that it failed with: nil if it succeeded, a
// *CancelledError if it was cancelled, ErrInvalidState if it is not done. An
// error that was read is not reported as never retrieved. Any goroutine may call
// it. (Future.exception)
func (f *futureBase) Exception() error {
	if !f.Done() {
		return fmt.Errorf("asyncio: %w: exception is not set", ErrInvalidState)
	}
	return f.outcome()
}

// outcome returns the error of a future that is done, and marks it as seen.
func (f *futureBase) outcome() error {
	if f.err != nil {
		f.markRetrieved()
	}
	return f.err
}

// Result returns what was set: the value, or the error it failed with, a
// *CancelledError if it was cancelled, ErrInvalidState if it is not done. Any
// goroutine may call it. (Future.result)
func (f *future[T]) Result() (T, error) {
	var zero T
	if !f.Done() {
		return zero, fmt.Errorf("asyncio: %w: result is not set", ErrInvalidState)
	}
	if err := f.outcome(); err != nil {
		return zero, err
	}
	return f.value, nil
}

// Await waits until the future is done and returns its result. A coroutine of
// the future's loop is suspended, whatever ctx is; a plain callback gets
// ErrAwaitInCallback unless the future is done; a coroutine of another loop gets
// ErrWrongLoop; any other goroutine blocks, until ErrLoopClosed if the loop is
// closed, and with the error of the loop's run if the system has failed it and no
// other run has begun. If the task is cancelled while it waits, the future is cancelled with
// it. A ctx that the caller derived and that is done ends the wait with its own
// error, not the future. (await future)
func (f *future[T]) Await(ctx context.Context) (T, error) {
	var zero T
	if !f.Done() {
		t, end, err := f.begin(ctx)
		if t != nil {
			err = f.waited(ctx, t, end, t.co.Leave())
		}
		if err != nil {
			return zero, err
		}
	}
	if f.err != nil {
		return zero, f.outcome()
	}
	return f.value, nil
}

// Cancel cancels the future and reports whether it was pending. What msg holds
// comes with the *CancelledError. Callbacks are scheduled. Any goroutine may call
// it. (Future.cancel)
func (f *futureBase) Cancel(msg ...any) bool {
	var m any
	if len(msg) > 0 {
		m = msg[0]
	}
	return f.cancelWith(m)
}

func (f *futureBase) cancelWith(msg any) bool {
	if f.by != nil {
		return f.by.cancelFuture(msg)
	}
	if f.complete(stateCancelled, &CancelledError{msg}) == nil {
		return true
	}
	f.markRetrieved()
	return false
}

// SetResult sets the result. ErrInvalidState if the future is done already;
// ErrLoopClosed if it is set but there are callbacks that can no longer run. Any
// goroutine may call it. (Future.set_result)
func (f *Future[T]) SetResult(v T) error {
	return f.setResult(v)
}

func (f *future[T]) setResult(v T) error {
	if f.loop == nil || !f.state.lockPending() {
		return f.settled("SetResult")
	}
	f.value = v
	return f.publish(stateFinished, nil)
}

// SetException makes the future fail with err, which must not be nil; with a
// *CancelledError it is cancelled. ErrInvalidState if it is done already. A
// failure that nobody looks at is reported once. Any goroutine may call it.
// (Future.set_exception)
func (f *Future[T]) SetException(err error) error {
	if err == nil {
		return invalid("SetException", "the error is nil")
	}
	state := stateFinished
	if c, ok := err.(*CancelledError); ok {
		state, err = stateCancelled, c
	}
	if f.loop == nil || !f.state.lockPending() {
		return f.settled("SetException")
	}
	return f.publish(state, err)
}

// settled is the error of giving a result to a future that can have none.
func (f *futureBase) settled(op string) error {
	if !f.Done() {
		return opError(op, fmt.Errorf("%w: the future was not made by NewFuture", ErrInvalidState))
	}
	return opError(op, fmt.Errorf("%w: the future is done already", ErrInvalidState))
}

// publish makes a locked future done and tells who waits.
func (f *futureBase) publish(state uint32, err error) error {
	if err != nil {
		f.err = err
		if state == stateFinished && !f.muted && asCancelled(err) == nil {
			f.noteUnretrieved(err)
		}
	}
	n := f.waits.First()
	if n == nil {
		f.state.unlock(state)
		return nil
	}
	if f.waits.Next(&n.place) != nil || n.direct || !f.loop.onLoop() || f.loop.IsClosed() {
		return f.publishToAll(state)
	}
	// The usual case: one task waits, and another one of its loop is here.
	invariants.Check(n.in == f, "who waits for a future is in its list")
	f.waits.Remove(&n.place)
	n.in = nil
	to, ev := n.to, n.ev
	f.state.unlock(state)
	f.loop.schedule(to, ev)
	return nil
}

// publishToAll is publish with a list of waiters. A waiter may be used again as soon
// as the state is changed, and may look at the state as soon as it is told: so
// all are taken out of the list first, then the state is changed, then they are
// told.
func (f *futureBase) publishToAll(state uint32) error {
	var told []waitNode
	for n := f.waits.PopFront(); n != nil; n = f.waits.PopFront() {
		invariants.Check(n.in == f, "who waits for a future is in its list")
		told = append(told, waitNode{to: n.to, ev: n.ev, direct: n.direct})
		n.in = nil
	}
	f.state.unlock(state)
	on := f.loop.onLoop() && !f.loop.IsClosed()
	var err error
	for i := range told {
		err = errors.Join(err, f.tell(&told[i], on))
	}
	return err
}

// tell lets a waiter know that the future is done.
func (f *futureBase) tell(n *waitNode, on bool) error {
	switch {
	case n.direct:
		n.to.Complete(n.ev)
	case on:
		f.loop.schedule(n.to, n.ev)
	case !f.loop.post(n.to, n.ev):
		return opError("done callbacks", ErrLoopClosed)
	}
	return nil
}

// complete is SetException for the package's own use.
func (f *futureBase) complete(state uint32, err error) error {
	if f.loop == nil || !f.state.lockPending() {
		return f.settled("complete")
	}
	return f.publish(state, err)
}

// addNode adds a waiter, or reports false if the future is done.
func (f *futureBase) addNode(n *waitNode) bool {
	if !f.state.lockPending() {
		return false
	}
	invariants.Check(n.in == nil, "who begins to wait for a future waits for no other one")
	n.in = f
	f.waits.PushBack(&n.place)
	f.state.unlock(statePending)
	return true
}

// removeNode takes a waiter out again and reports whether it was there.
func (f *futureBase) removeNode(n *waitNode) bool {
	s := f.state.lock()
	defer f.state.unlock(s)
	if n.in != f {
		return false
	}
	f.waits.Remove(&n.place)
	n.in = nil
	return true
}

// addCallback registers work of the loop for when the future is done; it is
// scheduled at once if that is so already.
func (f *futureBase) addCallback(to engine.Completer) CallbackToken {
	return f.register(&waitNode{to: to})
}

// register is addCallback with a node that is part of what it tells.
func (f *futureBase) register(n *waitNode) CallbackToken {
	if f.loop == nil && !f.Done() {
		return CallbackToken{} // a zero Future is never done
	}
	if !f.addNode(n) {
		if f.loop == nil {
			n.to.Complete(0)
		} else {
			_ = f.tell(n, f.loop.onLoop() && !f.loop.IsClosed()) // a closed loop runs nothing more, as is documented
		}
	}
	return CallbackToken{n}
}

func (f *futureBase) removeCallback(t CallbackToken) int {
	if t.n == nil || !f.removeNode(t.n) {
		return 0
	}
	return 1
}

// RemoveDoneCallback takes back registrations and returns how many it took: one
// that is not there, or is scheduled already, does not count. Any goroutine may
// call it. (Future.remove_done_callback)
func (f *futureBase) RemoveDoneCallback(t CallbackToken, more ...CallbackToken) int {
	n := f.removeCallback(t)
	for _, t := range more {
		n += f.removeCallback(t)
	}
	return n
}

// doneCallback is a user's function that waits for a future.
type doneCallback[T any] struct {
	node waitNode
	f    *Future[T]
	fn   func(*Future[T])
}

func (c *doneCallback[T]) Complete(uint64)      { c.fn(c.f) }
func (c *doneCallback[T]) callbackName() string { return funcName(c.fn) }

// AddDoneCallback calls fn on the loop, in a later pass, when the future is
// done; callbacks run in the order in which they were added. Any goroutine may
// call it. (Future.add_done_callback)
func (f *Future[T]) AddDoneCallback(fn func(*Future[T])) CallbackToken {
	c := &doneCallback[T]{f: f, fn: fn}
	c.node.to = c
	return f.register(&c.node)
}

// String describes the future by its state.
func (f *future[T]) String() string {
	if f.by != nil {
		if s, ok := f.by.(fmt.Stringer); ok {
			return s.String()
		}
	}
	return f.text(f.kind(), f.resultText)
}

func (f *future[T]) resultText() string { return fmt.Sprintf(" result=%s", shortValue(f.value)) }

// shortValue prints a value without following it into futures, whose values may
// lead back.
func shortValue(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool, string, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, error:
		return fmt.Sprintf("%#v", v)
	}
	return fmt.Sprintf("%T", v)
}

func (f *futureBase) text(kind string, result func() string) string {
	var b strings.Builder
	b.WriteString("<" + kind)
	switch f.state.load() {
	case statePending:
		b.WriteString(" pending")
		b.WriteString(f.callbacksText())
	case stateCancelled:
		b.WriteString(" cancelled")
	default:
		b.WriteString(" finished")
		if f.err != nil {
			fmt.Fprintf(&b, " exception=%q", f.err.Error())
		} else {
			b.WriteString(result())
		}
	}
	if f.origin != nil {
		b.WriteString(" created at " + f.origin.caller())
	}
	b.WriteString(">")
	return b.String()
}

// bystander is on a future's list and is nobody who waits.
type bystander interface{ bystander() }

// callbacksText names who waits: the first, how many more, and the last.
func (f *futureBase) callbacksText() string {
	s := f.state.lock()
	var first, last engine.Completer
	n := 0
	for w := range f.waits.All() {
		if _, is := w.to.(bystander); is {
			continue
		}
		if n++; n == 1 {
			first = w.to
		}
		last = w.to
	}
	f.state.unlock(s)
	switch n {
	case 0:
		return ""
	case 1:
		return " cb=[" + nameOf(first) + "]"
	case 2:
		return " cb=[" + nameOf(first) + ", " + nameOf(last) + "]"
	}
	return fmt.Sprintf(" cb=[%s, <%d more>, %s]", nameOf(first), n-2, nameOf(last))
}
