package asyncio_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// pipesOf is a loop of a user's that connects pipes in its own way: wait is called before
// each.
type pipesOf struct {
	asyncio.EventLoop
	wait func(ctx context.Context, pipe string) error
}

func (l *pipesOf) ConnectReadPipe(ctx context.Context, factory func() asyncio.Protocol, pipe *os.File) (asyncio.Transport, asyncio.Protocol, error) {
	if err := l.wait(ctx, pipe.Name()); err != nil {
		return nil, nil, errors.Join(err, pipe.Close()).(interface{ Unwrap() []error }).Unwrap()[0]
	}
	return l.EventLoop.ConnectReadPipe(ctx, factory, pipe)
}

func (l *pipesOf) ConnectWritePipe(ctx context.Context, factory func() asyncio.Protocol, pipe *os.File) (asyncio.Transport, asyncio.Protocol, error) {
	if err := l.wait(ctx, pipe.Name()); err != nil {
		return nil, nil, errors.Join(err, pipe.Close()).(interface{ Unwrap() []error }).Unwrap()[0]
	}
	return l.EventLoop.ConnectWritePipe(ctx, factory, pipe)
}

// pipesRow is childRow on a loop that connects pipes in a way of its own.
func pipesRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, l *pipesOf)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, withOwnPipes, func(t *testing.T) {
			l := &pipesOf{}
			n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
				l.EventLoop = mustLoop(t, append(o, asyncio.WithSelf(l))...)
				return l, nil
			})
			n.run(func(ctx context.Context) { f(ctx, n, l) })
		})
	})
}

// theOnly is the one child of a loop.
func (n *netTest) theOnly() asyncio.SubprocessTransport {
	n.Helper()
	all := asyncio.Children(n.l)
	if len(all) != 1 {
		n.Fatalf("%d children", len(all))
	}
	return all[0]
}

// TestSubprocessConnects: what happens while the pipes of a child are connected.
func TestSubprocessConnects(t *testing.T) {
	pipesRow(t, "subprocess.027.events-before-connected", func(ctx context.Context, n *netTest, l *pipesOf) {
		l.wait = func(ctx context.Context, pipe string) error {
			for pipe == "stderr" {
				if c := n.theOnly(); !strings.Contains(c.(interface{ String() string }).String(), "stdout=<ReadPipeTransport closed") {
					n.check(asyncio.Sleep(ctx, time.Millisecond))
				} else if _, known := c.GetReturnCode(); !known {
					n.check(asyncio.Sleep(ctx, time.Millisecond))
				} else {
					break
				}
			}
			return nil
		}
		r := n.start(ctx, childOf(), "out:early", "exit:3")
		n.over(ctx, r)
		want(n, "first event", r.events[0], "made")
		want(n, "output", string(r.data[1]), "early")
		want(n, "return code", n.code(r), 3)
		at := map[string]int{}
		for i, e := range r.events {
			at[e] = i
		}
		if at["data 1"] > at["pipe 1 lost"] || at["exited"] > at["lost"] {
			n.Errorf("in another order: %q", r.events)
		}
	})

	for row, pipes := range map[string]string{
		"subprocess.709.connect-read-pipe-cancelled":  "stdout stderr",
		"subprocess.710.connect-write-pipe-cancelled": "stdin",
	} {
		pipesRow(t, row, func(ctx context.Context, n *netTest, l *pipesOf) {
			for pipe := range strings.FieldsSeq(pipes) {
				l.wait = func(_ context.Context, which string) error {
					if which == pipe {
						return asyncio.ErrCancelled
					}
					return nil
				}
				r := &childRecorder{}
				wantError(n, n.startFor(ctx, r, childOf(), "sleep"), asyncio.ErrCancelled)
				n.until(ctx, "the end", func() bool { return len(asyncio.Children(n.l)) == 0 })
				want(n, "events", len(r.events), 0)

				l.wait = func(ctx context.Context, which string) error {
					if which == pipe {
						return asyncio.Sleep(ctx, forever)
					}
					return nil
				}
				task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
					return struct{}{}, n.startFor(ctx, r, childOf(), "sleep")
				})
				n.until(ctx, "the child", func() bool { return len(asyncio.Children(n.l)) == 1 })
				child := n.theOnly()
				n.passes(ctx)
				task.Cancel()
				_, err := task.Await(ctx)
				wantError(n, err, asyncio.ErrCancelled)
				want(n, "reaped", asyncio.Reaped(child), true)
				n.until(ctx, "the end", func() bool { return len(asyncio.Children(n.l)) == 0 })
			}
		})
	}

	pipesRow(t, "subprocess.711.exit-before-pipes", func(ctx context.Context, n *netTest, l *pipesOf) {
		l.wait = func(ctx context.Context, _ string) error {
			for {
				if _, known := n.theOnly().GetReturnCode(); known {
					return nil
				}
				n.check(asyncio.Sleep(ctx, time.Millisecond))
			}
		}
		r := n.start(ctx, childOf(), "out:x", "exit:5")
		n.over(ctx, r)
		exits := 0
		for _, e := range r.events {
			if e == "exited" {
				exits++
			}
		}
		want(n, "exits", exits, 1)
		want(n, "return code", n.code(r), 5)
		want(n, "output", string(r.data[1]), "x")
	})
}

// TestSubprocessEnds: how a child ends that nobody wants any more.
func TestSubprocessEnds(t *testing.T) {
	childRow(t, "subprocess.018.cancel-create", func(ctx context.Context, n *netTest) {
		r := &childRecorder{}
		task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, n.startFor(ctx, r, childOf(), "sleep")
		})
		n.check(asyncio.Sleep(ctx, 0)) // it is being started
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(n, err, asyncio.ErrCancelled)
		for _, child := range asyncio.Children(n.l) {
			want(n, "reaped", asyncio.Reaped(child), true)
		}
		if len(r.events) > 0 {
			n.over(ctx, r) // it had heard of it
		}
		n.until(ctx, "the end", func() bool { return len(asyncio.Children(n.l)) == 0 })
	})

	plainChildRow(t, "subprocess.020.close-spares-finished", func(ctx context.Context, n *netTest) {
		kills := 0
		asyncio.SetKill(n.l, func(os.Signal) error { kills++; return nil })
		r := n.start(ctx, childOf(noPipes), "exit:0")
		for !asyncio.Reaped(r.transport) { // the loop does not hear of it meanwhile
			time.Sleep(time.Millisecond)
		}
		_, known := r.transport.GetReturnCode()
		want(n, "known", known, false)
		n.check(r.transport.Close())
		n.over(ctx, r)
		want(n, "return code", n.code(r), 0)
		want(n, "kills", kills, 0)
	})

	plainChildRow(t, "subprocess.707.close-not-permitted", func(ctx context.Context, n *netTest) {
		asyncio.SetKill(n.l, func(os.Signal) error { return syscall.EPERM })
		r := n.start(ctx, childOf(noPipes), "sleep")
		wantError(n, r.transport.Kill(), syscall.EPERM)
		n.check(r.transport.Close())
		n.passes(ctx)
		want(n, "exited", r.exited, false)
		other, err := os.FindProcess(r.transport.GetPID())
		n.check(err)
		n.check(other.Kill())
		n.check(other.Release())
		n.over(ctx, r)
	})

	t.Run("subprocess.708.close-after-loop", func(t *testing.T) {
		t.Parallel()
		overLoops(t, withPipes, func(t *testing.T) {
			n := newNetTest(t)
			var r *childRecorder
			n.run(func(ctx context.Context) { r = n.start(ctx, childOf(), "sleep") })
			n.check(n.l.Close())
			n.check(r.transport.Close())
			wantError(n, r.transport.Kill(), os.ErrProcessDone)
			want(n, "return code", n.code(r), killed())
			if text := n.log.String(); !strings.Contains(text, "unclosed <SubprocessTransport") {
				n.Errorf("logged: %s", text)
			}
			want(n, "events", strings.Join(r.events, " "), "made")
		})
	})
}

// TestSubprocessElsewhere: a loop that another goroutine runs can start children.
func TestSubprocessElsewhere(t *testing.T) {
	t.Run("unix.709.subprocess-other-thread", func(t *testing.T) {
		t.Parallel()
		overLoops(t, withPipes, func(t *testing.T) {
			n := newNetTest(t)
			elsewhere(func() {
				n.run(func(ctx context.Context) {
					r := n.start(ctx, childOf(), "out:some data", "exit:7")
					n.over(ctx, r)
					want(n, "output", string(r.data[1]), "some data")
					want(n, "return code", n.code(r), 7)
				})
			})
		})
	})
}

// TestSubprocessFails: a protocol's call that does not return is reported, and everything
// ends as it should.
func TestSubprocessFails(t *testing.T) {
	for how, fail := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": goexit} {
		for event, ends := range map[string]int{"made": killed(), "data 1": 0, "pipe 1 lost": 0, "exited": 0, "lost": 0} {
			t.Run(how+" in "+event, func(t *testing.T) {
				t.Parallel()
				overLoops(t, withPipes, func(t *testing.T) {
					n := newNetTest(t)
					n.expectErrors = true
					r := &childRecorder{on: func(e string) {
						if e == event {
							fail()
						}
					}}
					n.run(func(ctx context.Context) {
						n.check(n.startFor(ctx, r, childOf(), "out:x", "stay"))
						if event != "made" {
							n.until(ctx, "output", func() bool { return len(r.data[1]) > 0 })
							n.check(r.transport.GetPipeTransport(0).Close())
						}
						n.over(ctx, r)
						want(n, "return code", n.code(r), ends)
						n.until(ctx, "the end", func() bool { return len(asyncio.Children(n.l)) == 0 })
					})
					want(n, "reports", len(n.reported), 1)
					if event == "data 1" && r.lostErr[1] == nil {
						n.Error("the pipe is lost for no reason")
					}
				})
			})
		}
	}
}

// TestSubprocessRefused: who may not call what.
func TestSubprocessRefused(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		n := newNetTest(t)
		n.run(func(ctx context.Context) {
			r := n.start(ctx, childOf(noPipes), "sleep")
			elsewhere(func() {
				wantError(n, r.transport.Kill(), asyncio.ErrWrongGoroutine)
				wantError(n, r.transport.Close(), asyncio.ErrWrongGoroutine)
				wantError(n, r.transport.SetProtocol(r), asyncio.ErrWrongGoroutine)
			})
			wantError(n, r.transport.SendSignal(nil), asyncio.ErrInvalidArgument)
			wantError(n, r.transport.SetProtocol(nil), asyncio.ErrInvalidArgument)
			n.check(r.transport.Kill())
			n.over(ctx, r)
			wantError(n, r.transport.Kill(), os.ErrProcessDone)
			if r.transport.GetExtraInfo("waitstatus") == nil || r.transport.GetExtraInfo("rusage") == nil || r.transport.GetExtraInfo("x") != nil {
				n.Error("extra info is missing")
			}
		})
		n.check(n.l.Close())
		_, _, err := n.l.SubprocessExec(context.Background(), func() asyncio.SubprocessProtocol { return &childRecorder{} }, nil, "x")
		wantError(n, err, asyncio.ErrLoopClosed)
	})
}
