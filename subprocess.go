package asyncio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/child"
)

// subprocessTransport is a child with its pipes.
//
//	started ──> connected ──> exited, and all pipes lost ──> over
//	   │            │
//	   └── failed ──┴── Close: killed, and then as above
//
// What happens before the protocol has met it waits in pending. Nothing of it is over
// before the child is reaped; only what the loop's close finds is not waited for by anybody
// else.
type subprocessTransport struct {
	listed   openSubprocess // among the loop's
	loop     *baseLoop
	made     SubprocessProtocol // by the factory
	protocol SubprocessProtocol // nil when all is over
	program  string
	proc     *child.Process
	pipes    [3]*subprocessPipe           // by the child's descriptors; nil for what is no pipe
	how      atomic.Pointer[child.Status] // it has ended; nil while it runs
	gone     *Future[struct{}]            // done when the child has ended; the result is nobody's news

	pending []func() // what the protocol is to hear when it has met the transport
	met     bool     // it has, and heard it: what happens is told at once
	closed  bool
	refused bool // the system has refused to kill the child
	failed  bool // the call that made it has: the protocol has not met it, and will not
	ending  bool // the last step is scheduled
}

// steps of a subprocess's life that are steps of the loop's of their own.
const (
	subprocessMeets uint64 = iota
	subprocessEnds
)

// Complete implements engine.Completer.
func (t *subprocessTransport) Complete(step uint64) {
	switch step {
	case subprocessMeets:
		t.meet()
	case subprocessEnds:
		t.finish()
	}
}

// callbackName names the transport in reports.
func (t *subprocessTransport) callbackName() string { return t.String() }

// meet has the protocol meet the transport, and tells it what has happened meanwhile. If a
// call leaves by Goexit the rest is for another step.
func (t *subprocessTransport) meet() {
	over := false
	defer func() {
		if !over {
			t.loop.schedule(t, subprocessMeets)
		}
	}()
	for len(t.pending) > 0 {
		next := t.pending[0]
		t.pending = t.pending[1:]
		next()
	}
	t.pending, t.met, over = nil, true, true
}

// happens tells the protocol of something, at once or when it has met the transport.
func (t *subprocessTransport) happens(tell func()) {
	if t.met {
		tell()
	} else if !t.failed {
		t.pending = append(t.pending, tell)
	}
}

// tell calls the protocol, and reports a call that does not return, after otherwise, if
// that is not nil, has put things in order.
func (t *subprocessTransport) tell(call string, f func(SubprocessProtocol), otherwise func(error)) {
	p := t.protocol
	if p == nil {
		return
	}
	err := ErrGoexit
	defer func() {
		if err == nil || isFatal(err) {
			return
		}
		if otherwise != nil {
			otherwise(err)
		}
		t.loop.reportExit(err, ExceptionContext{
			Message: "Fatal error: protocol." + call + "() call failed.", Transport: t, Protocol: p,
		})
	}()
	err = t.loop.callUser(func() { f(p) })
}

// exited is called when the child has ended and was reaped.
func (t *subprocessTransport) exited(how child.Status) {
	t.how.Store(&how)
	t.proc.Release()
	_ = t.gone.SetResult(struct{}{}) // nobody else settles it
	t.settle()
	if how.Stolen {
		t.loop.logger().Warn(fmt.Sprintf("Unknown child process pid %d, will report returncode %d: somebody else has waited for it", t.GetPID(), how.Code))
	}
	t.debugf("exited with return code %d", how.Code)
	t.happens(t.tellExited)
}

// tellExited tells the protocol that the child has ended.
func (t *subprocessTransport) tellExited() {
	t.tell("ProcessExited", func(p SubprocessProtocol) { p.ProcessExited() }, nil)
}

// settle schedules the end if the child has ended and all pipes are lost.
func (t *subprocessTransport) settle() {
	if t.how.Load() == nil || t.ending {
		return
	}
	for _, p := range t.pipes {
		if p != nil && !p.lost {
			return
		}
	}
	t.ending = true
	if t.met || t.failed {
		t.loop.schedule(t, subprocessEnds)
	} else {
		t.pending = append(t.pending, func() { t.loop.schedule(t, subprocessEnds) })
	}
}

// finish is the end of all.
func (t *subprocessTransport) finish() {
	defer t.release()
	if !t.failed {
		t.tell("ConnectionLost", func(p SubprocessProtocol) { p.ConnectionLost(nil) }, nil)
	}
}

// release lets go of everything.
func (t *subprocessTransport) release() {
	t.protocol, t.pending = nil, nil
	t.closed = true
	t.loop.subprocesses.open.Remove(&t.listed.place)
}

// close ends the pipes and kills the child.
func (t *subprocessTransport) close() {
	if t.closed {
		return
	}
	t.closed = true
	running := t.kill()
	for _, p := range t.pipes {
		if p != nil {
			p.close(running)
		}
	}
}

// kill kills the child if it has not ended, and reports whether that was so. That the loop
// has not heard of its end does not matter. A refusal is nothing that anybody could do
// something about: it runs as another user.
func (t *subprocessTransport) kill() (running bool) {
	if _, ended := t.proc.Reap(); ended {
		return false
	}
	err := t.proc.Signal(os.Kill)
	t.refused = err != nil && !errors.Is(err, os.ErrProcessDone)
	if t.loop.GetDebug() {
		t.loop.logger().Warn(fmt.Sprintf("Close running child process: kill %v", t))
	}
	return true
}

// abandon ends a child that nobody will have. Its protocol hears of it if they have met.
func (t *subprocessTransport) abandon() {
	t.failed = !t.met
	if t.failed {
		t.pending = nil
	}
	t.close()
	t.settle()
}

// waitGone waits for the end of a child that was killed, whoever is cancelled. One that may
// not be killed is not waited for.
func (t *subprocessTransport) waitGone(ctx context.Context) {
	if !t.refused {
		_, _ = t.gone.Await(context.WithoutCancel(ctx)) // ends with it, or with the loop
	}
}

// GetPID implements SubprocessTransport.
func (t *subprocessTransport) GetPID() int { return t.proc.PID() }

// GetReturnCode implements SubprocessTransport.
func (t *subprocessTransport) GetReturnCode() (code int, known bool) {
	if how := t.how.Load(); how != nil {
		return how.Code, true
	}
	return 0, false
}

// GetPipeTransport implements SubprocessTransport.
func (t *subprocessTransport) GetPipeTransport(fd int) Transport {
	if fd < 0 || fd >= len(t.pipes) || t.pipes[fd] == nil {
		return nil
	}
	return t.pipes[fd].transport
}

// SendSignal implements SubprocessTransport.
func (t *subprocessTransport) SendSignal(sig os.Signal) error { return t.signal("SendSignal", sig) }

// Terminate implements SubprocessTransport.
func (t *subprocessTransport) Terminate() error { return t.signal("Terminate", syscall.SIGTERM) }

// Kill implements SubprocessTransport.
func (t *subprocessTransport) Kill() error { return t.signal("Kill", os.Kill) }

// signal sends a signal for one of the three.
func (t *subprocessTransport) signal(op string, sig os.Signal) error {
	if sig == nil {
		return invalid(op, "the signal is nil")
	}
	return t.control(op, func() error {
		if err := t.proc.Signal(sig); err != nil {
			return opError(op, fmt.Errorf("process %d: %w", t.GetPID(), err))
		}
		return nil
	})
}

// control runs f as the loop's owner.
func (t *subprocessTransport) control(op string, f func() error) error {
	hold, err := t.loop.acquireClosed(op)
	if err != nil {
		return err
	}
	defer hold.Leave()
	return f()
}

// Close implements SubprocessTransport.
func (t *subprocessTransport) Close() error {
	return t.control("SubprocessTransport.Close", func() error {
		t.close()
		return nil
	})
}

// IsClosing implements SubprocessTransport.
func (t *subprocessTransport) IsClosing() bool { return t.closed }

// SetProtocol implements SubprocessTransport.
func (t *subprocessTransport) SetProtocol(p SubprocessProtocol) error {
	if p == nil {
		return invalid("SetProtocol", "the protocol is nil")
	}
	return t.control("SetProtocol", func() error {
		if t.protocol != nil {
			t.protocol = p
		}
		return nil
	})
}

// GetProtocol implements SubprocessTransport.
func (t *subprocessTransport) GetProtocol() SubprocessProtocol { return t.protocol }

// GetExtraInfo implements SubprocessTransport.
func (t *subprocessTransport) GetExtraInfo(name string) any {
	how := t.how.Load()
	if how == nil {
		return nil
	}
	switch name {
	case "waitstatus":
		return how.Wait
	case "rusage":
		if how.Usage != nil {
			return how.Usage
		}
	}
	return nil
}

// debugf tells those who debug what has happened.
func (t *subprocessTransport) debugf(format string, args ...any) {
	if t.loop.GetDebug() {
		t.loop.logger().Info(fmt.Sprintf("%v ", t) + fmt.Sprintf(format, args...))
	}
}

// String describes the child by its state.
func (t *subprocessTransport) String() string {
	var b strings.Builder
	b.WriteString("<SubprocessTransport")
	if t.closed {
		b.WriteString(" closed")
	}
	if t.proc == nil {
		return b.String() + " not started>"
	}
	fmt.Fprintf(&b, " pid=%d", t.GetPID())
	if code, known := t.GetReturnCode(); known {
		fmt.Fprintf(&b, " returncode=%d", code)
	} else {
		b.WriteString(" running")
	}
	for i, p := range t.pipes {
		if p != nil && p.transport != nil {
			fmt.Fprintf(&b, " %s=%v", standardName(i), p.transport)
		}
	}
	return b.String() + ">"
}
