package streams

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/go-asyncio/asyncio"
)

// StreamWriter writes to a connection. Close it: a writer that is dropped and not
// closed is reported as a warning when the collector finds it, and its connection
// closed; on a loop that is closed the warning says so.
//
// Unless a method says otherwise it belongs to the loop, as the methods of
// asyncio.Transport do; from elsewhere use a Conn. (asyncio.StreamWriter)
type StreamWriter struct {
	loop      asyncio.EventLoop
	transport asyncio.Transport
	flow      *FlowControl
	reader    *StreamReader
	cleanup   runtime.Cleanup
}

// NewStreamWriter puts a writer over a transport whose protocol embeds a
// FlowControl, as a StreamReaderProtocol does. r may be nil; else its exception is
// Drain's too. Any goroutine may call it. (asyncio.StreamWriter)
func NewStreamWriter(t asyncio.Transport, protocol FlowController, r *StreamReader) (*StreamWriter, error) {
	if t == nil || protocol == nil {
		return nil, invalid("NewStreamWriter", "the transport or the protocol is nil")
	}
	f := protocol.flow()
	return newWriter(t, f, r, f.loop), nil
}

func newWriter(t asyncio.Transport, f *FlowControl, r *StreamReader, loop asyncio.EventLoop) *StreamWriter {
	w := &StreamWriter{loop: loop, transport: t, flow: f, reader: r}
	if r != nil {
		r.mu.Lock()
		r.writer = w
		r.mu.Unlock()
	}
	w.cleanup = runtime.AddCleanup(w, (*dropped).report, &dropped{loop, t, f})
	return w
}

// dropped is what is left of a writer that was not closed.
type dropped struct {
	loop      asyncio.EventLoop
	transport asyncio.Transport
	flow      *FlowControl
}

// report says so, once, and closes the connection.
func (d *dropped) report() {
	if d.flow.isLost() {
		return
	}
	if _, err := d.loop.CallSoonThreadsafe(func() {
		if !d.transport.IsClosing() {
			d.warn("unclosed")
			_ = d.transport.Close() // on its own loop it closes
		}
	}); err != nil {
		d.warn("loop is closed, unclosed")
	}
}

func (d *dropped) warn(what string) {
	slog.Warn(fmt.Sprintf("%s <StreamWriter transport=%v>", what, d.transport),
		"sockname", d.transport.LocalAddr(), "peername", d.transport.RemoteAddr())
}

// Transport returns the transport. Any goroutine. (transport)
func (w *StreamWriter) Transport() asyncio.Transport { return w.transport }

// Write sends p, or buffers what the system does not take at once; p is the
// caller's again when it returns. It never waits: Drain now and then. It returns
// len(p) unless there is an error. (write)
func (w *StreamWriter) Write(p []byte) (int, error) { return w.transport.Write(p) }

// WriteLines sends the pieces as one write. (writelines)
func (w *StreamWriter) WriteLines(pieces [][]byte) error { return w.transport.WriteLines(pieces) }

// WriteEOF ends the stream once all that was written is sent; reading goes on.
// (write_eof)
func (w *StreamWriter) WriteEOF() error { return w.transport.WriteEOF() }

// CanWriteEOF reports whether WriteEOF is possible. Any goroutine.
// (can_write_eof)
func (w *StreamWriter) CanWriteEOF() bool { return w.transport.CanWriteEOF() }

// Close ends the connection once all that was written is sent, in both
// directions. Closing again is harmless. (close)
func (w *StreamWriter) Close() error {
	if err := w.transport.Close(); err != nil {
		return err
	}
	w.cleanup.Stop()
	return nil
}

// IsClosing reports whether the connection is closing or closed. (is_closing)
func (w *StreamWriter) IsClosing() bool { return w.transport.IsClosing() }

// GetExtraInfo returns what the transport knows under a name, nil for a name that
// it does not know. Any goroutine. (get_extra_info)
func (w *StreamWriter) GetExtraInfo(name string) any { return w.transport.GetExtraInfo(name) }

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
	running, err := asyncio.GetRunningLoop()
	switch {
	case err != nil:
		return w.drainOutside(ctx)
	case running != w.loop && running != own(w.loop):
		return opError("Drain", asyncio.ErrWrongLoop)
	}
	if w.reader != nil {
		if err := w.reader.Exception(); err != nil {
			return err
		}
	}
	if w.transport.IsClosing() {
		err = asyncio.Sleep(ctx, 0)
	} else {
		err = asyncio.ConsumeBudget(ctx)
	}
	if err != nil {
		return err
	}
	return w.flow.drain(ctx, w.transport)
}

// drainOutside has a coroutine drain for a goroutine that is no loop's.
func (w *StreamWriter) drainOutside(ctx context.Context) error {
	drained := asyncio.RunCoroutineThreadsafe(w.loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, w.Drain(ctx)
	})
	_, err := drained.Await(ctx)
	if err != nil {
		drained.Cancel() // in case it was ctx that ended
	}
	return err
}

// String describes the writer by its transport and its reader. It belongs to the
// loop, as the transport's does.
func (w *StreamWriter) String() string {
	if w.reader == nil {
		return fmt.Sprintf("<StreamWriter transport=%v>", w.transport)
	}
	return fmt.Sprintf("<StreamWriter transport=%v reader=%v>", w.transport, w.reader)
}
