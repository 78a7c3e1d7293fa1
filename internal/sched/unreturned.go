package sched

import (
	"runtime/debug"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// didNotReturn deals with a callback that did not return, by what was
// recovered: nil if it called Goexit.
func (l *Loop) didNotReturn(recovered any) {
	if l.polling {
		l.engineFailed(recovered)
	} else if h := calling(l.to); h != nil {
		l.blame(h, recovered)
	} else {
		l.failed(recovered)
	}
}

// failed is didNotReturn for what is the callback's own doing.
func (l *Loop) failed(recovered any) {
	switch {
	case recovered == nil:
		l.host.Failed(nil, nil)
	case coro.WasGoexit(recovered):
		l.Stepping.Left(coro.Exited)
	default:
		l.host.Failed(recovered, debug.Stack())
	}
}

// engineFailed ends the run: a selector or a proactor of the user's did not return
// from its wait, and would not from the next one.
func (l *Loop) engineFailed(recovered any) {
	l.polling = false
	l.asleep.Store(false)
	f := &Failure{Op: "poll", Panicked: recovered}
	if recovered != nil {
		f.Stack = debug.Stack()
	}
	l.Fail(f)
}

// calling is the handler of a Completer that did not return, if that is the doing of whom the
// handler has called.
func calling(to engine.Completer) engine.Unguarded {
	if t, ok := to.(engine.Telling); ok {
		if h, ok := t.Handler().(engine.Unguarded); ok && h.Calling() {
			return h
		}
	}
	return nil
}

// blame tells a handler whose doing it was. Only how the handler itself ends, and that a Goexit
// takes the body down, is then the callback's.
func (l *Loop) blame(h engine.Unguarded, recovered any) {
	returned := false
	defer func() {
		if !returned || recovered == nil {
			l.failed(recover())
		}
	}()
	h.DidNotReturn(recovered)
	returned = true
}

// complete completes what another callback has called for: the pass knows that one alone.
func complete(to engine.Completer, ev uint64) {
	returned := false
	defer func() {
		if !returned {
			if h := calling(to); h != nil {
				h.DidNotReturn(recover())
			}
		}
	}()
	to.Complete(ev)
	returned = true
}
