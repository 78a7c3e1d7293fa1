package gojaloop

import (
	"fmt"
	"slices"
	"sync"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// Runtime is a JavaScript runtime on a loop. Several on one loop share nothing but the
// loop. See the package comment for who may call what.
type Runtime struct {
	loop asyncio.EventLoop
	config

	// What follows belongs to the loop's goroutine.

	vm         *goja.Runtime
	errorClass *goja.Object
	then       goja.Callable // Promise.prototype.then, whatever a script makes of it
	root       scope         // of what no call waits for
	base       *scope        // whose macrotask runs, or ran last
	current    *scope        // who the JavaScript that runs now belongs to: base, but in reactions of promises
	nesting    int           // how many timers the macrotask that runs has come by
	job        func()        // what the macrotask that begins is to do
	things     map[int64]*thing
	lastThing  int64
	strong     int             // how many things hold their scope open
	waiting    []*scope        // of calls that wait, in the order in which they began
	settled    []*scope        // those whose promise was settled in this macrotask
	rejected   []*goja.Promise // in this macrotask, and not handled so far
	reports    []report        // for the exception handler, after this macrotask

	mu          sync.Mutex
	closed      error  // why, if it is
	running     *scope // whose macrotask runs
	interrupted bool   // and whether it was interrupted
	queued      int    // how many functions of Do and Post wait for their macrotask
}

// maxCalls is how deep JavaScript may call, about as in Node.js. goja's own limit is the memory.
const maxCalls = 10_000

// New makes a runtime on the loop; nil is the running one. Any goroutine may call it.
// It holds nothing but memory until a script runs. Calls may nest 10,000 deep, unless
// goja's SetMaxCallStackSize says otherwise.
func New(loop asyncio.EventLoop, opts ...Option) (*Runtime, error) {
	if loop == nil {
		running, err := asyncio.GetRunningLoop()
		if err != nil {
			return nil, fmt.Errorf("gojaloop: New without a loop: %w", err)
		}
		loop = running
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	r := &Runtime{loop: loop, config: *c, vm: goja.New(), things: map[int64]*thing{}}
	r.root.over = true // nobody waits for it
	r.base, r.current = &r.root, &r.root
	if err := r.install(); err != nil {
		return nil, fmt.Errorf("gojaloop: New: %w", err)
	}
	r.vm.SetMaxCallStackSize(maxCalls)
	r.vm.SetPromiseRejectionTracker(r.trackRejection)
	r.vm.SetAsyncContextTracker(asyncContext{r})
	return r, nil
}

// Loop returns the loop that the runtime is on. Any goroutine may call it.
func (r *Runtime) Loop() asyncio.EventLoop { return r.loop }

// Close ends the runtime: timers, fetches and coroutines that it started, and the calls
// that wait for scripts, which return ErrClosed. No macrotask begins after Close has
// returned; JavaScript that runs is interrupted, also if it is what calls Close. It
// waits for nothing and may be called from any goroutine, at any time, more than once;
// its error is nil.
func (r *Runtime) Close() error {
	r.shut(ErrClosed)
	return nil
}

// shut closes the runtime, for which it has a reason. Any goroutine may call it.
func (r *Runtime) shut(why error) {
	r.mu.Lock()
	again := r.closed != nil
	if !again {
		r.closed = why
		r.interrupt(why)
	}
	r.mu.Unlock()
	if !again {
		_, _ = r.loop.CallSoonThreadsafe(r.release) // a loop that is closed has ended it all
	}
}

// release ends what is under way when the runtime is closed.
func (r *Runtime) release() {
	why := r.why(nil)
	for _, s := range slices.Clone(r.waiting) {
		r.abandon(s, why)
	}
	r.stop(nil)
}

// why returns why nothing can be done for a scope any more, nil if it can; a nil scope
// asks for the runtime alone.
func (r *Runtime) why(s *scope) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed == nil && s != nil {
		return s.cause
	}
	return r.closed
}

// interrupt ends the JavaScript that runs. The caller holds r.mu.
func (r *Runtime) interrupt(why error) {
	if r.running != nil && !r.interrupted {
		r.interrupted = true
		r.vm.Interrupt(why)
	}
}

// report is what the exception handler is told.
type report struct {
	message string
	err     error
}

// report tells the exception handler.
func (r *Runtime) report(what report) {
	c := asyncio.ExceptionContext{Message: what.message, Err: what.err}
	if r.handler != nil {
		r.handler(r, c)
		return
	}
	r.loop.CallExceptionHandler(c)
}
