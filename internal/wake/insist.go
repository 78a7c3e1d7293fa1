package wake

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Insister repeats a wake-up that the system did not take. Whoever owes a sleeper its wake-up
// is gone by then, and nobody else will try: were it given up, the sleeper would sleep for ever.
// The zero Insister is ready.
type Insister struct {
	busy atomic.Bool // a call is to come
}

// How long after a failure the next try comes: twice as long each time.
const (
	firstTry = time.Millisecond
	lastTry  = time.Second
)

// Insist calls wake, and if that fails again and again, less and less often but at least
// once a second, until it returns nil or ErrClosed. It does not block: the calls after the
// first are made on a goroutine of the runtime's timers. A failure that has lasted for a second
// is told once, to slog's default logger, for the sleeper itself cannot be reached. While one
// wake-up is insisted on, another is the same. Any goroutine may call it.
func (i *Insister) Insist(wake func() error) {
	if !over(wake()) && !i.busy.Swap(true) {
		i.again(wake, firstTry)
	}
}

// again calls wake after a while, and again if that fails. Who fails meanwhile relies on
// the next call as long as that has not begun: from its beginning on nobody does, for the
// sleeper that it wakes may already be asleep once more when it returns.
func (i *Insister) again(wake func() error, after time.Duration) {
	time.AfterFunc(after, func() {
		i.busy.Store(false)
		err := wake()
		if over(err) || i.busy.Swap(true) { // or another has taken over
			return
		}
		next := min(2*after, lastTry)
		if next == lastTry && after < lastTry {
			slog.Error("an event loop cannot be woken; it is tried again every second", "error", err)
		}
		i.again(wake, next)
	})
}

func over(err error) bool { return err == nil || errors.Is(err, ErrClosed) }
