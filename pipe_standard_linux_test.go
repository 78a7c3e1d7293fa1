package asyncio_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestPipeStandardFiles: the three stay open whatever becomes of their transports, and a
// reader that goes ends no program.
func TestPipeStandardFiles(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Unpinned, func(t *testing.T) { inProgram(t, standardFilesProgram) })
}

var standardFilesProgram = program("standard-files", standardFiles)

// standardFiles has both ends of pipes in place of the program's own standard files.
func standardFiles() error {
	var c complaints
	var others []*os.File
	for number, reads := range []bool{true, false} {
		r, w, err := os.Pipe()
		c.must(err)
		mine, other := w, r
		if reads {
			mine, other = r, w
		}
		c.must(unix.SetNonblock(int(mine.Fd()), false))
		c.must(unix.Dup3(int(mine.Fd()), number, 0))
		c.must(mine.Close())
		others = append(others, other)
	}
	loop, err := programLoop()
	if err != nil {
		return err
	}
	c.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, x asyncio.ExceptionContext) {
		c.check(false, "reported: %s: %v", x.Message, x.Err)
	}))
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		standardFilesIn(ctx, loop, &c, others)
		return struct{}{}, nil
	})
	c.must(loop.RunUntilComplete(task))
	c.must(loop.Close())
	return c.err()
}

func standardFilesIn(ctx context.Context, loop asyncio.EventLoop, c *complaints, others []*os.File) {
	until := func(cond func() bool) {
		for !cond() {
			c.must(asyncio.Sleep(ctx, instant))
		}
	}
	in, out := &recorder{}, &recorder{}
	_, _, err := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return in }, os.Stdin)
	c.must(err)
	tr, _, err := loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return out }, os.Stdout)
	if err != nil {
		c.must(err)
		return
	}
	for _, r := range []*recorder{in, out} {
		c.check(pipeOf(r.transport) > 2, "a transport goes by number %d", pipeOf(r.transport))
	}
	_, err = others[0].WriteString("question")
	c.must(err)
	until(func() bool { return string(in.data) == "question" })
	_, err = tr.Write([]byte("answer"))
	c.must(err)
	answer := make([]byte, 6)
	_, err = others[1].Read(answer)
	c.check(string(answer) == "answer", "%q, %v came back", answer, err)

	c.must(others[0].Close())
	until(func() bool { return in.lost })
	c.must(others[1].Close())
	until(func() bool { return out.lost })
	for number, f := range []*os.File{os.Stdin, os.Stdout} {
		c.check(isOpen(f), "%s is closed", f.Name())
		flags, err := unix.FcntlInt(uintptr(number), unix.F_GETFL, 0)
		c.check(err == nil && flags&unix.O_NONBLOCK == 0, "%s does not block any more: %v", f.Name(), err)
	}
	// Nobody reads it: a write to number 1 by the runtime's own files would end the program.
	out = &recorder{}
	tr, _, err = loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return out }, os.Stdout)
	c.must(err)
	if !out.lost {
		_, err = tr.Write([]byte("nobody"))
		c.check(errors.Is(err, syscall.EPIPE) || out.transport.IsClosing(), "a write that nobody reads: %v", err)
	}
	until(func() bool { return out.lost })
	runtime.KeepAlive(others)
}
