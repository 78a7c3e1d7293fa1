// Package sched is the part of an event loop that runs callbacks: one goroutine, one queue,
// an engine to wait in, timers. It knows nothing of futures, tasks, protocols and reports:
// all that is its host's, which has a [Loop] as a part of itself and answers to [Host].
//
// # What can be asked
//
//	Init, Pin                  make a loop, once
//	Schedule, At               complete something soon, or at a time
//	Func, FuncAt, FuncLater    the same for a function of a user's, which can be cancelled
//	Post, FuncFrom             soon, from any goroutine
//	Now, Advance, Later        the clock: the system's, or a Clock, which may be a Sleeper
//	Acquire, IfOwner, Here     who may touch the loop
//	Begin, Stop, Fail          one run, from its beginning to its end
//	Close                      the end of all
//	Pool, Resume, Stepping     coroutines
//	Do                         what is scheduled by somebody else, in its turn
//	Divert                     somebody else schedules
//	Debug, Asked, Loop.Current what reports need
//	Current, StrandOf          whose goroutine this is
//
// There are two kinds of callbacks. A user's is a function; it gets a node, to which a [Ref]
// or a [Timer] refers, so that it can be cancelled and described; one that comes from another
// goroutine has a number instead. The host's own work is a
// [engine.Completer] with a number, which needs no node unless it waits for a time. Nothing
// is allocated for either in steady state.
//
// # One pass
//
//	poll      without waiting if something is ready or a stop is asked for, else
//	          until the next timer, a day at most
//	queue     what the poll brought, then the timers that are due
//	run       what is queued at this moment, and nothing that it adds
//
// One callback, one ready descriptor and one due timer run in this order, and then what each
// of them scheduled. Callbacks run in the order in which they were scheduled, also those
// that came from other goroutines: whatever is queued on the loop is queued behind what its
// inbox has. Timers that are due at the same time run in the order in which they were set.
//
// While callbacks keep the loop busy, its own or those from elsewhere, it polls at least
// every 64 passes or 512 callbacks, and in every pass unless passes are short; and always in
// the first pass of a run, before a timer that is due, which so cannot overtake what was
// ready before it, and before the last pass of a run. An event is completed without the
// queue only if nothing is queued and no timer is due, and neither Debug nor Divert is set;
// what it schedules waits for the next pass all the same. An idle loop first polls without
// waiting if that has paid lately, gives way to other goroutines up to eight times if they
// have been heard of lately, and then blocks.
//
// # Who may call what
//
// "Owner only" means: the loop's goroutine (its body, which runs the callbacks, or a
// coroutine that the body has switched to) while the loop runs, and who has it by
// [Loop.Acquire] while it does not. Nothing checks it, but for Acquire, which refuses all
// others. Whatever any goroutine may call says so: these are atomic or go through the inbox.
// [Loop.Post] and [Loop.FuncFrom] wake the loop: at most one wake-up of the engine however
// many come, and none while the loop is awake.
//
// # What does not return
//
//   - A callback that panics, or leaves by Goexit, is told to [Host.Failed]; the pass goes on
//     behind it. A Goexit ends the body's goroutine: the loop then has another body, which
//     goes on in the middle of the pass, whose state is not on the stack.
//   - If what was to complete has told an [engine.Unguarded] handler, which was waiting for who
//     it called in turn, it is told to that one instead (unreturned.go). So a message costs no
//     deferred function: there is one for the whole pass, and one in Do.
//   - A coroutine whose function leaves by Goexit comes out of coro.Switch as a panic of
//     that package's, and the one in Stepping hears of it as of any other end, by Left.
//   - [Loop.Stop] ends the run after the pass that is under way; so does completing the
//     [Run]. What that pass has scheduled is the next run's. A Stop before a run makes the
//     next one a single pass.
//   - [Loop.Fail] ends the run at once. What is left of the pass is the next run's, events
//     included. The run returns what Fail was given.
//   - An engine that refuses to poll, panics in it or leaves it by Goexit ends the run
//     likewise, with a [*Failure]. The next run asks it again.
//   - [Loop.Close] refuses everybody else from the moment it begins, calls [Host.Closing],
//     drops what is queued and closes the engine. When it returns, the loop's goroutine is
//     at its end, and the idle coroutines are gone.
//
// Texts and errors of a kind that users look for are the host's: here a [State] or a
// [*Failure] comes up, and words are put to it there.
package sched
