package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
)

// killed is the return code of a child that was killed, terminated that of one which was
// asked to end.
func killed() int     { return codeOfSignal(syscall.SIGKILL) }
func terminated() int { return codeOfSignal(syscall.SIGTERM) }

func TestSubprocess(t *testing.T) {
	childRow(t, "events.046.subprocess-exec", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "cat")
		want(n, "first event", r.events[0], "made")
		stdin := r.transport.GetPipeTransport(0)
		_, err := stdin.Write([]byte("Python The Winner"))
		n.check(err)
		n.until(ctx, "the echo", func() bool { return string(r.data[1]) == "Python The Winner" })
		n.check(r.transport.Close())
		n.over(ctx, r)
		want(n, "return code", n.code(r), killed())
		want(n, "exited", r.exited, true)
	})

	childRow(t, "events.047.subprocess-interactive", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "cat")
		stdin := r.transport.GetPipeTransport(0)
		for i, text := range []string{"Python ", "The Winner"} {
			_, err := stdin.Write([]byte(text))
			n.check(err)
			n.until(ctx, "an echo", func() bool { return string(r.data[1]) == []string{"Python ", "Python The Winner"}[i] })
			want(n, "exited", r.exited, false)
		}
		n.check(r.transport.Close())
		n.over(ctx, r)
	})

	childRow(t, "events.048.subprocess-shell", func(ctx context.Context, n *netTest) {
		r := &childRecorder{}
		_, _, err := n.l.SubprocessShell(ctx, func() asyncio.SubprocessProtocol { return r }, nil, "echo Python")
		n.check(err)
		n.check(r.transport.GetPipeTransport(0).Close())
		n.over(ctx, r)
		want(n, "return code", n.code(r), 0)
		want(n, "lost", r.lostPipes, [3]bool{true, true, true})
		want(n, "last event", r.events[len(r.events)-1], "lost")
		want(n, "output", strings.TrimRight(string(r.data[1]), "\r\n"), "Python")
		want(n, "errors", string(r.data[2]), "")
	})

	plainChildRow(t, "events.049.subprocess-exit-code", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "exit:7")
		n.over(ctx, r)
		want(n, "return code", n.code(r), 7)
	})

	plainChildRow(t, "events.050.subprocess-close-after-finish", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "exit:7")
		for fd := range 3 {
			want(n, "pipe", r.transport.GetPipeTransport(fd), nil)
		}
		n.over(ctx, r)
		n.check(r.transport.Close())
		n.check(r.transport.Close())
		want(n, "return code", n.code(r), 7)
	})

	plainChildRow(t, "events.051.subprocess-kill", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "sleep")
		n.check(r.transport.Kill())
		n.over(ctx, r)
		want(n, "return code", n.code(r), killed())
	})

	plainChildRow(t, "events.052.subprocess-terminate", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "sleep")
		n.check(r.transport.Terminate())
		n.over(ctx, r)
		want(n, "return code", n.code(r), terminated())
	})

	childRow(t, "events.053.subprocess-stderr", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "out:OUT:test", "err:ERR:test")
		n.over(ctx, r)
		want(n, "output", string(r.data[1]), "OUT:test")
		want(n, "errors", string(r.data[2]), "ERR:test")
		want(n, "return code", n.code(r), 0)
	})

	childRow(t, "events.054.subprocess-stderr-to-stdout", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(func(o *asyncio.SubprocessOptions) { o.Stderr = asyncio.SubprocessStdout }),
			"out:OUT:test ", "err:ERR:test")
		want(n, "pipe of errors", r.transport.GetPipeTransport(2), nil)
		n.over(ctx, r)
		want(n, "output", string(r.data[1]), "OUT:test ERR:test")
	})

	childRow(t, "events.055.subprocess-close-stdout", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "lines")
		stdin := r.transport.GetPipeTransport(0)
		say := func() {
			_, err := stdin.Write([]byte("test\n"))
			n.check(err)
		}
		say()
		n.until(ctx, "the answer", func() bool { return string(r.data[1]) == "test\n" })
		n.check(r.transport.GetPipeTransport(1).Close())
		n.until(ctx, "the loss of the pipe", func() bool { return r.lostPipes[1] })
		n.until(ctx, "the child's complaint", func() bool {
			say() // again and again: a child of another test has the pipe, too, until it is a program
			return strings.HasPrefix(string(r.data[2]), "broken")
		})
		want(n, "exited", r.exited, false)
		n.check(r.transport.Close())
		n.over(ctx, r)
		want(n, "return code", n.code(r), killed())
	})

	plainChildRow(t, "events.056.subprocess-new-session", func(ctx context.Context, n *netTest) {
		r := &childRecorder{}
		err := n.startFor(ctx, r, childOf(noPipes, func(o *asyncio.SubprocessOptions) { o.NewSession = true }), "exit:7")
		if !haveSessions {
			wantError(n, err, errors.ErrUnsupported)
			return
		}
		n.check(err)
		n.over(ctx, r)
		want(n, "return code", n.code(r), 7)
	})
}

// TestSubprocessLife: how a transport begins and ends.
func TestSubprocessLife(t *testing.T) {
	plainChildRow(t, "subprocess.001.proc-exited", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "exit:6")
		n.over(ctx, r)
		want(n, "history", strings.Join(r.events, " "), "made exited lost")
		want(n, "return code", n.code(r), 6)
		want(n, "protocol", r.transport.GetProtocol(), nil)
		want(n, "closing", r.transport.IsClosing(), true)
	})

	plainChildRow(t, "subprocess.002.transport-string", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(noPipes), "sleep")
		text := func(what string) {
			n.Helper()
			if s := r.transport.(interface{ String() string }).String(); !strings.Contains(s, what) {
				n.Errorf("%s lacks %q", s, what)
			}
		}
		text(" running")
		text(" pid=")
		n.check(r.transport.Kill())
		n.over(ctx, r)
		text(" closed")
		text(" returncode=")
	})

	childRow(t, "subprocess.028.lost-after-pipes-and-exit", func(ctx context.Context, n *netTest) {
		// What it has left behind keeps the pipe of its errors.
		r := n.start(ctx, childOf(), "leave:close:1 stay", "exit:3")
		n.until(ctx, "the end of the child", func() bool { return r.exited })
		n.passes(ctx)
		want(n, "lost", r.lost, false)
		n.check(r.transport.GetPipeTransport(0).Close()) // the one left behind ends
		n.over(ctx, r)
		want(n, "lost", r.lostPipes, [3]bool{true, true, true})
	})

	childRow(t, "subprocess.029.close-closes-pipes", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "sleep")
		n.check(r.transport.Close())
		n.check(r.transport.Close())
		want(n, "closing", r.transport.IsClosing(), true)
		for fd := range 3 {
			want(n, "pipe closing", r.transport.GetPipeTransport(fd).IsClosing(), true)
		}
		n.over(ctx, r)
	})

	childRow(t, "subprocess.705.protocol-events", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(func(o *asyncio.SubprocessOptions) { o.Stdin = asyncio.SubprocessDevNull }), "out:stdout", "err:stderr")
		n.over(ctx, r)
		at := func(event string) int {
			for i, e := range r.events {
				if e == event {
					return i
				}
			}
			n.Errorf("there was no %q among %q", event, r.events)
			return -1
		}
		for _, fd := range []string{"1", "2"} {
			if at("data "+fd) > at("pipe "+fd+" lost") {
				n.Errorf("data after the end: %q", r.events)
			}
		}
		at("exited")
		want(n, "output", string(bytes.Join(r.data[:], nil)), "stdoutstderr")
	})
}

// TestSubprocessArguments: each wrong argument is told, and a program that cannot be
// started is the system's error.
func TestSubprocessArguments(t *testing.T) {
	plainChildRow(t, "base.021.subprocess-exec-arg-errors", func(ctx context.Context, n *netTest) {
		made := false
		factory := func() asyncio.SubprocessProtocol { made = true; return &childRecorder{} }
		file, err := os.Open(os.DevNull)
		n.check(err)
		n.check(file.Close())
		for what, call := range map[string]func() error{
			"is not named": func() error { _, _, err := n.l.SubprocessExec(ctx, factory, nil, ""); return err },
			"args[1]":      func() error { _, _, err := n.l.SubprocessExec(ctx, factory, nil, "x", "a", "b\x00"); return err },
			"the name":     func() error { _, _, err := n.l.SubprocessExec(ctx, factory, nil, "x\x00"); return err },
			"the command":  func() error { _, _, err := n.l.SubprocessShell(ctx, factory, nil, "x\x00"); return err },
			"factory":      func() error { _, _, err := n.l.SubprocessExec(ctx, nil, nil, "x"); return err },
			"stdin cannot be": func() error {
				_, _, err := n.l.SubprocessExec(ctx, factory, &asyncio.SubprocessOptions{Stdin: asyncio.SubprocessStdout}, "x")
				return err
			},
			"file of stdout": func() error {
				_, _, err := n.l.SubprocessExec(ctx, factory, &asyncio.SubprocessOptions{Stdout: asyncio.SubprocessFile(nil)}, "x")
				return err
			},
			"variable": func() error {
				_, _, err := n.l.SubprocessExec(ctx, factory, &asyncio.SubprocessOptions{Env: []string{"A=\x00"}}, "x")
				return err
			},
		} {
			err := call()
			wantError(n, err, asyncio.ErrInvalidArgument)
			if err != nil && !strings.Contains(err.Error(), what) {
				n.Errorf("%v does not name %q", err, what)
			}
		}
		want(n, "protocol made", made, false)
		closed := childOf(func(o *asyncio.SubprocessOptions) { o.Stdout = asyncio.SubprocessFile(file) })
		wantError(n, n.startFor(ctx, &childRecorder{}, closed), asyncio.ErrInvalidArgument)
	})

	plainChildRow(t, "subprocess.021.start-error", func(ctx context.Context, n *netTest) {
		dir := folder.New(n)
		plain := dir + "/plain"
		n.check(os.WriteFile(plain, nil, 0o600))
		for _, c := range []struct {
			program string
			want    error
		}{{dir + "/none", fs.ErrNotExist}, {"no-such-program-anywhere", fs.ErrNotExist}, {plain, errNotExecutable}} {
			_, _, err := n.l.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return &childRecorder{} }, childOf(noPipes), c.program)
			wantError(n, err, c.want)
		}
		err := n.startFor(ctx, &childRecorder{}, childOf(noPipes, func(o *asyncio.SubprocessOptions) { o.Dir = dir + "/none" }))
		wantError(n, err, fs.ErrNotExist)
		if testkit.UnderWine() {
			return // it takes arguments of any length
		}
		long := strings.Repeat("x", 1<<17)
		_, _, err = n.l.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return &childRecorder{} }, childOf(noPipes), os.Args[0], strings.Split(strings.Repeat(long+" ", 64), " ")...)
		wantError(n, err, errTooLong)
	})
}
