package asyncio

import (
	"context"
	"net"
	"time"
)

// EventLoop is what every loop can do. (AbstractEventLoop)
//
// It is composed of one interface per concern and has one unexported method, so
// that methods can be added: a loop of your own embeds one of ours, or
// UnimplementedEventLoop, and overrides a part. Tell the inner loop of the outer
// one with WithSelf, so that tasks, GetRunningLoop and the loop itself go
// through the overrides.
//
// Unless a method says otherwise it belongs to the loop: callbacks and
// coroutines of the loop may call it, or any goroutine while the loop does not
// run; elsewhere it returns ErrWrongGoroutine. What may be called from any
// goroutine and blocks it ends with ErrLoopClosed if the loop is closed, and with
// the error of the run if the system fails that; not when Stop ends it. No callback or coroutine may call
// runtime.LockOSThread; use ToThread, or a loop made WithPinnedThread.
type EventLoop interface {
	LoopRunner
	Scheduler
	Networker
	NameResolver
	Watcher
	ExecutorUser
	ErrorHandling
	Debugging
	TaskMaking

	// base returns the loop of this package that does the work.
	base() *baseLoop
}

// LoopRunner is the part of a loop that runs and ends it.
type LoopRunner interface {
	// RunForever runs the loop until Stop is called. Any goroutine may call it
	// while the loop does not run; it blocks. ErrLoopRunning, ErrLoopClosed.
	// (loop.run_forever)
	RunForever() error
	// RunUntilComplete runs the loop until a is done and returns a's error:
	// ErrLoopStopped if Stop came first, ErrWrongLoop if a is another loop's.
	// (loop.run_until_complete)
	RunUntilComplete(a Awaitable) error
	// Stop ends the run after the pass that is under way; before a run, it makes
	// the next one a single pass. Any goroutine may call it. (loop.stop)
	Stop()
	// IsRunning reports whether the loop runs now. Any goroutine. (loop.is_running)
	IsRunning() bool
	// IsClosed reports whether the loop was closed. Any goroutine. (loop.is_closed)
	IsClosed() bool
	// Close ends the loop: it unwinds suspended coroutines, reports failures that
	// nobody looked at, and releases its descriptors. ErrLoopRunning while it
	// runs; closing again is harmless. Any goroutine may call it. (loop.close)
	Close() error
}

// Scheduler is the part of a loop that runs callbacks, now or later.
type Scheduler interface {
	// Time is the loop's own monotonic clock. Any goroutine. (loop.time)
	Time() time.Duration
	// CallSoon runs f in the next pass, in the order of the calls.
	// (loop.call_soon)
	CallSoon(f func()) (Handle, error)
	// CallSoonThreadsafe is CallSoon for any goroutine; it wakes the loop.
	// ErrLoopClosed. (loop.call_soon_threadsafe)
	CallSoonThreadsafe(f func()) (Handle, error)
	// CallLater runs f when d has passed. (loop.call_later)
	CallLater(d time.Duration, f func()) (TimerHandle, error)
	// CallAt runs f at the given loop time; timers due at the same time run in
	// the order in which they were set. (loop.call_at)
	CallAt(when time.Duration, f func()) (TimerHandle, error)
}

// Networker is the part of a loop that serves and connects.
type Networker interface {
	// CreateConnection connects to address and returns the transport and the
	// protocol made by factory, after its ConnectionMade. It suspends or blocks:
	// any goroutine. (loop.create_connection)
	CreateConnection(ctx context.Context, factory func() Protocol, network, address string, opts *ConnectionOptions) (Transport, Protocol, error)
	// CreateServer listens on address and serves each connection by a protocol
	// made by factory. It suspends or blocks: any goroutine. (loop.create_server)
	CreateServer(ctx context.Context, factory func() Protocol, network, address string, opts *ServerOptions) (*Server, error)
	// ConnectAcceptedSocket takes over a connection that was accepted elsewhere.
	// It suspends or blocks: any goroutine. (loop.connect_accepted_socket)
	ConnectAcceptedSocket(ctx context.Context, factory func() Protocol, fd uintptr, opts *ConnectionOptions) (Transport, Protocol, error)
}

// NameResolver is the part of a loop that looks names up without holding it up.
type NameResolver interface {
	// GetAddrInfo returns the addresses of a host and service, in the order in
	// which they should be tried. It suspends or blocks: any goroutine.
	// (loop.getaddrinfo)
	GetAddrInfo(ctx context.Context, network, address string) ([]net.Addr, error)
	// GetNameInfo returns the name of an address's host, or the address as text
	// if it has none, and its port. It suspends or blocks: any goroutine.
	// (loop.getnameinfo)
	GetNameInfo(ctx context.Context, addr net.Addr) (host, service string, err error)
}

// Watcher is the part of a loop that tells of descriptors.
type Watcher interface {
	// AddReader calls f in each pass that finds fd readable, in place of an
	// earlier reader. While callbacks alone keep the loop busy it looks in every
	// pass only if its passes are long, else at least once in 64 passes or 512
	// callbacks; and always before a timer that is due runs, and in the last pass
	// of a run. Within a pass, callbacks that were scheduled before it go first,
	// then descriptors, then timers. The descriptor stays the caller's, who removes
	// the reader before closing it; on Windows it is a socket. A descriptor that a
	// transport has is refused, and one that cannot be is ErrInvalidArgument, by
	// RemoveReader too. (loop.add_reader)
	AddReader(fd uintptr, f func()) error
	// RemoveReader ends what AddReader began and reports whether there was a reader;
	// on a closed loop there is none. (loop.remove_reader)
	RemoveReader(fd uintptr) (bool, error)
	// AddWriter calls f in each pass that finds fd writable, as AddReader does, in
	// place of an earlier writer. It refuses what AddReader refuses.
	// (loop.add_writer)
	AddWriter(fd uintptr, f func()) error
	// RemoveWriter ends what AddWriter began and reports whether there was a writer;
	// on a closed loop there is none. (loop.remove_writer)
	RemoveWriter(fd uintptr) (bool, error)
}

// ExecutorUser is the part of a loop that hands work to other goroutines.
type ExecutorUser interface {
	// RunInExecutor runs f on a goroutine of the executor, or of the default one if
	// it is nil, and returns a future of its result. Cancelling the future does not
	// stop f, unless it has not begun. ErrExecutorShutdown if the default executor
	// was shut down. (loop.run_in_executor)
	RunInExecutor(executor Executor, f func() (any, error)) (*Future[any], error)
	// SetDefaultExecutor replaces the default executor, which is a PoolExecutor made
	// at first use. nil: ErrInvalidArgument. (loop.set_default_executor)
	SetDefaultExecutor(executor Executor) error
	// ShutdownDefaultExecutor refuses new work for the default executor and waits
	// until what it has accepted has run, or until ctx ends the wait. It suspends or
	// blocks: any goroutine. (loop.shutdown_default_executor)
	ShutdownDefaultExecutor(ctx context.Context) error
}

// ErrorHandling is the part of a loop that hears of what nobody else catches.
type ErrorHandling interface {
	// SetExceptionHandler sets who hears of errors; nil is the default handler.
	// (loop.set_exception_handler)
	SetExceptionHandler(h ExceptionHandler) error
	// GetExceptionHandler returns what was set, or nil.
	// (loop.get_exception_handler)
	GetExceptionHandler() ExceptionHandler
	// DefaultExceptionHandler logs the context as an error; what comes in numbers
	// is logged at a bounded rate, and counted. (loop.default_exception_handler)
	DefaultExceptionHandler(c ExceptionContext)
	// CallExceptionHandler gives the context to the handler. Any goroutine: off
	// the loop it is passed on to it. (loop.call_exception_handler)
	CallExceptionHandler(c ExceptionContext)
}

// Debugging is the part of a loop that helps to find mistakes.
type Debugging interface {
	// GetDebug reports debug mode. Any goroutine. (loop.get_debug)
	GetDebug() bool
	// SetDebug switches debug mode: slow callbacks and calls that block the loop
	// are reported, and handles, futures and tasks know where they were made.
	// Any goroutine. (loop.set_debug)
	SetDebug(on bool)
	// SetSlowCallbackDuration sets from when on a callback counts as slow (100 ms).
	// (loop.slow_callback_duration)
	SetSlowCallbackDuration(d time.Duration) error
}

// TaskMaking is the part of a loop that says how tasks are made.
type TaskMaking interface {
	// SetTaskFactory sets what sees and may change each new task; nil restores the
	// default. (loop.set_task_factory)
	SetTaskFactory(f TaskFactory) error
	// GetTaskFactory returns what was set, or nil; from another goroutine while the
	// loop runs it returns nil. (loop.get_task_factory)
	GetTaskFactory() TaskFactory
}
