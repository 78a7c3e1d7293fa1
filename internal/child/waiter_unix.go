//go:build unix

package child

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// waiterName is who waits.
const waiterName = "goroutine"

// waiter is the goroutine that looks for a child's end. It is told of by SIGCHLD; that a
// program may take this signal away from all who asked for it, it survives by looking now
// and then.
type waiter struct {
	quit chan struct{}
	done chan struct{}
}

// begin has ended called, on the waiter's goroutine, when the child has ended and was
// reaped.
func (w *waiter) begin(p *Process, ended func()) error {
	quit, done := make(chan struct{}), make(chan struct{})
	w.quit, w.done = quit, done
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGCHLD)
	go func() {
		defer close(done)
		defer signal.Stop(came)
		look := time.NewTicker(longestLook)
		defer look.Stop()
		for {
			if _, over := p.Reap(); over {
				ended()
				return
			}
			select {
			case <-came:
			case <-look.C:
			case <-quit:
				return
			}
		}
	}()
	return nil
}

// end ends the goroutine and waits for that. It is harmless if there is none.
func (w *waiter) end() {
	if w.quit == nil {
		return
	}
	close(w.quit)
	w.quit = nil
	<-w.done
}

// awaitSignal waits for a child's end where no descriptor tells of it, for as long as d.
func awaitSignal(d time.Duration) {
	time.Sleep(min(d, 10*time.Millisecond))
}
