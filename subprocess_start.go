package asyncio

import (
	"context"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/child"
)

// subprocessStart is the start of a program on a goroutine of its own: the system takes
// some tenths of a millisecond for it, and over a network much longer. The coroutine that
// has asked for it waits, and is not cancelled meanwhile; if it is unwound it waits in
// another way, so that what has come of it has an owner, and its files stay open.
type subprocessStart struct {
	done chan struct{} // closed when it is over
	proc *child.Process
	err  error
}

// startChild starts a program. Coroutines only.
func (l *baseLoop) startChild(ctx context.Context, spec child.Spec) (proc *child.Process, err error) {
	if l.subprocesses.here {
		proc, err = child.Start(spec)
	} else {
		proc, err = l.startElsewhere(ctx, spec)
	}
	if proc != nil {
		proc.Kill = l.subprocesses.kill
	}
	return proc, err
}

// startElsewhere is startChild for a loop that goes on meanwhile.
func (l *baseLoop) startElsewhere(ctx context.Context, spec child.Spec) (*child.Process, error) {
	s := &subprocessStart{done: make(chan struct{})}
	over := newFuture[struct{}](l)
	taken := false
	defer func() {
		if !taken {
			s.undo(l, spec.Path)
		}
	}()
	told := l.elsewhere.begin()
	go func() {
		defer close(s.done)
		s.proc, s.err = child.Start(spec)
		_ = over.SetResult(struct{}{}) // fails if nobody waits any more
		if told != nil {
			told()
		}
	}()
	if _, err := over.Await(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	taken = true
	return s.proc, s.err
}

// undo ends what was started while the loop was closed.
func (s *subprocessStart) undo(l *baseLoop, program string) {
	<-s.done
	if s.proc == nil {
		return
	}
	_ = s.proc.Signal(os.Kill) // what it refuses is found below
	_, ended := s.proc.End(killPatience)
	s.proc.Release()
	became := "it was killed"
	if !ended {
		became = "it could not be killed and runs on"
	}
	l.logger().Warn(fmt.Sprintf("process %d was started while the event loop was closed: %s", s.proc.PID(), became), "program", program)
}
