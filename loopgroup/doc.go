// Package loopgroup runs several event loops as one: by default as many as there are
// processors. Servers are spread over them, work is sent to one of them or to the least busy
// one, and all of them are shut down together.
//
//	g, err := loopgroup.New()
//	if err != nil { ... }
//	if err := g.Start(); err != nil { ... }
//	_, err = g.CreateServer(ctx, newEcho, "tcp", ":7777", nil, loopgroup.Auto)
//	...
//	err = g.Run(ctx) // until ctx is done; then the connections have a while to end
//
// A loop is one goroutine, and what runs on it needs no locks. That stays so: a connection
// belongs to one loop from its first byte to its last, and so does a task. What the loops
// share, several of them touch at once, like any goroutines.
//
// # How a server is spread
//
//   - [ReusePort]: each loop listens by a socket of its own on the same port, and the system
//     spreads the connections. Nothing goes from one loop to another. Linux, FreeBSD and
//     DragonFly do that; elsewhere, and for unix sockets, it is errors.ErrUnsupported.
//   - [HandOver]: one goroutine accepts, and each connection goes to the loop that has the
//     fewest at that moment. That works everywhere, and is even where the system is not: it
//     spreads by a hash, so that of ten connections one loop may have eight.
//   - [Auto] is the first where it can be, else the second.
//
// The sockets that listen are the group's, not a loop's: a loop that has died leaves nothing
// that is refused, and those who wait to be accepted are accepted by its successor. What is
// handed over is either loop's or closed, at every instant, also of a shutdown.
//
// # When a loop dies
//
// A loop's run ends when the system fails it, when a callback or task ends with
// [asyncio.ErrInterrupted], and when somebody calls its Stop. (A callback that panics or
// leaves by Goexit is reported to the loop's exception handler and ends nothing.) Its
// connections are then aborted and its tasks cancelled, as far as it can still run, and it is
// closed. That is told to the handler of [WithFailureHandler], or logged; then the group is
// shut down with the error, or, with [WithReplacement], another loop takes the place, and
// serves what the group serves. The other loops go on.
//
// # The end
//
// [Group.Shutdown] stops accepting and waits until the last connection and the last piece of
// work have ended. When its context is done, it aborts the connections, cancels the tasks and
// closes the loops. A loop that does not come back from a callback cannot be closed; Shutdown
// does not wait for it, but returns a [*BlockedError] that says which ones those are.
//
// # Who may call what
//
// Any goroutine may call everything here, coroutines of the group's own loops and of others
// included; what waits suspends a coroutine, blocks any other goroutine, and is refused in a
// plain callback with [asyncio.ErrAwaitInCallback]. A method of [asyncio.EventLoop] belongs to
// its loop as ever: from elsewhere use [Go], [GoOn] or CallSoonThreadsafe.
package loopgroup
