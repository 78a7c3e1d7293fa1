package asyncio

import (
	"fmt"
	"sync/atomic"
)

// runFate is what became of a run, for the goroutines that wait for something of
// the loop. A run that the system has failed leaves nobody who would complete it;
// they are told, and so is who comes before the next run begins. A run that Stop
// or an interrupt ends says nothing: it is usual for another one to follow.
type runFate struct {
	failed chan struct{} // closed when the run has failed
	err    error         // with this
}

// runs is the part of a loop that knows of its runs.
type runs struct {
	fate      atomic.Pointer[runFate] // changed by who runs the loop, and when a run has ended
	exitNoted bool                    // the Goexit that takes the loop's body down has been told of
}

func newFate() *runFate { return &runFate{failed: make(chan struct{})} }

// renew is called when a run begins: what became of the one before is history.
func (l *runs) renew() {
	if l.fate.Load().err != nil {
		l.fate.Store(newFate())
	}
}

// settleFate is called when a run has ended with err, which may be nil. The end of the
// run that closes the loop is another matter.
func (l *runs) settleFate(err error, closed bool) {
	if err == nil || isFatal(err) || closed {
		return
	}
	f := l.fate.Load()
	f.err = err
	close(f.failed)
}

// waited is the error of who waited for something of the loop meanwhile.
func (f *runFate) waited(op string) error {
	return opError(op, fmt.Errorf("the event loop's run has failed: %w", f.err))
}
