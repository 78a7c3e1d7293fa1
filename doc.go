// Package asyncio is an event loop for Go: the system that Python documents as
// "Event loops", with its loops, policies, handles, timers, futures, tasks,
// transports, protocols and servers, rebuilt for Go.
//
// # Who may call what
//
// The comments of functions and methods use two terms:
//
//   - "Loop only": callbacks and coroutines of that loop, or any goroutine while the loop
//     does not run. Elsewhere it is refused with ErrWrongGoroutine, and on a closed loop
//     with ErrLoopClosed; where that would serve nobody the comment says so.
//   - "Any goroutine": also while the loop runs on another one. What "suspends or blocks"
//     suspends the coroutine that calls it and blocks a goroutine that is none of a
//     loop's; a plain callback, which can do neither, gets ErrAwaitInCallback.
//
// What a method of a loop does is written once, at the interface that it belongs to: see
// EventLoop.
//
// # Who owns what
//
// One rule holds for every call that makes something or is given something: a
// connection, a server, a socket, a look-up. It returns it or releases it, at
// whatever instant it ends: by an error, a panic or a Goexit of the user's, the
// cancellation of its task, the end of its context, the end of the context of a
// goroutine that waits outside the loop, the closing of the loop. What it cannot have
// because somebody else owns it, it leaves alone.
//
//   - A call that returns an error has left nothing behind that is open. A connection
//     or an endpoint of datagrams that was made already is aborted, and its protocol hears
//     of it by ConnectionLost; a server stops listening, and what it has accepted is aborted.
//   - A goroutine outside the loop that leaves because its context is done does not
//     wait for that: the loop does it, when it gets to it, or when it is closed. If the
//     result was there first, the call returns it, although the context is done.
//   - A descriptor in an option called Sock, of a stream or of datagrams, is the call's
//     from its start, so it is closed if the call fails before it has looked at it. It is
//     left alone if a transport, a server or a watch of any loop in the program has it, or
//     if it is no open socket. A call on a coroutine that was cancelled before it began was
//     never made.
//   - A net.Conn, net.PacketConn or net.Listener in an option stays the caller's: the call
//     works with a duplicate of its descriptor.
//   - The file of a unix socket goes with it: the one that a server has made, or that came
//     with the Sock of CreateUnixServer, is removed when the server or its loop is closed,
//     or the call fails, unless ServerOptions.KeepSocketFile keeps it or another file is in
//     its place. The file of a net.Listener is the listener's.
//   - A descriptor that is given to AddReader or AddWriter stays the caller's, who
//     removes the callback before closing it.
//   - A loop owns the selector or proactor that it is made with.
package asyncio
