package asyncio

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// ExceptionContext says what went wrong, for an exception handler. Fields that
// do not apply are zero. (the context dict of call_exception_handler)
type ExceptionContext struct {
	Message   string         // what happened
	Err       error          // the error, a *PanicError for a panic
	Future    Awaitable      // the future that failed
	Task      AnyTask        // the task that failed
	Handle    string         // the callback that failed, by name
	Protocol  any            // the protocol concerned
	Transport any            // the transport concerned
	Source    string         // debug mode: the stack where the object was made
	Extra     map[string]any // more, by name: of a task the "name" and the "function" with its place
}

// ExceptionHandler hears of errors that nobody else catches. It is called on the
// loop's goroutine. (the handler of set_exception_handler)
type ExceptionHandler func(loop EventLoop, c ExceptionContext)

// SetExceptionHandler implements ErrorHandling.
func (l *baseLoop) SetExceptionHandler(h ExceptionHandler) error {
	hold, err := l.acquireClosed("SetExceptionHandler")
	if err != nil {
		return err
	}
	l.handler = h
	hold.Leave()
	return nil
}

// GetExceptionHandler implements ErrorHandling.
func (l *baseLoop) GetExceptionHandler() (h ExceptionHandler) {
	l.ifOwner(func() { h = l.handler })
	return h
}

// DefaultExceptionHandler implements ErrorHandling.
func (l *baseLoop) DefaultExceptionHandler(c ExceptionContext) {
	kind := fmt.Sprintf("%s|%T|%T", c.message(), c.Err, c.Protocol)
	if !l.mayReport(kind, func(more string) {
		l.logger().Error(c.message()+" "+more, "error", textOnly{c.Err})
	}) {
		return
	}
	source := ""
	if c.Source == "" && l.GetDebug() && l.onLoop() {
		source = l.currentSource()
	}
	c.logTo(l.logger(), source)
}

// logTo logs the context. source is where the running callback was scheduled.
func (c ExceptionContext) logTo(log *slog.Logger, source string) {
	attrs := c.attrs()
	if source != "" {
		attrs = append(attrs, slog.String("handle_source", source))
		sortAttrs(attrs)
	}
	logReadably(log, slog.LevelError, c.message(), attrs)
}

// logReadably logs what may hold stacks.
func logReadably(log *slog.Logger, level slog.Level, message string, attrs []slog.Attr) {
	if forPeople(log) {
		message, attrs = asText(message, attrs), nil
	}
	log.LogAttrs(context.Background(), level, message, attrs...)
}

// forPeople reports whether a logger is the one that a program has if it sets none:
// it prints through package log, most likely to a terminal. Whoever wants structure
// has set another one.
func forPeople(log *slog.Logger) bool {
	return fmt.Sprintf("%T", log.Handler()) == "*slog.defaultHandler"
}

// asText renders a report as the logger of a program that sets none would, but for
// values of several lines: stacks come below, as they are.
func asText(message string, attrs []slog.Attr) string {
	var line, below strings.Builder
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.MessageKey || a.Key == slog.LevelKey || a.Key == slog.TimeKey) {
			return slog.Attr{}
		}
		return a
	}
	record := slog.Record{}
	for _, a := range attrs {
		if text, ok := a.Value.Any().(string); ok && strings.Contains(text, "\n") {
			below.WriteString("\n" + a.Key + ":\n" + strings.TrimRight(text, "\n"))
		} else {
			record.AddAttrs(a)
		}
	}
	h := slog.NewTextHandler(&line, &slog.HandlerOptions{ReplaceAttr: drop})
	_ = h.Handle(context.Background(), record) // a strings.Builder takes all
	return strings.TrimRight(message+" "+line.String(), " \n") + below.String()
}

func (c ExceptionContext) message() string {
	if c.Message == "" {
		return "Unhandled exception in event loop"
	}
	return c.Message
}

// attrs lists the fields that are set, sorted by name.
func (c ExceptionContext) attrs() []slog.Attr {
	var as []slog.Attr
	add := func(key string, set bool, value any) {
		if set {
			as = append(as, slog.Any(key, value))
		}
	}
	stacks := panicStacks(c.Err)
	if stacks == "" {
		add("error", c.Err != nil, c.Err)
	} else {
		add("error", true, textOnly{c.Err})
		add("stack", true, stacks)
	}
	add("future", c.Future != nil, fmt.Sprint(c.Future))
	add("task", c.Task != nil, fmt.Sprint(c.Task))
	add("handle", c.Handle != "", c.Handle)
	add("protocol", c.Protocol != nil, fmt.Sprintf("%T", c.Protocol))
	add("transport", c.Transport != nil, fmt.Sprint(c.Transport))
	add("source", c.Source != "", c.Source)
	for key, value := range c.Extra {
		add(key, true, value)
	}
	sortAttrs(as)
	return as
}

// textOnly is an error whose stacks stand elsewhere. The handlers of slog print errors
// with %+v.
type textOnly struct{ error }

// Unwrap returns the error itself.
func (e textOnly) Unwrap() error { return e.error }

// Error returns the text, also of no error.
func (e textOnly) Error() string {
	if e.error == nil {
		return "none"
	}
	return e.error.Error()
}

// Format prints the text.
func (e textOnly) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), e.Error()) // the caller of Format has the writer's errors
}

func sortAttrs(as []slog.Attr) {
	slices.SortStableFunc(as, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
}

// String is the message, and on lines of their own each other field as
// "name: value", in the order of their names.
func (c ExceptionContext) String() string {
	var b strings.Builder
	b.WriteString(c.message())
	for _, a := range c.attrs() {
		fmt.Fprintf(&b, "\n%s: %v", a.Key, a.Value)
	}
	return b.String()
}

// CallExceptionHandler implements ErrorHandling.
func (l *baseLoop) CallExceptionHandler(c ExceptionContext) {
	switch {
	case l.ifOwner(func() { l.report(c) }):
	case l.post(callback(func() { l.report(c) }), 0):
	default:
		l.report(c)
	}
}

// report calls the handler that was set, and the default one if that fails. Whoever
// calls it has put everything in order before: a handler may leave by Goexit, and so do
// report and all its callers then.
func (l *baseLoop) report(c ExceptionContext) {
	c.addSource()
	if l.handler == nil {
		l.reportByDefault(c, "Exception in default exception handler")
		return
	}
	err := ErrGoexit
	defer func() {
		if err == nil {
			return
		}
		l.noteExit(err)
		l.reportByDefault(ExceptionContext{
			Message: "Unhandled error in exception handler",
			Err:     err,
			Extra:   map[string]any{"context": c},
		}, "Exception in default exception handler while handling an unexpected error in custom exception handler")
	}()
	err = l.callUser(func() { l.handler(l.self, c) })
}

// reportByDefault calls the default handler, which may be a user's, and logs if that
// fails, too.
func (l *baseLoop) reportByDefault(c ExceptionContext, failed string) {
	err := ErrGoexit
	defer func() {
		if err != nil {
			l.noteExit(err)
			l.logOften(failed, err)
		}
	}()
	err = l.callUser(func() { l.self.DefaultExceptionHandler(c) })
}

// logOften logs an error, at a bounded rate.
func (l *baseLoop) logOften(message string, err error) {
	if l.mayReport(message, func(more string) { l.logger().Error(message+" "+more, "error", textOnly{err}) }) {
		l.logger().Error(message, "error", err)
	}
}

// addSource says where the task or future of the context was made, if that is known
// and not said.
func (c *ExceptionContext) addSource() {
	for _, f := range []*futureBase{taskFuture(c.Task), futureOf(c.Future)} {
		if c.Source == "" && f != nil && f.origin != nil {
			c.Source = f.origin.String()
		}
	}
}

func taskFuture(t AnyTask) *futureBase {
	if t == nil {
		return nil
	}
	return t.awaitable()
}

// reportExit is report for what ended with err, which may be a Goexit that is under way.
func (l *baseLoop) reportExit(err error, c ExceptionContext) {
	l.noteExit(err)
	c.Err = err
	l.report(c)
}

// noteExit notes that the Goexit that takes the loop's body down, if err is one, is told
// of by whoever calls it, and so need not be by the body.
func (l *baseLoop) noteExit(err error) {
	if err == ErrGoexit && l.core.InBody() {
		l.exitNoted = true
	}
}

// callUser calls f and returns its panic as an error. If f leaves by Goexit, callUser does not
// return: whoever has something to put in order then has a deferred function for it.
func (l *baseLoop) callUser(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r, debug.Stack()}
			if e, ok := r.(error); ok && isFatal(e) {
				l.fail(e)
			}
		}
	}()
	f()
	return nil
}

// callbackPanicked deals with a panic in what the loop ran last.
func (l *baseLoop) callbackPanicked(value any, stack []byte) {
	if err, ok := value.(error); ok && isFatal(err) {
		l.fail(err)
		return
	}
	l.reportCallback("Exception in callback ", &PanicError{value, stack})
}

// callbackExited deals with a Goexit in what the loop ran last.
func (l *baseLoop) callbackExited() {
	if l.exitNoted {
		l.exitNoted = false
		return
	}
	l.reportCallback("Goexit in callback ", ErrGoexit)
}

func (l *baseLoop) reportCallback(what string, err error) {
	name, source := l.currentName(), l.currentSource()
	l.source = nil
	l.report(ExceptionContext{Message: what + name, Err: err, Handle: name, Source: source})
}

// currentName names what the loop runs or ran last: a user's function, or work
// of its own.
func (l *baseLoop) currentName() string {
	switch to, f := l.core.Current(); {
	case f != nil:
		return funcName(f)
	case to == nil:
		return "none"
	default:
		return nameOf(to)
	}
}

// exitOf is what to make of a call of a protocol's that has not returned.
func (l *baseLoop) exitOf(panicked any) transport.Exit {
	if panicked == nil {
		return transport.Exit{Reason: ErrGoexit, Told: l.exitNoted}
	}
	exit := transport.Exit{Reason: &PanicError{panicked, debug.Stack()}}
	if err, ok := panicked.(error); ok && isFatal(err) {
		exit.Stops = true
		l.fail(err)
	}
	return exit
}
