// Package streams reads and writes connections as streams of bytes, inside
// coroutines, without callbacks: the streams module of asyncio.
//
//	r, w, err := streams.OpenConnection(ctx, "tcp", "localhost:7777", nil)
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	fmt.Fprintf(w, "hello\n")
//	line, err := r.ReadLine(ctx)
//
// A StreamReader holds what has come and was not read yet. It is bounded: above
// twice its limit the connection is not read from any more, until the rest has
// been read down to the limit. A StreamWriter writes to the transport, which
// keeps what the system does not take; Drain waits until that is little enough.
// Write as much as you like and Drain now and then, or the peer that does not
// read fills your memory.
//
// A server is a function that serves one connection, run as a task for each:
//
//	server, err := streams.StartServer(ctx, serve, "tcp", ":7777", nil)
//	if err != nil {
//		return err
//	}
//	return server.ServeForever(ctx)
//
// # Which read
//
//   - [StreamReader.ReadLine], [StreamReader.Lines], [StreamReader.ReadUntil] and
//     [StreamReader.ReadExactly] take what protocols are made of. What they return is the
//     caller's to keep.
//   - [StreamReader.ReadInto] reads into memory of the caller's: nothing is allocated.
//   - [StreamReader.Next] lends what has come until the next read: nothing is copied where
//     the system can receive when asked, and over io_uring nothing of what is large.
//   - [StreamReader.Ready] waits until there is something to read, and holds no memory
//     meanwhile: for many connections that are idle.
//
// # The end of a connection
//
// The peer's end of stream is [io.EOF], and one's own direction stays open: read to the end,
// answer, and close the writer. WriteEOF ends one's own direction alone. Nothing closes a
// writer but its Close, also when both directions have ended: defer it first of all, in each
// handler and after each OpenConnection. A writer that is dropped instead is closed when the
// collector finds it, with a warning. WaitClosed waits until all is sent and the connection gone.
//
// # Who may call what
//
// What takes a context may wait. A coroutine of the stream's loop is suspended; a
// goroutine that is no loop's blocks, and is woken with asyncio.ErrLoopClosed if
// the loop is closed and with the error of the loop's run if the system fails it; a
// plain callback gets asyncio.ErrAwaitInCallback and a coroutine of another loop
// asyncio.ErrWrongLoop, unless there is nothing to wait for. Everything of a
// StreamReader may be used from any goroutine. Writing belongs to the loop; from
// elsewhere use a Conn.
//
// # Giving way
//
// A call that finds what it needs does not wait. So that a coroutine whose data are
// always there leaves room for others, every asyncio.Budget calls of its own without
// a wait, the next one lets the loop run what is ready, once, before it takes or
// writes anything: all that read, Drain, and Read and Write of a Conn. It is then
// that a task which was cancelled meanwhile, or whose context is done, hears of it.
// Write and WriteLines of a StreamWriter never do so: Drain now and then.
//
// # For Go's libraries
//
// Conn makes a net.Conn of a reader and a writer, for code that knows nothing of
// loops: bufio, net/http's requests and responses, crypto/tls. It can be used from
// anywhere; its comment says what a coroutine must not wait for.
package streams
