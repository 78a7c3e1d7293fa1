// Package poller has the Go runtime make what it would otherwise make when it
// first needs it, while there is room for it.
//
// The runtime has a poller of its own, of one to three descriptors. It makes it with
// the first timer, file or socket that needs it, and if it cannot, it ends the
// program: by a context with a timeout that is made when clients have used up
// the descriptors, or by the collector, which sets a timer to give memory back. An
// event loop over system calls of its own may have caused none of that until then.
package poller

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

var (
	started  atomic.Bool
	starting sync.Mutex
)

// Start makes the runtime's poller, and reads the time zone that log lines are
// written in, which would silently be UTC if its file could not be opened when the
// first one is. If there are not enough descriptors it returns the system's
// error. Only the first call that succeeds does anything. Any goroutine may call it.
func Start() error {
	if started.Load() {
		return nil
	}
	starting.Lock()
	defer starting.Unlock()
	if started.Load() {
		return nil
	}
	if err := room(); err != nil {
		return fmt.Errorf("no room for the poller of the Go runtime: %w; close descriptors, or raise the limit of open files (ulimit -n)", err)
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
	_, _ = time.Now().Zone()
	started.Store(true)
	return nil
}
