package asyncio

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// diagnostics is the part of a loop that reports: errors, and in debug mode what
// is slow and what blocks.
type diagnostics struct {
	handler ExceptionHandler
	log     *slog.Logger
	debug   atomic.Bool
	slow    atomic.Int64 // nanoseconds from which on a callback is slow

	// Debug mode: what runs now, for the watcher.
	since  atomic.Int64 // when it began, as loop time; 0: nothing runs
	holder atomic.Int64 // the goroutine that it runs on
	source *origin      // where what runs now was made
}

// debugVariable is the environment variable that switches debug mode on for
// every loop that is made while it is not empty.
const debugVariable = "ASYNCIO_DEBUG"

func (l *baseLoop) initDiagnostics() {
	l.debug.Store(os.Getenv(debugVariable) != "")
	l.slow.Store(int64(100 * time.Millisecond))
}

func (l *baseLoop) logger() *slog.Logger {
	if l.log != nil {
		return l.log
	}
	return slog.Default()
}

// GetDebug reports debug mode. Any goroutine may call it. (loop.get_debug)
func (l *baseLoop) GetDebug() bool { return l.debug.Load() }

// SetDebug switches debug mode. In it, handles, futures and tasks record where
// they were made, slow callbacks are logged with their duration, and a call that
// blocks the loop is reported while it blocks, with the stack of what holds it
// (from the next run on). Any goroutine may call it. (loop.set_debug)
func (l *baseLoop) SetDebug(on bool) { l.debug.Store(on) }

// SetSlowCallbackDuration sets from when on a callback counts as slow in debug
// mode, 100 ms at first. Any goroutine may call it; zero and less:
// ErrInvalidArgument. (loop.slow_callback_duration)
func (l *baseLoop) SetSlowCallbackDuration(d time.Duration) error {
	if d <= 0 {
		return invalid("slow_callback_duration", "%v is not positive", d)
	}
	l.slow.Store(int64(d))
	return nil
}

// runTimed runs one callback in debug mode.
func (l *baseLoop) runTimed(i readyItem) {
	fn, to := (func())(nil), i.to
	if i.n != nil {
		fn, to, l.source = i.n.fn, i.n.to, i.n.origin
	}
	start := l.now()
	l.holder.Store(goroutineID())
	l.since.Store(int64(start) + 1)
	defer func() {
		l.since.Store(0)
		l.source = nil
		if d := l.now() - start; d >= time.Duration(l.slow.Load()) {
			l.logger().Warn(fmt.Sprintf("Executing %s took %.3f seconds", describeCallback(fn, to), d.Seconds()))
		}
	}()
	if i.n != nil {
		l.runNode(i.n)
		return
	}
	l.to = to
	to.Complete(i.ev)
}

// describeCallback names a callback, or the task whose step it is.
func describeCallback(fn func(), to engine.Completer) string {
	switch t := to.(type) {
	case nil:
		return "<Handle " + funcName(fn) + ">"
	case fmt.Stringer:
		return t.String()
	default:
		return fmt.Sprintf("<Handle %T>", to)
	}
}

// currentSource is the stack where what runs now was made.
func (l *baseLoop) currentSource() string {
	if l.source == nil {
		return ""
	}
	return l.source.String()
}

// watchBlocking starts, in debug mode, a goroutine that looks again and again
// whether the same callback still runs, and reports one that does for longer
// than is slow while it still holds the loop. The function returned ends it.
func (l *baseLoop) watchBlocking() (stop func()) {
	if !l.debug.Load() {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var reported int64
		for {
			slow := time.Duration(l.slow.Load())
			select {
			case <-end:
				return
			case <-time.After(max(slow/4, time.Millisecond)):
			}
			since := l.since.Load()
			if since == 0 || since == reported {
				continue
			}
			if d := l.now() - time.Duration(since-1); d >= slow {
				reported = since
				l.logger().Warn(fmt.Sprintf("Event loop blocked for %.3f seconds", d.Seconds()),
					"stack", goroutineStack(l.holder.Load()))
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// goroutineStack returns the stack of one goroutine, out of all.
func goroutineStack(id int64) string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	head := fmt.Appendf(nil, "goroutine %d ", id)
	for part := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.HasPrefix(part, head) {
			return string(part)
		}
	}
	return ""
}
