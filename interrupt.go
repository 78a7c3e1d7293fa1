package asyncio

import (
	"os"
	"os/signal"
)

// watchInterrupt has the first Ctrl-C cancel the task; from then on the system's
// default holds again. The function that it returns ends the watch and reports
// whether there was one, also when it came too late to cancel anything.
func (r *Runner) watchInterrupt(task AnyTask) (end func() bool) {
	wanted := goroutineID() == mainGoroutine
	if r.config.signals != nil {
		wanted = *r.config.signals
	}
	if !wanted || signal.Ignored(os.Interrupt) {
		return func() bool { return false }
	}
	came := make(chan os.Signal, 1)
	signal.Notify(came, os.Interrupt)
	quit, result := make(chan struct{}), make(chan bool)
	go func() {
		select {
		case <-came:
			signal.Stop(came)
			task.Cancel()
			result <- true
		case <-quit:
			signal.Stop(came)
			result <- len(came) > 0
		}
	}()
	return func() bool {
		close(quit)
		return <-result
	}
}
