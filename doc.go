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
package asyncio
