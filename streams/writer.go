package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// StreamWriter writes to a connection. Close it: a writer that is dropped and not
// closed is reported as a warning when the collector finds it, and its connection
// closed; on a loop that is closed the warning says so.
//
// Unless a method says otherwise it belongs to the loop, as the methods of
// asyncio.Transport do; from elsewhere use a Conn. (asyncio.StreamWriter)
type StreamWriter struct {
	*line
	reader *StreamReader // nil: there is none
}

// line is what a writer writes to: it outlives a writer that was not closed.
type line struct {
	flow  *FlowControl // nil: there is no writer
	first asyncio.Transport
	now   atomic.Pointer[asyncio.Transport] // another one since StartTLS
}

// begin makes the line one over a transport.
func (l *line) begin(t asyncio.Transport, f *FlowControl) {
	if l.first == nil {
		l.first = t
	}
	l.flow = f
}

// same reports whether two transports are the same one. A user's may be one that cannot be
// compared.
func same(a, b asyncio.Transport) bool { return reflect.ValueOf(a).Comparable() && a == b }

// Transport returns the transport as it is now.
func (l *line) Transport() asyncio.Transport {
	if t := l.now.Load(); t != nil {
		return *t
	}
	return l.first
}

// NewStreamWriter puts a writer over a transport whose protocol embeds a
// FlowControl, as a StreamReaderProtocol does. r may be nil; else its exception is
// Drain's too. Any goroutine may call it. (asyncio.StreamWriter)
func NewStreamWriter(t asyncio.Transport, protocol FlowController, r *StreamReader) (*StreamWriter, error) {
	if t == nil || protocol == nil {
		return nil, invalid("NewStreamWriter", "the transport or the protocol is nil")
	}
	f := protocol.flow()
	return newWriter(t, f, r), nil
}

func newWriter(t asyncio.Transport, f *FlowControl, r *StreamReader) *StreamWriter {
	if r == nil {
		w := &StreamWriter{line: new(line)}
		w.begin(t, f)
		w.watch()
		return w
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writer.line == nil && (r.line.first == nil || same(r.line.first, t)) {
		w := &r.writer
		w.line, w.reader = &r.line, r
		w.begin(t, f)
		r.watch()
		return w
	}
	w := &StreamWriter{line: new(line), reader: r}
	w.begin(t, f)
	w.watch()
	r.other = w
	return w
}

// watch has the collector tell when the writer is dropped, as that of a reader does.
func (w *StreamWriter) watch() {
	if !asyncio.IsSimulated(w.flow.loop) {
		runtime.AddCleanup(w, (*line).dropped, w.line)
	}
}

// dropped says, once, that the writer was not closed, and closes the connection.
func (l *line) dropped() {
	if l.flow.isClosed() || l.flow.isLost() {
		return
	}
	if _, err := l.flow.loop.CallSoonThreadsafe(func() {
		if t := l.Transport(); !t.IsClosing() {
			l.warn("unclosed")
			_ = t.Close() // on its own loop it closes
		}
	}); err != nil {
		l.warn("loop is closed, unclosed")
	}
}

func (l *line) warn(what string) {
	t := l.Transport()
	slog.Warn(fmt.Sprintf("%s <StreamWriter transport=%v>", what, t), "sockname", t.LocalAddr(), "peername", t.RemoteAddr())
}

// Transport returns the transport: since StartTLS it is that of TLS. Any goroutine.
// (transport)
func (w *StreamWriter) Transport() asyncio.Transport { return w.line.Transport() }

// Write sends p, or buffers what the system does not take at once; p is the
// caller's again when it returns. It never waits: Drain now and then. It returns
// len(p) unless there is an error. (write)
func (w *StreamWriter) Write(p []byte) (int, error) { return w.Transport().Write(p) }

// WriteLines sends the pieces as one write. (writelines)
func (w *StreamWriter) WriteLines(pieces [][]byte) error { return w.Transport().WriteLines(pieces) }

// WriteEOF ends the stream once all that was written is sent; reading goes on.
// (write_eof)
func (w *StreamWriter) WriteEOF() error { return w.Transport().WriteEOF() }

// CanWriteEOF reports whether WriteEOF is possible. Any goroutine.
// (can_write_eof)
func (w *StreamWriter) CanWriteEOF() bool { return w.Transport().CanWriteEOF() }

// Close ends the connection once all that was written is sent, in both
// directions. Closing again is harmless. (close)
func (w *StreamWriter) Close() error {
	if err := w.Transport().Close(); err != nil {
		return err
	}
	w.flow.close()
	return nil
}

// IsClosing reports whether the connection is closing or closed. (is_closing)
func (w *StreamWriter) IsClosing() bool { return w.Transport().IsClosing() }

// GetExtraInfo returns what the transport knows under a name, nil for a name that
// it does not know. Any goroutine. (get_extra_info)
func (w *StreamWriter) GetExtraInfo(name string) any { return w.Transport().GetExtraInfo(name) }

// WaitClosed waits until the connection is lost, and returns the reason if there
// was one. It suspends or blocks: any goroutine. (wait_closed)
func (w *StreamWriter) WaitClosed(ctx context.Context) error { return w.flow.waitClosed(ctx) }

// Drain waits until the transport's buffer has fallen to its low mark, if it has
// risen above its high one. Any number may wait at once. It fails with the
// reader's exception if there is one, and with ErrConnectionLost if the connection
// is over. On a connection that is closing it gives way to the loop first, so that
// who writes and drains in turns learns of its end. It suspends or blocks: any
// goroutine. (drain)
func (w *StreamWriter) Drain(ctx context.Context) error {
	f := w.flow
	here, err := asyncio.ConsumeBudgetOn(ctx, f.loop)
	if !here || err != nil {
		return w.drainElsewhere(ctx, err)
	}
	r := w.reader
	if f.stuck.Load() || r != nil && r.fate.Load()&failed != 0 || w.Transport().IsClosing() {
		return w.drain(ctx)
	}
	return nil
}

// drain is Drain where there may be something to wait for, or to tell.
//
//go:noinline
func (w *StreamWriter) drain(ctx context.Context) error {
	if w.reader != nil && w.reader.fate.Load()&failed != 0 {
		return w.reader.exception()
	}
	return w.flow.drain(ctx, w.Transport())
}

// drainElsewhere is Drain for a goroutine that is no loop's, or of another one, or which
// has heard of its end: err says so.
//
//go:noinline
func (w *StreamWriter) drainElsewhere(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, asyncio.ErrWrongLoop):
		return opError("Drain", asyncio.ErrWrongLoop)
	case err != nil:
		return err
	}
	return w.inCoroutine(ctx, w.Drain)
}

// here reports whether the writer's loop is the running one; on another loop's goroutine
// it is an error.
func (w *StreamWriter) here(op string) (bool, error) {
	switch running, err := asyncio.GetRunningLoop(); {
	case err != nil:
		return false, nil
	case running != w.flow.loop && running != own(w.flow.loop):
		return false, opError(op, asyncio.ErrWrongLoop)
	}
	return true, nil
}

// inCoroutine runs f in a coroutine of the writer's loop, for a goroutine that is no loop's.
func (w *StreamWriter) inCoroutine(ctx context.Context, f func(ctx context.Context) error) error {
	done := asyncio.RunCoroutineThreadsafe(w.flow.loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f(ctx)
	})
	_, err := done.Await(ctx)
	if err != nil {
		done.Cancel() // in case it was ctx that ended
	}
	return err
}

// String describes the writer by its transport and its reader. It belongs to the
// loop, as the transport's does.
func (w *StreamWriter) String() string {
	if w.reader == nil {
		return fmt.Sprintf("<StreamWriter transport=%v>", w.Transport())
	}
	return fmt.Sprintf("<StreamWriter transport=%v reader=%v>", w.Transport(), w.reader)
}
