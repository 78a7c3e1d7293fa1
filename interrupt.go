package asyncio

import (
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/signals"
)

// interruptPatience is how long after Ctrl-C a loop that does not come to hear of
// it is said to be blocked.
const interruptPatience = time.Second

// watchInterrupt has the first Ctrl-C cancel the task; from then on the system's
// default holds again. The function that it returns ends the watch and reports
// whether there was one, also when it came too late to cancel anything.
func (r *Runner) watchInterrupt(task AnyTask) (end func() bool) {
	wanted := goroutine.ID() == goroutine.Main
	if r.config.signals != nil {
		wanted = *r.config.signals
	}
	came := make(interrupts, 1)
	if !wanted || signals.Ignored(os.Interrupt) || signals.AddFallback(os.Interrupt, came) != nil {
		return func() bool { return false }
	}
	quit, result := make(chan struct{}), make(chan bool)
	go func() {
		select {
		case <-came:
			came.end()
			task.Cancel()
			task.anyTask().loop.reportDeafness(quit)
			result <- true
		case <-quit:
			came.end()
			result <- len(came) > 0
		}
	}()
	return func() bool {
		close(quit)
		return <-result
	}
}

// interrupts is where a runner hears of Ctrl-C, unless a loop has a handler for it.
type interrupts chan syscall.Signal

// Signal implements signals.Receiver.
func (c interrupts) Signal(sig syscall.Signal) {
	select {
	case c <- sig:
	default: // one is enough
	}
}

// end has nothing come any more.
func (c interrupts) end() { _, _ = signals.Remove(os.Interrupt, c) } // what was added can be removed

// reportDeafness says that the loop is blocked, and by what, if it does not take
// what it is given before the run is over or patience is at its end: whoever has
// pressed Ctrl-C would wonder what keeps the program.
func (l *baseLoop) reportDeafness(over <-chan struct{}) {
	heard := make(chan struct{})
	if !l.post(callback(func() { close(heard) }), 0) {
		return
	}
	patience := time.NewTimer(interruptPatience)
	defer patience.Stop()
	select {
	case <-heard:
	case <-over:
	case <-patience.C:
		logReadably(l.logger(), slog.LevelWarn, "Interrupted, but the event loop is blocked and cannot hear of it; interrupt again to end the program", l.holder().attrs())
	}
}
