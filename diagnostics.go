package asyncio

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// diagnostics is the part of a loop that reports: errors, and in debug mode what
// is slow and what blocks.
type diagnostics struct {
	handler ExceptionHandler
	log     *slog.Logger
	reports reportLimit
	watch   watchedLoop
	slow    atomic.Int64 // nanoseconds from which on a callback is slow

	source *origin // debug mode: where what runs now was made; loop only
}

// debugVariable is the environment variable that switches debug mode on for
// every loop that is made while it says so: empty, 0, false, no and off, in
// capitals or not, mean off, and anything else means on.
const debugVariable = "ASYNCIO_DEBUG"

func (l *baseLoop) initDiagnostics(c loopConfig) {
	l.log = c.log
	l.slow.Store(int64(100 * time.Millisecond))
	l.watch.limit = c.blockedAfter
	now := time.Now()
	l.watch.unreal = now == now.Round(0) || l.sim != nil
	if c.debug != nil {
		l.SetDebug(*c.debug)
	} else {
		l.SetDebug(debugWanted(os.Getenv(debugVariable)))
	}
}

func debugWanted(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

func (l *baseLoop) logger() *slog.Logger {
	if l.log != nil {
		return l.log
	}
	return slog.Default()
}

// GetDebug implements Debugging.
func (l *baseLoop) GetDebug() bool { return l.core.Debug.Load() }

// SetDebug implements Debugging.
func (l *baseLoop) SetDebug(on bool) { l.core.Debug.Store(on) }

// SetSlowCallbackDuration implements Debugging.
func (l *baseLoop) SetSlowCallbackDuration(d time.Duration) error {
	if d <= 0 {
		return invalid("SetSlowCallbackDuration", "%v is not positive", d)
	}
	l.slow.Store(int64(d))
	return nil
}

// runTimed runs one callback in debug mode.
func (l *baseLoop) runTimed(item sched.Item) {
	l.source = (*origin)(item.Made())
	if l.core.Asked.Load() {
		l.answer() // in debug mode each callback counts
	}
	start, returned := l.core.Now(), false
	defer func() {
		if returned {
			l.source = nil // otherwise the report of how it ended needs it
		}
		if d := l.core.Now() - start; d >= time.Duration(l.slow.Load()) {
			l.logger().Warn(fmt.Sprintf("Executing %s took %.3f seconds", l.describeRan(), d.Seconds()))
		}
	}()
	l.core.Do(item.To, item.Ev)
	returned = true
}

// describeRan names the callback that has run, or the task whose step it was.
func (l *baseLoop) describeRan() string {
	if t, ok := l.core.Stepping.(*taskBase); ok {
		return fmt.Sprint(t.self())
	}
	return "<Handle " + l.currentName() + ">"
}

// currentSource is the stack where what runs now was made.
func (l *baseLoop) currentSource() string {
	if l.source == nil {
		return ""
	}
	return l.source.String()
}

// debugf tells those who debug what has happened to a transport.
func (l *baseLoop) debugf(t fmt.Stringer, format string, args ...any) {
	if l.GetDebug() {
		l.logger().Debug(fmt.Sprintf("%v ", t) + fmt.Sprintf(format, args...))
	}
}
