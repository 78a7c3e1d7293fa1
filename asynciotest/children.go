package asynciotest

import (
	"context"
	"errors"
	"strings"

	"github.com/go-asyncio/asyncio"
)

// childCases are the behaviours of subprocesses. Their programs are commands that the shells
// of all systems have.
var childCases = []behaviour{
	{"subprocess-exit-code", func(e *env) {
		e.child("exit 7", withoutPipes, func(ctx context.Context, c *childNotes) {
			c.lost.wait(ctx)
			want(e, "calls", strings.Join(c.calls, " "), "made exited lost")
			code, known := c.transport.GetReturnCode()
			want(e, "return code", code, 7)
			want(e, "known", known, true)
		})
	}},
	{"subprocess-output", func(e *env) {
		e.child("echo Python", nil, func(ctx context.Context, c *childNotes) {
			c.lost.wait(ctx)
			want(e, "output", strings.TrimSpace(c.output), "Python")
			want(e, "first call", c.calls[0], "made")
			want(e, "last call", c.calls[len(c.calls)-1], "lost")
		})
	}},
	{"subprocess-close-kills", func(e *env) {
		e.child(waitForInput, nil, func(ctx context.Context, c *childNotes) {
			_, known := c.transport.GetReturnCode()
			want(e, "ended", known, false)
			e.must(c.transport.Close())
			e.must(c.transport.Close())
			c.lost.wait(ctx)
			code, _ := c.transport.GetReturnCode()
			want(e, "return code", code, killedCode)
		})
	}},
	{"subprocess-cancelled", func(e *env) {
		l := e.loop()
		c := &childNotes{}
		e.run(l, func(ctx context.Context) error {
			task := asyncio.CreateTask(l, func(ctx context.Context) (int, error) {
				_, _, err := l.SubprocessShell(ctx, func() asyncio.SubprocessProtocol { return c }, withoutPipes, waitForInput)
				return 0, err
			})
			e.must(asyncio.Sleep(ctx, 0))
			task.Cancel()
			_, err := task.Await(ctx)
			e.can(l, err)
			e.wantIs(err, asyncio.ErrCancelled)
			return nil
		})
	}},
	{"subprocess-refused", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			_, _, err := l.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return &childNotes{} }, nil, "")
			e.can(l, err)
			e.wantIs(err, asyncio.ErrInvalidArgument)
			_, _, err = l.SubprocessExec(ctx, nil, nil, "program")
			e.wantIs(err, asyncio.ErrInvalidArgument)
			return nil
		})
	}},
}

// withoutPipes has a child have no pipe.
var withoutPipes = &asyncio.SubprocessOptions{Stdin: asyncio.SubprocessDevNull, Stdout: asyncio.SubprocessDevNull, Stderr: asyncio.SubprocessDevNull}

// childNotes is a subprocess protocol that writes down what happens to it.
type childNotes struct {
	asyncio.BaseSubprocessProtocol
	transport asyncio.SubprocessTransport
	calls     []string
	output    string
	lost      latch
}

// ConnectionMade notes the transport.
func (c *childNotes) ConnectionMade(t asyncio.SubprocessTransport) {
	c.transport = t
	c.calls = append(c.calls, "made")
}

// PipeDataReceived collects the output.
func (c *childNotes) PipeDataReceived(fd int, data []byte) {
	if fd == 1 {
		c.output += string(data)
	}
}

// ProcessExited notes the end.
func (c *childNotes) ProcessExited() { c.calls = append(c.calls, "exited") }

// ConnectionLost notes the end of all.
func (c *childNotes) ConnectionLost(error) {
	c.calls = append(c.calls, "lost")
	c.lost.open()
}

// child runs a command of the shell's. A loop that has no pipes is not asked for one.
func (e *env) child(command string, opts *asyncio.SubprocessOptions, f func(ctx context.Context, c *childNotes)) {
	e.Helper()
	l := e.loop()
	e.guard(l)
	c := &childNotes{}
	e.run(l, func(ctx context.Context) error {
		_, _, err := l.SubprocessShell(ctx, func() asyncio.SubprocessProtocol { return c }, opts, command)
		if opts == nil && errors.Is(err, errors.ErrUnsupported) {
			e.lacking = err
			return nil
		}
		e.can(l, err)
		e.must(err)
		f(ctx, c)
		return nil
	})
	if e.lacking != nil {
		e.Skip("this loop gives children no pipes:", e.lacking)
	}
}
