package asyncio

import (
	"context"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/list"
)

// simulation is what a loop has in addition if it is simulated; of one that is real it is nil,
// and its methods do what is usual.
type simulation struct {
	engine   *simulated.Engine
	inBubble bool   // of package synctest: its clock does not tell the real time
	tasks    uint64 // how many were made

	// What is to be called when contexts of the user's are done. Owner only.
	contexts list.List[doneContext]
	look     atomic.Bool // one of them is done, or may be
}

// taskNumbers counts the tasks of all loops that are real.
var taskNumbers atomic.Uint64

// nextTask is the number of a task, for its name: the process's, but the loop's own in a
// simulation, where it may not depend on what else runs. Owner only.
func (s *simulation) nextTask() uint64 {
	if s == nil {
		return taskNumbers.Add(1)
	}
	s.tasks++
	return s.tasks
}

// tellTask tells the trace of a task: that it begins, or how it ends. Its name is told if
// somebody has given it one. Owner only.
func (s *simulation) tellTask(what string, number uint64, name *string) {
	if s == nil {
		return
	}
	var text string
	if name != nil {
		text = *name
	}
	s.engine.Tell(what, number, text)
}

// block is called before a goroutine that is no loop's waits for something of the loop's. The
// error refuses that; back, if there is one, is to be called when the wait is over, and returns
// when the goroutine may go on. Any goroutine may call it.
func (s *simulation) block(op string) (back func(), err error) {
	if s == nil {
		return nil, nil
	}
	back, err = s.engine.Blocks()
	if err != nil {
		return nil, opError(op, err)
	}
	return back, nil
}

// doneContext is somebody who wants to hear that a context is done.
type doneContext struct {
	place list.Node[doneContext]
	ctx   context.Context
	tell  func()
	stop  func() bool // of the listener that wakes the loop
}

// afterDone has f called when a context of the user's is done, unless stop is called before,
// which reports whether that is its doing. f is called on any goroutine, but in a simulation
// on the loop's, after a poll and in the order of the calls. Owner only.
func (s *simulation) afterDone(ctx context.Context, f func()) (stop func() bool) {
	if s == nil {
		return context.AfterFunc(ctx, f)
	}
	d := &doneContext{ctx: ctx, tell: f}
	s.contexts.PushBack(&d.place)
	d.stop = context.AfterFunc(ctx, func() {
		s.look.Store(true)
		s.engine.Wake()
	})
	return func() bool {
		if !d.place.Listed() {
			return false
		}
		s.contexts.Remove(&d.place)
		d.stop()
		return true
	}
}

// anyDone reports whether a context is done that somebody listens to.
func (s *simulation) anyDone() bool {
	for d := s.contexts.First(); d != nil; d = s.contexts.Next(&d.place) {
		if d.ctx.Err() != nil {
			return true
		}
	}
	return false
}

// tellDone tells those whose contexts are done, one after the other: each may change the
// list.
func (s *simulation) tellDone() {
	for {
		d := s.contexts.First()
		for d != nil && d.ctx.Err() == nil {
			d = s.contexts.Next(&d.place)
		}
		if d == nil {
			return
		}
		s.contexts.Remove(&d.place)
		d.stop()
		d.tell()
	}
}
