package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// loopHost is the loop as its core sees it.
type loopHost baseLoop

// Failed implements sched.Host.
func (h *loopHost) Failed(panicked any, stack []byte) {
	l := (*baseLoop)(h)
	if panicked == nil {
		l.callbackExited()
	} else {
		l.callbackPanicked(panicked, stack)
	}
}

// Timed implements sched.Host.
func (h *loopHost) Timed(item sched.Item) { (*baseLoop)(h).runTimed(item) }

// Starting implements sched.Host.
func (h *loopHost) Starting() (stop func()) {
	l := (*baseLoop)(h)
	l.exitNoted = false // of the body before
	return l.watchBlocking()
}

// Ended implements sched.Host.
func (h *loopHost) Ended(failed error) {
	l := (*baseLoop)(h)
	l.settleFate(runError(failed), l.IsClosed())
}

// Answer implements sched.Host.
func (h *loopHost) Answer() { (*baseLoop)(h).answer() }

// Closing implements sched.Host.
func (h *loopHost) Closing() {
	l := (*baseLoop)(h)
	l.renew()
	l.unwindTasks()
	l.reportUnretrieved()
	l.subprocesses.close(l.logger)
	l.closeNet()
	l.removeSignalHandlers()
	l.forgetWatches()
	l.closeExecutor()
	l.policies.forget()
	l.wakeForeign()
	l.sumReports(true)
}

func (l *baseLoop) removeSignalHandlers() {
	if err := l.signals.Close(); err != nil {
		l.logger().Warn(fmt.Sprintf("signal handlers could not be removed: %v", err))
	}
}
