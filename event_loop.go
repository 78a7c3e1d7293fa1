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
	PipeConnector
	DatagramNetworker
	UnixNetworker
	NameResolver
	Watcher
	FileSender
	TLSStarter
	SignalHandling
	SocketCaller
	SubprocessMaker
	ExecutorUser
	ErrorHandling
	Debugging
	TaskMaking

	// base returns the loop of this package that does the work.
	base() *baseLoop
}

// LoopRunner is the part of a loop that runs and ends it.
type LoopRunner interface {
	// RunForever runs the loop until Stop is called. It blocks. Any goroutine may call
	// it while the loop does not run; ErrLoopRunning from a callback or coroutine of any
	// loop, ErrLoopClosed. (loop.run_forever)
	RunForever() error
	// RunUntilComplete runs the loop until a is done and returns a's error, or
	// ErrLoopStopped if Stop came first. ErrWrongLoop if a is another loop's.
	// (loop.run_until_complete)
	RunUntilComplete(a Awaitable) error
	// Stop ends the run after the pass that is under way: what is queued at this moment
	// runs, what it adds is left for the next run. Before a run, it makes the next one a
	// single pass. Any goroutine may call it. (loop.stop)
	Stop()
	// IsRunning reports whether the loop runs now. Any goroutine may call it.
	// (loop.is_running)
	IsRunning() bool
	// IsClosed reports whether the loop was closed. Any goroutine may call it.
	// (loop.is_closed)
	IsClosed() bool
	// Close ends the loop: it unwinds suspended coroutines (their deferred functions
	// run), reports failures that nobody looked at, drops what is queued, and releases
	// every descriptor and goroutine the loop has. It waits for none of the work in
	// executors. ErrLoopRunning while the loop runs; closing again is harmless. Any
	// goroutine may call it. (loop.close)
	Close() error
}

// Scheduler is the part of a loop that runs callbacks, now or later.
type Scheduler interface {
	// Time returns the loop's monotonic time. It reads the clock afresh: now, and not
	// when the pass began. Any goroutine may call it. (loop.time)
	Time() time.Duration
	// CallSoon runs f in the next pass, in the order of the calls. f must not call
	// runtime.LockOSThread; use ToThread or a pinned loop for what needs a thread. Loop
	// only: ErrWrongGoroutine, ErrLoopClosed; nil f: ErrInvalidArgument.
	// (loop.call_soon)
	CallSoon(f func()) (Handle, error)
	// CallSoonThreadsafe is CallSoon for any goroutine, and wakes the loop if it sleeps.
	// It keeps the order with CallSoon: what was scheduled first runs first.
	// ErrLoopClosed. (loop.call_soon_threadsafe)
	CallSoonThreadsafe(f func()) (Handle, error)
	// CallLater runs f when d has passed, counted from this call. Loop only; errors as
	// of CallSoon. (loop.call_later)
	CallLater(d time.Duration, f func()) (TimerHandle, error)
	// CallAt runs f at the given loop time, or in the next pass if that has passed.
	// Timers due at the same time run in the order in which they were set. Loop only;
	// errors as of CallSoon. (loop.call_at)
	CallAt(when time.Duration, f func()) (TimerHandle, error)
}

// Networker is the part of a loop that serves and connects.
type Networker interface {
	// CreateConnection connects to address, a "host:port" of network "tcp", "tcp4" or
	// "tcp6" or, as CreateUnixConnection does, a path of "unix", and returns the
	// transport and the protocol that factory made, whose ConnectionMade has been
	// called. Names are looked up off the loop, and all addresses of the host are
	// tried, in turn or overlapping, as opts says; nil is the default. If all fail for different reasons, errors.Is finds each.
	// ErrInvalidArgument for options that contradict each other. A call that fails or is
	// cancelled leaves no connection behind: one that was made already is aborted, and
	// its protocol told. It suspends or blocks: any goroutine may call it.
	// (loop.create_connection)
	CreateConnection(ctx context.Context, factory func() Protocol, network, address string, opts *ConnectionOptions) (Transport, Protocol, error)
	// CreateServer listens on address, a "host:port" of network "tcp", "tcp4" or "tcp6"
	// or, as CreateUnixServer does, a path of "unix", and serves each connection by a
	// protocol that factory makes. An empty host is every interface, of both address
	// families; port 0 is one that the system picks, the same for all addresses of a
	// host; opts says more, nil is the default.
	// ErrInvalidArgument for options that contradict each other. A call that fails or is
	// cancelled leaves nothing that listens behind. It suspends or blocks: any goroutine
	// may call it. (loop.create_server)
	CreateServer(ctx context.Context, factory func() Protocol, network, address string, opts *ServerOptions) (*Server, error)
	// ConnectAcceptedSocket takes over a connection that was accepted elsewhere, a
	// stream socket's descriptor or, with fd 0, opts.Conn, and returns as
	// CreateConnection does. fd belongs to the call as ConnectionOptions.Sock says. It
	// suspends or blocks: any goroutine may call it. (loop.connect_accepted_socket)
	ConnectAcceptedSocket(ctx context.Context, factory func() Protocol, fd uintptr, opts *ConnectionOptions) (Transport, Protocol, error)
}

// UnixNetworker is the part of a loop that serves and connects over unix sockets.
//
// A path is that of a file, relative or not; on Linux one that begins with "@" or a zero
// byte is a name in the abstract namespace, which has no file. A path that is longer than
// the system has room for (107 bytes on Linux, 103 on others) is ErrInvalidArgument.
// Windows has unix sockets since Windows 10; before, they are errors.ErrUnsupported: use
// TCP over 127.0.0.1 there.
type UnixNetworker interface {
	// CreateUnixConnection connects to the unix socket at path, and returns as
	// CreateConnection does. Where the listener has no room for one more it waits until
	// there is. Of opts it takes Sock, a connected unix stream socket, or Conn in place of
	// the path, AllErrors, and what is about TLS. It suspends or blocks: any goroutine may
	// call it. (loop.create_unix_connection)
	CreateUnixConnection(ctx context.Context, factory func() Protocol, path string, opts *ConnectionOptions) (Transport, Protocol, error)
	// CreateUnixServer listens on a unix socket at path, and serves as CreateServer does. A
	// file of a socket that nobody has any more, as a program leaves it that was ended, is
	// replaced; any other file, and the socket of a program that runs, is left alone, and
	// the address in use. The file is removed when the server or its loop is closed, if it
	// is still the one that the server has made; ServerOptions.KeepSocketFile leaves it.
	// Who may connect is a matter of the file's and its directory's permissions. It
	// suspends or blocks: any goroutine may call it. (loop.create_unix_server)
	CreateUnixServer(ctx context.Context, factory func() Protocol, path string, opts *ServerOptions) (*Server, error)
}

// NameResolver is the part of a loop that looks names up without holding it up.
type NameResolver interface {
	// GetAddrInfo returns the addresses of address, a "host:service" of network "tcp" or
	// "udp", with "4" or "6" for one family only, in the order in which they should be
	// tried: *net.TCPAddr or *net.UDPAddr. An IP address with a port number is answered
	// at once; names are looked up off the loop, by the system or as WithResolver says, and
	// the look-up is given up when ctx is done, the task is cancelled or the loop closed. The empty host is every interface,
	// the empty service port 0.
	//
	// ErrInvalidArgument for what is no such address; a name that does not exist is a
	// *net.DNSError. In debug mode, look-ups are logged with their time. It suspends or
	// blocks: any goroutine may call it. (loop.getaddrinfo)
	GetAddrInfo(ctx context.Context, network, address string) ([]net.Addr, error)
	// GetNameInfo returns the name of the host that has the address, or the IP address
	// as text if it has none, and its port in digits: Go looks no names up for ports.
	// addr is a *net.TCPAddr or a *net.UDPAddr. The name is looked up in the default
	// executor, as GetAddrInfo does it.
	//
	// ErrInvalidArgument for other addresses; the *net.DNSError of a look-up that
	// failed. It suspends or blocks: any goroutine may call it. (loop.getnameinfo)
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
	// SetExceptionHandler sets who hears of errors; nil is the default handler, which
	// logs. Loop only. (loop.set_exception_handler)
	SetExceptionHandler(h ExceptionHandler) error
	// GetExceptionHandler returns what was set, or nil. Loop only; from another
	// goroutine while the loop runs it returns nil. (loop.get_exception_handler)
	GetExceptionHandler() ExceptionHandler
	// DefaultExceptionHandler logs the context as an error: the message first, then each
	// other field in the order of their names. If the program has set no logger, neither
	// for the loop nor as slog's default, stacks are printed below, line by line; any
	// other logger gets them as attributes. In debug mode, a context that does not say
	// where its object was made gets the place where the running callback was scheduled.
	//
	// What comes in numbers (the same message for the same kinds of error and protocol)
	// is logged ten times, and then once a second with how many more there were, the
	// rest at Close. A handler set with SetExceptionHandler hears each. It logs on the
	// caller's goroutine: a slog.Handler that blocks holds the loop up, so one that
	// writes where nobody may read should drop instead. Any goroutine may call it.
	// (loop.default_exception_handler)
	DefaultExceptionHandler(c ExceptionContext)
	// CallExceptionHandler gives the context to the handler that was set, or to the
	// default one; a handler that panics is itself reported. Any goroutine may call it:
	// off the loop the call is passed on to the loop, and on a loop that is closed the
	// default handler logs it. (loop.call_exception_handler)
	CallExceptionHandler(c ExceptionContext)
}

// Debugging is the part of a loop that helps to find mistakes.
type Debugging interface {
	// GetDebug reports debug mode. Any goroutine may call it. (loop.get_debug)
	GetDebug() bool
	// SetDebug switches debug mode, which the environment variable ASYNCIO_DEBUG (with a
	// value that is not empty, 0, false, no or off) switches on for new loops. In it,
	// handles, futures and tasks record where they were made, slow callbacks are logged
	// with their duration, and a call that blocks the loop is reported as soon as it is
	// slow (see WithBlockedReport). Any goroutine may call it. (loop.set_debug)
	SetDebug(on bool)
	// SetSlowCallbackDuration sets from when on a callback counts as slow in debug mode,
	// 100 ms at first. Any goroutine may call it; zero and less: ErrInvalidArgument.
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
