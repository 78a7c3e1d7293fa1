// Package asyncio is an event loop for Go: the system that Python documents as
// "Event loops", with its loops, policies, handles, timers, futures, tasks,
// transports, protocols and servers, rebuilt for Go.
//
//	func main() {
//		err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
//			server, err := streams.StartServer(ctx, echo, "tcp", "localhost:7777", nil)
//			if err != nil {
//				return err
//			}
//			return server.ServeForever(ctx) // until Ctrl-C
//		})
//		if err != nil && !errors.Is(err, asyncio.ErrInterrupted) {
//			log.Fatal(err)
//		}
//	}
//
//	func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
//		defer w.Close()
//		for line, err := range r.Lines(ctx) {
//			if err != nil {
//				return err
//			}
//			if _, err := w.Write(line); err != nil {
//				return err
//			}
//			if err := w.Drain(ctx); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// Where to begin:
//
//   - [Run] runs a main function on a loop of its own, from beginning to end.
//   - [Go], [WithTaskGroup] and [Gather] do several things at once.
//   - Package streams reads and writes connections in coroutines; a [Protocol], given to
//     CreateServer or CreateConnection (see [Networker]), does it by callbacks. The first is easier
//     to write, the second needs no stack per connection.
//   - [ToThread] calls what blocks.
//   - Packages locks, queues, subprocess and nethttp have what their names say; loopgroup
//     uses several processors; asynciotest and simulation test programs that use loops.
//
// The guides in docs/guides go on from here: from asyncio, from goroutines, from gnet,
// cancellation, debugging, deployment. This page is the manual.
//
// # A loop
//
// A loop is one goroutine with a queue. It runs what is in the queue, one thing after the
// other, and when nothing is left it waits for the system: until a descriptor is
// ready or an operation is done, a timer is due, or another goroutine hands something
// over. One such round is a pass: the loop asks the system, queues what that brought
// and then the timers that are due, and runs what is in the queue at this moment; what
// that adds is for the next pass. (While callbacks alone keep it busy it asks the system
// now and then: see [Watcher].) The order is asyncio's: callbacks run in the order
// in which they were scheduled, timers in the order of their times and, if these are the
// same, of the calls that set them.
//
// Nothing on a loop runs at the same time as anything else on it. So what a loop's code shares
// needs no lock, as long as it is left in order where that code waits. In return whatever does
// not wait holds up all the rest.
//
// A loop is made by [NewEventLoop] or by one of the constructors, run by its methods
// RunForever and RunUntilComplete, as often as one likes, and closed once. Mostly [Run] or a
// [Runner] does all of that. It has a goroutine of its own from its first run to its close; who
// runs it waits for that goroutine.
//
// # Callback, coroutine, goroutine
//
// Everything that runs is one of three, and which of them it is decides what it may do:
//
//   - A callback is a function that the loop calls: what was given to CallSoon, CallLater or
//     AddReader, a method of a [Protocol], a done callback of a [Future]. It runs to its end
//     and cannot wait. A call that would have to wait returns [ErrAwaitInCallback] there.
//     What has to wait it starts as a task, by [Go].
//   - A coroutine is a function that the loop runs and that may wait: an ordinary
//     func(ctx context.Context) (T, error). Where it waits it is suspended: its stack stays, and
//     the loop runs others. [Run], [Go], [CreateTask] and [TaskGroup.Go] make a [Task] of it,
//     which is a coroutine and a [Future] of its result.
//   - A goroutine is any other of the program's. It may wait, too: the same calls block it.
//
// A function needs no mark by which it is one or the other, and those that it calls need
// none. What counts is who runs it, not which context it has: the same function suspends
// the coroutine that calls it and blocks the goroutine that calls it.
//
// # Who may call what
//
// The comments of functions and methods use two terms:
//
//   - "Loop only": callbacks and coroutines of that loop, or any goroutine while the loop
//     does not run. Elsewhere it is refused with [ErrWrongGoroutine], and on a closed loop
//     with [ErrLoopClosed]; where that would serve nobody the comment says so.
//   - "Any goroutine": also while the loop runs on another one. What "suspends or blocks"
//     suspends the coroutine that calls it and blocks a goroutine that is none of a
//     loop's; a plain callback, which can do neither, gets [ErrAwaitInCallback].
//
// The ways from any goroutine to a loop are CallSoonThreadsafe, for a callback,
// [RunCoroutineThreadsafe], for a coroutine, and what the two have in common: a future that
// one side sets and the other awaits, or a queue of package queues.
//
// What a method of a loop does is written once, at the interface that it belongs to: see
// [EventLoop].
//
// # What suspends
//
// What takes a context may suspend or block, unless it takes it for its values alone, as [Go]
// does; what takes none does not suspend, but for what Go's own interfaces fix, such as Read of
// a net.Conn. What suspends lets others run before it returns, and what the loop's
// code shares may have changed then.
//
// Between two waits nobody else runs. A coroutine that computes for long gives way now and
// then by [Yield]; one that works off what is always there, by [ConsumeBudget], which streams,
// queues and locks call by themselves.
//
// A wait ends with the result, or early:
//
//   - with [ErrCancelled] if the task is cancelled, whatever context the wait was given;
//   - with the error of the context that it was given, if that is one of the caller's own;
//   - for a goroutine outside, with [ErrLoopClosed] if the loop is closed.
//
// # Futures and their kin
//
// A [Future] is a result that somebody sets; a [Task] is one that a coroutine returns. Both are
// an [AwaitableOf] their type and, where the type does not matter, an [Awaitable]. An
// [Awaiter] is whatever else can be awaited, a type of one's own included; [EnsureFuture]
// makes a task of it. A future belongs to one loop: a coroutine of another gets
// [ErrWrongLoop], and awaits it through [WrapFuture].
//
// Names are Python's in Go's spelling; what raises there returns an error here. Where Go
// needs more than one form of a call, a suffix says which:
//
//   - no suffix: it takes functions and calls them ([Gather], [WaitFor]);
//   - Of: it takes futures and tasks that exist ([GatherOf], [WaitForOf]);
//   - Err: its function returns an error alone ([RunErr], [GoErr], [WaitForErr]);
//   - Future: it returns the future and does not wait ([GatherFuture], [ShieldFuture]);
//   - For: it has a time limit, which comes behind the context ([WaitFor], [AsCompletedFor]);
//     At: a time of the loop's clock ([TimeoutAt], CallAt);
//   - In: it runs in an executor that is given ([RunIn]); On: it runs on a runner that is
//     given ([RunOn]).
//
// # Contexts and cancellation
//
// A context brings what it brings everywhere in Go: values, a deadline, its own end. That of
// a coroutine belongs to its task. The rules are asyncio's, with contexts fitted around them:
//
//   - [Task.Cancel] asks. The request is delivered once: the task's current wait, or its next
//     one, returns [ErrCancelled], and what it waited for is cancelled with it. A task that
//     has not begun is not entered.
//   - The error is returned up to the task's function. If that returns it, the task has been
//     cancelled; if it returns something else, that is the result. ErrCancelled is
//     [context.Canceled] under errors.Is; the converse does not hold.
//   - After the delivery the task may wait again, with the same context, too.
//   - The task's context is done from the request on, and stays so, for a context never
//     becomes undone. What is derived from it is done as well, and code that knows
//     only contexts hears of the end by it, on whatever goroutine it runs.
//   - Who swallows a cancellation, and goes on for good, takes it back with [Task.Uncancel].
//     Otherwise a [Timeout] around it believes that somebody still wants the task
//     to end, and passes on ErrCancelled in place of its own [ErrTimeout].
//   - Nothing is cancelled between two waits.
//
// [Timeout], [WaitFor] and [WithTaskGroup] give their function a context of its own, which is
// done when they end early. That of the task stays as it is.
//
// A context of your own, by context.WithCancel or WithTimeout, ends every wait that is given
// it, each time, as everywhere in Go; it ends the wait, and what was awaited goes on. Its
// error does not make the task count as cancelled.
//
// [Go] takes the values of its context, not its end: a task outlives who made it. What is
// to end with its maker belongs into a task group.
//
// Cleaning up: in a deferred function the context is done, perhaps. A wait with
// [context.WithoutCancel] of it leaves further requests pending until another wait, and what is
// derived from that is not done from the start. With a time limit:
//
//	defer func() {
//		calm := context.WithoutCancel(ctx)
//		err := asyncio.WaitForErr(calm, 5*time.Second, goodbye)
//		...
//	}()
//
// Shielding: [Shield] waits for a task and does not pass a cancellation on to it. The wait
// ends, the task goes on, and somebody has to keep it to see its end.
//
// [Run] is cancelled by its context, and by Ctrl-C when the main goroutine calls it: the first
// one cancels the main function, which cleans up and ends the run with [ErrInterrupted]; a
// second one ends the program.
//
// # How to bound a wait
//
//	what is bounded                        take                   when time is up
//	a part of a coroutine                  Timeout                its wait is cancelled, and what it waited for; ErrTimeout
//	one function, anywhere                 WaitFor                the same; it is waited for
//	a future or task that exists           WaitForOf              it is cancelled and waited for; ErrTimeout
//	a look at several of them              Wait, WaitOptions      nothing is cancelled; no error; pending has the rest
//	results as they come                   AsCompletedFor         nothing is cancelled; ErrTimeout in place of the rest
//	a wait, but not what is awaited        context.WithTimeout    the wait ends; ErrTimeout
//	what knows only contexts               context.WithTimeout    it hears of it by the context
//	what knows only a net.Conn             its deadlines          the call ends; os.ErrDeadlineExceeded
//
// An [ErrTimeout] is a [context.DeadlineExceeded] and an [os.ErrDeadlineExceeded] under
// errors.Is, too, and never an [ErrCancelled]. Take [Timeout] unless there is a reason: it needs no function that
// returns a value, can be moved ([TimeoutScope.Reschedule]), and says whether it has come
// ([TimeoutScope.Expired]). It is for coroutines alone ([ErrNotInTask]); WaitFor also serves
// goroutines. Both go by the loop's clock, which tests can move (package asynciotest),
// context.WithTimeout by the runtime's.
//
// # Who owns what
//
// One rule holds for every call that makes something or is given something: a connection, a
// server, a socket, a pipe, a child, a look-up. What it has it returns or releases, at whatever
// instant it ends: by an error, a panic or a Goexit of the user's, the cancellation of
// its task, the end of its context, the end of the context of a goroutine that waits outside
// the loop, the closing of the loop. And what it has is decided by one sentence: a
// descriptor, file or socket given to a call is the call's from its start if the call says
// so, and then closed on every way out that fails, cancelled and made on the wrong goroutine
// included; else it stays the caller's. Left alone is only what somebody else has (a
// transport, a server, a Socket, or a callback of AddReader or AddWriter of any loop in the
// program), and a number that is no open socket's.
//
// What the calls say:
//
//   - The call's: a descriptor in an option called Sock, the one of ConnectAcceptedSocket and
//     of SocketFromFD, the os.File of ConnectReadPipe and ConnectWritePipe (but the
//     standard files stay open). The transport or Socket that comes of it closes it.
//   - The caller's: a net.Conn, net.PacketConn or net.Listener, in an option or given to
//     SocketFrom, since the call works with a duplicate of its descriptor; the file of Sendfile and
//     SockSendfile; the files of a child; the Socket of a Sock call; and a descriptor that is
//     given to AddReader or AddWriter, whose callback the caller removes before closing it.
//   - The loop's: the selector or proactor that it is made with.
//
// What follows from the rule:
//
//   - A call that returns an error has left nothing behind that is open. A connection
//     or an endpoint of datagrams that was made already is aborted, and its protocol hears
//     of it by ConnectionLost; a server stops listening, and what it has accepted is aborted.
//   - A goroutine outside the loop that leaves because its context is done does not
//     wait for that: the loop does it, when it gets to it, or when it is closed. If the
//     result was there first, the call returns it, although the context is done.
//   - A call on a coroutine that was cancelled before it began was never made.
//   - The file of a unix socket goes with it: the one that a server has made, or that came
//     with the Sock of CreateUnixServer, is removed when the server or its loop is closed,
//     or the call fails, unless ServerOptions.KeepSocketFile keeps it or another file is in
//     its place. The file of a net.Listener is the listener's, and that of a Socket the caller's.
//
// # The end of a connection
//
//   - Close ends a transport in order: it receives no more, sends what is buffered, and
//     then tells the protocol by ConnectionLost(nil). Abort drops what is buffered.
//   - ConnectionLost comes last and once, however it ends: with nil after Close, Abort or the
//     peer's end of stream, else with the reason.
//   - The peer's end of stream is EOFReceived. With false, as [BaseProtocol] has it, the
//     transport closes itself, as by Close. With true it stays open for writing.
//   - WriteEOF ends one's own direction: the peer reads its end and can go on sending.
//   - When both directions have ended and EOFReceived returned true, nothing closes the
//     transport by itself: whoever returned true calls Close. So it is with streams, whose protocol
//     returns true: close each writer, by a deferred call, on both sides. One that is not
//     closed keeps its descriptor, and [Server.WaitClosed] waiting, until the collector finds
//     it or the loop is closed; either is warned of.
//   - [Server.Close] stops accepting and leaves the connections alone;
//     [Server.CloseClients] closes them in order, [Server.AbortClients] at once;
//     [Server.WaitClosed] waits for the last of them. A graceful end is the four of them:
//     Close, CloseClients, WaitClosed within a [Timeout], and AbortClients if time is up.
//
// # What nobody catches
//
// A panic, or a Goexit, ends the callback or the coroutine that it happens in, and never the
// loop. A task has failed then, with a [*PanicError] or [ErrGoexit]; that of a callback goes
// to the loop's exception handler, which logs unless SetExceptionHandler says otherwise. That of a
// protocol also ends its connection. A task or future that failed, and whose error nobody
// looked at, is reported there once.
//
// # Closing a loop
//
// [Run] and [Runner.Close] do what there is to do: they cancel the tasks that are left and wait
// for them, shut the default executor down and close the loop. By hand, after the last run,
// the loop's Close is enough to release every descriptor and goroutine; but it waits for nobody.
// Tasks that wait are unwound: their deferred functions run, whose own waits return
// [ErrLoopClosed], and no recover stops that. Then they have failed with ErrLoopClosed, and so have
// the waits of goroutines outside. Callbacks that were queued are dropped. Connections that are
// open are closed, their protocols not told, and each is warned of; so end them first.
// A loop that runs is not closed ([ErrLoopRunning]): Stop it.
//
// # Choosing a backend
//
// The default is right until a measurement says otherwise: a [SelectorEventLoop] over the best
// selector that works here (epoll, kqueue, /dev/poll, poll, select), on Windows a
// [ProactorEventLoop] over completion ports. What a program sees is the same; [LoopBackend]
// says what a loop runs on, and why, and the command asyncio platform what a machine has.
//
//   - io_uring: [NewProactorEventLoop] on Linux. It gathers what a pass does into one call. Many
//     containers forbid it: then, as where the kernel is too old, the error is
//     errors.ErrUnsupported with the reason, and nothing is replaced in silence.
//   - The variable ASYNCIO_LOOP=selector or proactor chooses for the loops that the default
//     policy makes; [WithLoopFactory] for one run.
//   - A certain selector: NewSelectorEventLoop(s), with a constructor of package selectors.
//   - [WithPinnedThread] keeps a loop on a thread, or a processor. It costs more than it
//     gains, unless code needs its thread.
//   - A loop of one's own embeds one of these, and says so by [WithSelf].
//
// # Several loops
//
// One loop uses one processor. A program may have many, each run by a goroutine of its own. They
// share nothing by themselves, and what their code shares is to be guarded as between
// goroutines. Futures, tasks, transports, locks and queues belong to one loop each: hand
// work over by CallSoonThreadsafe or [RunCoroutineThreadsafe], and await a result of
// another loop through [WrapFuture].
//
// Package loopgroup does that: as many loops as there are processors, servers spread over
// them, work sent to the least busy one, one shutdown for all.
//
// # Debug mode
//
// ASYNCIO_DEBUG=1, [WithDebug], [WithRunDebug] or SetDebug switch it on. It logs callbacks
// that take 100 ms or more, reports what blocks the loop while it does, with its stack, and
// remembers where handles, futures and tasks were made. It costs time. Without it, too, a loop
// that is held up for five seconds is reported ([WithBlockedReport]). [PrintCallGraph] shows
// who waits for whom.
//
// # What breaks a loop
//
//   - A receive from a channel, a WaitGroup, a select, time.Sleep, a call of a library that waits on any
//     of these: it holds the loop, and what it waits for may need the loop. Await a
//     [Future], get from a queue of package queues, use [Sleep] and [WithTaskGroup]; call
//     the rest by [ToThread].
//   - A sync.Mutex that is held over a wait: the next coroutine that locks it blocks the loop, and
//     with it the one that would unlock it. Take a locks.Lock; a Mutex that is unlocked before
//     the next wait is harmless.
//   - Work for the processor: [ToThread], or a [Yield] now and then.
//   - What a callback was lent and keeps: the slice of DataReceived is good for that call. Copy it, or
//     have a transport that is a [DataKeeper] keep it.
//   - Writing to a peer that does not read: what the system does not take is kept in memory,
//     all of it. A protocol stops when PauseWriting says so; a coroutine calls Drain.
//
// And runtime.LockOSThread, in a callback or a coroutine, unless it is undone before the next
// wait and before the end. It ends the program, and nothing can catch that:
//
//	coro: got thread 0xaff12dad008, want 0x0
//	coro: got lock internal 0, want 0
//	coro: got lock external 1, want 0
//	fatal error: coro: OS thread locking must match locking at coroutine creation
//
// That is so on a loop made [WithPinnedThread], too, which has its thread already: what runs
// there needs no lock. Elsewhere what needs a thread goes by [ToThread]. The goroutine that runs a
// loop may be locked: the loop's is another one.
package asyncio
