package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
)

// childProgram is the program that tests start as a child: this one.
var childProgram = program("child", func() error { return childprogram.Run(os.Args[1:]) })

// childOf are the options of a child, made what a test wants.
func childOf(change ...func(*asyncio.SubprocessOptions)) *asyncio.SubprocessOptions {
	o := &asyncio.SubprocessOptions{Env: append(os.Environ(), programVariable+"="+childProgram, "GORACE=atexit_sleep_ms=0")}
	for _, f := range change {
		f(o)
	}
	return o
}

// noPipes has a child inherit nothing and be given no pipe.
func noPipes(o *asyncio.SubprocessOptions) {
	o.Stdin, o.Stdout, o.Stderr = asyncio.SubprocessDevNull, asyncio.SubprocessDevNull, asyncio.SubprocessDevNull
}

// childRecorder is a subprocess protocol that writes down what happens to it.
type childRecorder struct {
	transport asyncio.SubprocessTransport
	events    []string
	data      [3][]byte
	lostPipes [3]bool
	lostErr   [3]error
	exited    bool
	lost      bool

	on func(event string)
}

func (r *childRecorder) note(format string, args ...any) {
	event := fmt.Sprintf(format, args...)
	r.events = append(r.events, event)
	if r.on != nil {
		r.on(event)
	}
}

func (r *childRecorder) ConnectionMade(t asyncio.SubprocessTransport) {
	r.transport = t
	r.note("made")
}

func (r *childRecorder) PipeDataReceived(fd int, data []byte) {
	r.data[fd] = append(r.data[fd], data...)
	r.note("data %d", fd)
}

func (r *childRecorder) PipeConnectionLost(fd int, err error) {
	r.lostPipes[fd], r.lostErr[fd] = true, err
	r.note("pipe %d lost", fd)
}

func (r *childRecorder) ProcessExited() {
	r.exited = true
	r.note("exited")
}

func (r *childRecorder) ConnectionLost(error) {
	r.lost = true
	r.note("lost")
}

// childRow is netRow for children that have pipes: on every loop that has them.
func childRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, withPipes, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) { f(ctx, n) })
		})
	})
}

// plainChildRow is childRow for children without pipes: on every loop.
func plainChildRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Unpinned, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) { f(ctx, n) })
		})
	})
}

// start starts a child that does these steps.
func (n *netTest) start(ctx context.Context, o *asyncio.SubprocessOptions, steps ...string) *childRecorder {
	n.Helper()
	r := &childRecorder{}
	if err := n.startFor(ctx, r, o, steps...); err != nil {
		n.Fatal(err)
	}
	return r
}

func (n *netTest) startFor(ctx context.Context, r *childRecorder, o *asyncio.SubprocessOptions, steps ...string) error {
	line := again.Line(steps...)
	_, p, err := n.l.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return r }, o, line[0], line[1:]...)
	if err == nil && p != asyncio.SubprocessProtocol(r) {
		err = errors.New("the protocol is another")
	}
	return err
}

// over waits until all of a child is over.
func (n *netTest) over(ctx context.Context, r *childRecorder) {
	n.Helper()
	n.until(ctx, "the end of the child: "+strings.Join(r.events, ", "), func() bool { return r.lost })
}

// code is what a child has exited with.
func (n *netTest) code(r *childRecorder) int {
	n.Helper()
	code, known := r.transport.GetReturnCode()
	if !known {
		n.Error("the return code is not known")
	}
	return code
}
