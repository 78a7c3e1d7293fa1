package asyncio_test

import (
	"context"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// terminalRow is a row about a real pseudo-terminal.
func terminalRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, master, slave *os.File)) {
	t.Helper()
	pipeRow(t, row, func(ctx context.Context, n *netTest) {
		master, slave, err := testkit.Terminal()
		if err != nil {
			n.Fatal(err)
		}
		defer slave.Close()
		defer master.Close()
		f(ctx, n, master, slave)
	})
}

// another is a file of its own for the same terminal.
func another(n *netTest, f *os.File) *os.File {
	n.Helper()
	conn, err := f.SyscallConn()
	n.check(err)
	var fd int
	n.check(conn.Control(func(orig uintptr) { fd, err = unix.FcntlInt(orig, unix.F_DUPFD_CLOEXEC, 0) }))
	n.check(err)
	dup := os.NewFile(uintptr(fd), f.Name())
	n.Cleanup(func() { dup.Close() })
	return dup
}

// TestTerminal: a terminal is two pipes, one for each way.
func TestTerminal(t *testing.T) {
	t.Parallel()
	terminalRow(t, "events.037.read-pty", func(ctx context.Context, n *netTest, master, slave *os.File) {
		r := n.readPipe(ctx, master)
		n.say(slave, "1")
		n.until(ctx, "a byte", func() bool { return string(r.data) == "1" })
		n.say(slave, "2345")
		n.until(ctx, "more", func() bool { return string(r.data) == "12345" })
		n.check(slave.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		n.check(r.transport.Close())
		n.passes(ctx)
		want(n, "history", r.history(), "made data eof lost")
		want(n, "reason", r.lostErr, nil)
	})
	terminalRow(t, "events.040.bidirectional-pty", func(ctx context.Context, n *netTest, master, slave *os.File) {
		n.check(testkit.MakeRaw(slave))
		dup := another(n, slave)
		r, w := n.readPipe(ctx, slave), n.writePipe(ctx, dup)
		n.say(master, "1")
		n.until(ctx, "a byte", func() bool { return string(r.data) == "1" })
		_, err := w.transport.Write([]byte("a"))
		n.check(err)
		want(n, "what came back", n.hear(master, 1), "a")
		n.say(master, "2345")
		n.until(ctx, "more", func() bool { return string(r.data) == "12345" })
		_, err = w.transport.Write([]byte("bcde"))
		n.check(err)
		want(n, "what came back", n.hear(master, 4), "bcde")
		n.check(r.transport.Close())
		n.until(ctx, "the reader's end", func() bool { return r.lost })
		_, err = w.transport.Write([]byte("f"))
		n.check(err)
		want(n, "what came back", n.hear(master, 1), "f")
		n.check(w.transport.Close())
		n.until(ctx, "the writer's end", func() bool { return w.lost })
		want(n, "histories", r.history()+", "+w.history(), "made data lost, made lost")
	})
	terminalRow(t, "echo", func(ctx context.Context, n *netTest, master, slave *os.File) {
		dup := another(n, master)
		r, w := n.readPipe(ctx, master), n.writePipe(ctx, dup)
		_, err := w.transport.Write([]byte("hello\n"))
		n.check(err)
		n.until(ctx, "the echo", func() bool { return string(r.data) == "hello\r\n" })
		want(n, "what the program reads", n.hear(slave, 6), "hello\n")
		n.check(slave.Close())
		n.until(ctx, "the hang-up", func() bool { return r.lost })
		want(n, "history", r.history(), "made data eof lost")
		n.endPipe(ctx, w)
	})
	terminalRow(t, "resize", func(ctx context.Context, n *netTest, master, slave *os.File) {
		dup := another(n, master)
		r := n.readPipe(ctx, master)
		n.check(testkit.Resize(dup, 11, 77))
		rows, columns, err := testkit.Size(slave)
		n.check(err)
		want(n, "rows", rows, 11)
		want(n, "columns", columns, 77)
		n.say(slave, "as before")
		n.until(ctx, "what is written after it", func() bool { return string(r.data) == "as before" })
		n.endPipe(ctx, r)
	})
	terminalRow(t, "hang-up of the user", func(ctx context.Context, n *netTest, master, slave *os.File) {
		n.check(testkit.MakeRaw(slave))
		dup := another(n, slave)
		r, w := n.readPipe(ctx, slave), n.writePipe(ctx, dup)
		n.check(master.Close())
		n.until(ctx, "the reader's end", func() bool { return r.lost })
		want(n, "history", r.history(), "made eof lost")
		want(n, "reason", r.lostErr, nil)
		want(n, "a writer that is not told", w.lost, false)
		_, err := w.transport.Write([]byte("anybody?"))
		wantError(n, err, syscall.EIO)
		n.until(ctx, "the writer's end", func() bool { return w.lost })
		wantError(n, w.lostErr, syscall.EIO)
	})
	terminalRow(t, "much", func(ctx context.Context, n *netTest, master, slave *os.File) {
		n.check(testkit.MakeRaw(slave))
		w, r := n.writePipe(ctx, slave), n.readPipe(ctx, master)
		much := pattern(1 << 18)
		_, err := w.transport.Write(much)
		n.check(err)
		n.until(ctx, "all of it", func() bool { return len(r.data) == len(much) })
		want(n, "what came is what was written", string(r.data) == string(much), true)
		n.endPipe(ctx, r)
		n.endPipe(ctx, w)
	})
}
