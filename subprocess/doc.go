// Package subprocess starts programs and talks to them, inside coroutines, without
// callbacks: the subprocess module of asyncio.
//
//	p, err := subprocess.Exec(ctx, &subprocess.Options{Stdout: subprocess.Pipe}, "ls", "-l")
//	if err != nil {
//		return err
//	}
//	for line, err := range p.Stdout.Lines(ctx) {
//		...
//	}
//	code, err := p.Wait(ctx)
//
// Unless the options say otherwise a child has the standard descriptors of this program.
// Pipe gives it a pipe, whose other end is a field of the Process: a StreamWriter for its
// input, a StreamReader for what it writes. A child that fills a pipe which nobody reads
// waits for ever: read both its output and its errors, or use [Process.Communicate], which does
// that and waits for the child's end.
//
// A time limit is [asyncio.Timeout] around the wait; the child goes on then, until
// [Process.Terminate], [Process.Kill] or [Process.Close], of which the last one, deferred, leaves no
// child behind whatever happens.
//
// # Who may call what
//
// What takes a context may wait: a coroutine of the child's loop is suspended, a goroutine
// that is no loop's blocks, and is woken with asyncio.ErrLoopClosed if the loop is closed.
// Signals, and writing to the child, belong to the loop, as the methods of
// asyncio.SubprocessTransport do.
//
// # The end
//
// A child is reaped when it ends, whether or not anybody waits. Wait returns when it has
// ended, though what it has started may still have its pipes open and write to them. A child
// that outlives its loop does not: Close of the loop kills it, and logs that.
package subprocess
