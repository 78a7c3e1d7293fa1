package asyncio

import (
	"context"
	"log/slog"
	"runtime"
	"sync"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// slowIdentity is told once a process, by the first loop that is made.
var slowIdentity sync.Once

// tellSlowIdentity says so if finding out who calls takes long on this system.
func tellSlowIdentity(log *slog.Logger, quick bool, once *sync.Once) {
	if quick {
		return
	}
	once.Do(func() {
		log.Info("goroutines are told apart by the runtime's text on this system: "+
			"every call of a loop's methods and every wait takes about a microsecond longer",
			"system", runtime.GOOS+"/"+runtime.GOARCH, "go", runtime.Version())
	})
}

// strand is one goroutine that runs code of a loop: the loop's body or one of
// its coroutines.
type strand sched.Strand

// currentStrand returns the strand of the calling goroutine, nil outside loops.
func currentStrand() *strand { return (*strand)(sched.Current()) }

// loop is the loop whose strand it is.
func (s *strand) loop() *baseLoop { return (*baseLoop)((*sched.Strand)(s).Host().(*loopHost)) }

// task is the task that a coroutine runs now, nil in the loop's body.
func (s *strand) task() *taskBase {
	t, _ := s.Task.(*taskBase)
	return t
}

// currentTask returns the task whose coroutine the caller is, and whether the
// caller is in a loop at all. The context that the task gave its function is
// only a hint: if it is the caller's own, no table need be searched.
func currentTask(ctx context.Context) (t *taskBase, inLoop bool) {
	if t = taskOf(ctx); t != nil {
		return t, true
	}
	if s := currentStrand(); s != nil {
		return s.task(), true
	}
	return nil, false
}

// taskOf returns the task whose context this is, if the caller is that task's
// coroutine and this can be found out quickly; else it is nil.
func taskOf(ctx context.Context) *taskBase {
	if s, ok := ctx.(*scope); ok && goroutine.Quick && s.task.coID.Load() == goroutine.QuickID() {
		return s.task
	}
	return nil
}

// contextID identifies the calling goroutine as a policy's context. Code of a
// loop counts as the goroutine that runs the loop, as Python's would.
func contextID() int64 {
	id := goroutine.ID()
	if s := sched.StrandOf(id); s != nil {
		if r := s.Loop().Runner(); r != 0 {
			return r
		}
	}
	return id
}
