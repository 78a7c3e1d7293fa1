package asyncio

import (
	"sync"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/list"
)

// taskState is the part of a loop that has tasks.
type taskState struct {
	unretrieved unretrievedList
	factory     TaskFactory

	tasksMu   sync.Mutex
	tasks     list.List[taskBase] // not done, in order of creation
	unwinding *taskBase           // by the loop's close, which has told so

	closedMu sync.Mutex
	closedCh chan struct{} // closed with the loop
}

func (l *baseLoop) initTasks() { l.closedCh = make(chan struct{}) }

// wakeForeign wakes other goroutines that wait for something of a closed loop.
func (l *baseLoop) wakeForeign() {
	l.closedMu.Lock()
	defer l.closedMu.Unlock()
	select {
	case <-l.closedCh:
	default:
		close(l.closedCh)
	}
}

func (l *baseLoop) listTask(t *taskBase) {
	l.tasksMu.Lock()
	l.tasks.PushBack(&t.place)
	l.tasksMu.Unlock()
}

func (l *baseLoop) unlistTask(t *taskBase) {
	l.tasksMu.Lock()
	if t.place.Listed() {
		l.tasks.Remove(&t.place)
	}
	l.tasksMu.Unlock()
}

// AllTasks returns the loop's tasks that are not done, in the order in which
// they were made; a nil loop means the running one. Any goroutine may call it.
// (asyncio.all_tasks)
func AllTasks(loop EventLoop) []AnyTask {
	if loop == nil {
		s := currentStrand()
		if s == nil {
			return nil
		}
		loop = s.loop().self
	}
	l := loop.base()
	if l == nil {
		return nil
	}
	l.tasksMu.Lock()
	defer l.tasksMu.Unlock()
	var all []AnyTask
	for t := range l.tasks.All() {
		all = append(all, t.self())
	}
	return all
}

// unwindTasks ends the tasks of a loop that is closed: their deferred functions
// run, and waiting in them is refused. A handler that leaves by Goexit has it called
// again, and it goes on where it was: a task is listed until it is over.
func (l *baseLoop) unwindTasks() {
	for {
		l.tasksMu.Lock()
		t := l.tasks.First()
		l.tasksMu.Unlock()
		if t == nil {
			l.unwinding = nil
			return
		}
		if l.unwinding != t {
			l.unwinding = t
			l.report(ExceptionContext{Message: "Task was destroyed but it is pending", Task: t.self()})
		}
		l.unwind(t)
		if p, ok := t.f.err.(*PanicError); ok {
			l.report(ExceptionContext{Message: "Exception in task while its loop was closed", Err: p, Task: t.self()})
		}
	}
}

// unwind ends a task.
func (l *baseLoop) unwind(t *taskBase) {
	if co := t.co; co != nil {
		t.otherContext = true // so that every wait is looked at
		if co.Unwind() == coro.Panicked {
			value, stack := co.Panic()
			t.finish(&PanicError{value, stack})
		}
		t.co = nil // not before: what is deferred asks it whether it may wait
	}
	t.finish(opError("task", ErrLoopClosed))
	l.unlistTask(t) // should it have been over before
}
