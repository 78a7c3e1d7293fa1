package asyncio

import (
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// streamTransport is a connection over an engine's stream. It is the same for
// every engine.
//
// # Life
//
//	made ──> reading <──> paused          Close    ──> closing, until the buffer is sent
//	  │         │                         Abort    ──> lost
//	  └─────────┴──> closing ──> lost     an error ──> lost
//
// lost counts: it is 1 from the moment at which the step that calls
// ConnectionLost is scheduled, so that this happens once, and grows with every
// write that comes too late. Until that step has run the descriptor stays open,
// so that its number means nothing else while the protocol still uses it.
//
// # Writing
//
// With nothing buffered a write goes straight to the stream. What the system
// does not take is copied to the queue, and one Send is under way for as long
// as there is a queue. An idle connection has no queue.
type streamTransport struct {
	loop     *baseLoop
	stream   engine.Stream
	protocol Protocol
	lender   BufferedProtocol // the protocol, if it lends the memory to read into
	server   *Server
	queue    *buffers.Queue // nil when nothing waits
	flow     flowControl
	lost     int

	prev, next *streamTransport // in loopNet

	local, remote sock.Addr

	closing  bool
	paused   bool // reading
	ended    bool // the peer's end of stream was read
	eof      bool // WriteEOF was called
	sending  bool // a Send is under way
	released bool
}

// lateWrites is which write to a lost connection is warned of: the fifth, as in asyncio,
// and no other; the rest are counted, and told of when the connection is let go of, or for
// those that come later when the loop is closed.
const lateWrites = 5

var errEmptyBuffer = errors.New("GetBuffer() returned an empty buffer")

// newStreamTransport makes the transport of a connected descriptor, which is
// the transport's from then on, and schedules its start: ConnectionMade, then
// reading, then done if it is not nil. remote may be the zero Addr. Loop only.
func newStreamTransport(l *baseLoop, fd uintptr, p Protocol, server *Server, remote sock.Addr, done engine.Completer) (*streamTransport, error) {
	t := &streamTransport{loop: l, server: server, remote: remote}
	t.flow.reset()
	stream, err := l.eng.Stream(fd, t)
	if err != nil {
		return nil, err
	}
	t.stream = stream
	t.adopt(p)
	sockets := l.eng.Sockets()
	t.local, _ = sockets.LocalAddr(fd)
	if !remote.IsValid() {
		t.remote, _ = sockets.RemoteAddr(fd)
	}
	if f := t.local.Family(); f == sock.Inet4 || f == sock.Inet6 {
		_ = sockets.SetOption(fd, engine.NoDelay, true) // a connection that is gone already says so when read
	}
	l.netState.add(t)
	l.schedule((*streamStep)(t), stepMade)
	l.schedule((*streamStep)(t), stepRead)
	if done != nil {
		l.schedule(done, 0)
	}
	return t, nil
}

// streamStep is the transport as work of the loop's.
type streamStep streamTransport

const (
	stepMade uint64 = iota // call ConnectionMade
	stepRead               // begin to receive
	stepLost               // call ConnectionLost, after an orderly end
)

func (s *streamStep) Complete(step uint64) {
	t := (*streamTransport)(s)
	switch step {
	case stepMade:
		t.made()
	case stepRead:
		t.startReading()
	case stepLost:
		t.connectionLost(nil)
	}
}

func (s *streamStep) callbackName() string { return (*streamTransport)(s).String() }

func (t *streamTransport) made() {
	if t.released {
		return
	}
	done := false
	defer t.rescue("ConnectionMade", &done)
	t.protocol.ConnectionMade(t)
	done = true
}

// adopt makes p the protocol.
func (t *streamTransport) adopt(p Protocol) {
	t.protocol = p
	t.lender, _ = p.(BufferedProtocol)
	t.stream.UseReadBuffer(t.lender != nil)
}

// startReading receives, if that is what is wanted.
func (t *streamTransport) startReading() {
	if t.closing || t.paused || t.ended {
		return
	}
	if err := t.stream.StartReading(); err != nil {
		t.fatal(err, "Fatal error on transport")
	}
}

// ReadBuffer implements engine.StreamHandler. If the protocol fails, the
// connection is lost and the stream stopped, which tells the engine not to read.
func (t *streamTransport) ReadBuffer() (buf []byte) {
	done := false
	defer t.rescue("GetBuffer", &done)
	buf = t.lender.GetBuffer(-1)
	done = true
	if len(buf) == 0 {
		t.fatal(errEmptyBuffer, "Fatal error: protocol.GetBuffer() call failed.")
		return nil
	}
	return buf
}

// Received implements engine.StreamHandler.
func (t *streamTransport) Received(p []byte) {
	done := false
	defer func() { // every message comes by here: recover is not called for nothing
		if !done {
			t.receiveFailed(recover())
		}
	}()
	if t.lender != nil {
		t.lender.BufferUpdated(len(p))
	} else {
		t.protocol.DataReceived(p)
	}
	done = true
}

func (t *streamTransport) receiveFailed(panicked any) {
	if t.lender != nil {
		t.failed("BufferUpdated", panicked)
	} else {
		t.failed("DataReceived", panicked)
	}
}

// ReadEOF implements engine.StreamHandler.
func (t *streamTransport) ReadEOF() {
	t.ended = true
	done := false
	defer t.rescue("EOFReceived", &done)
	t.debugf("received EOF")
	stays := t.protocol.EOFReceived()
	done = true
	if !stays {
		t.close()
	}
}

// ReadFailed implements engine.StreamHandler.
func (t *streamTransport) ReadFailed(err error) {
	t.fatal(err, "Fatal read error on socket transport")
}

// rescue is deferred around each call of the protocol: a panic or a Goexit is the end of
// the connection, not of the loop. done says that the call has returned.
func (t *streamTransport) rescue(call string, done *bool) {
	if !*done {
		t.failed(call, recover())
	}
}

// failed takes what a call of the protocol panicked with, nil if it left by Goexit.
func (t *streamTransport) failed(call string, panicked any) {
	message := "Fatal error: protocol." + call + "() call failed."
	if panicked == nil {
		if t.loop.exitNoted { // it came out of another function of the protocol's, or of the handler
			t.forceClose(ErrGoexit)
			return
		}
		t.loop.noteExit(ErrGoexit)
		t.fatal(ErrGoexit, message)
		return
	}
	if err, ok := panicked.(error); ok && isFatal(err) {
		t.loop.fail(err)
		return
	}
	t.fatal(&PanicError{panicked, debug.Stack()}, message)
}

// fatal ends the connection with an error, and then tells. What the system says about a
// connection is nobody's mistake and is not reported, except in debug mode.
func (t *streamTransport) fatal(err error, message string) {
	p := t.protocol
	t.forceClose(err)
	if isSystemError(err) {
		t.debugf("%s: %v", message, err)
	} else {
		t.loop.handle(ExceptionContext{Message: message, Err: err, Transport: t, Protocol: p})
	}
}

// isSystemError tells the system's errors from mistakes of the program's.
func isSystemError(err error) bool {
	if p := (*PanicError)(nil); errors.As(err, &p) {
		return false
	}
	var e syscall.Errno
	return errors.As(err, &e)
}

// forceClose ends the connection at once; what is buffered is dropped.
func (t *streamTransport) forceClose(err error) {
	if t.lost > 0 {
		return
	}
	if !t.closing {
		t.closing = true
		t.stream.StopReading()
	}
	t.dropQueue()
	t.lost++
	if err == nil {
		t.loop.schedule((*streamStep)(t), stepLost)
		return
	}
	t.loop.schedule(callback(func() { t.connectionLost(err) }), 0)
}

// dropQueue forgets what is not sent yet.
func (t *streamTransport) dropQueue() {
	if t.sending {
		t.sending = false
		t.stream.StopSending()
		t.queue.Forget() // the engine may still read it
	}
	if t.queue != nil {
		t.queue.Release()
		t.queue = nil
	}
}

// close is Close on the loop.
func (t *streamTransport) close() {
	if t.closing {
		return
	}
	t.closing = true
	t.stream.StopReading()
	if !t.awaitSent() {
		t.lost++
		t.loop.schedule((*streamStep)(t), stepLost)
	}
}

// connectionLost is the last step.
func (t *streamTransport) connectionLost(reason error) {
	if t.released {
		return
	}
	p := t.protocol
	err := ErrGoexit // should the protocol not return
	defer func() {
		t.release()
		if err != nil && !isFatal(err) {
			t.loop.handleExit(err, ExceptionContext{
				Message: "Fatal error: protocol.ConnectionLost() call failed.", Transport: t, Protocol: p,
			})
		}
	}()
	err = t.loop.guard(func() { p.ConnectionLost(reason) })
}

// release lets go of everything.
func (t *streamTransport) release() {
	t.released = true
	t.dropQueue()
	failed := t.stream.Close()
	t.protocol, t.lender = nil, nil
	t.loop.netState.remove(t)
	if s := t.server; s != nil {
		t.server = nil
		s.detach()
	}
	if failed != nil {
		t.debugf("close: %v", failed)
	}
	t.loop.tellLateWrites(t.lost-lateWrites-1, t.String())
}

func (t *streamTransport) debugf(format string, args ...any) {
	if t.loop.GetDebug() {
		t.loop.logger().Debug(fmt.Sprintf("%v ", t) + fmt.Sprintf(format, args...))
	}
}

// String describes the transport by its state.
func (t *streamTransport) String() string {
	s := "<StreamTransport"
	switch {
	case t.released:
		s += " closed"
	case t.closing:
		s += " closing"
	}
	s += fmt.Sprintf(" fd=%d", t.stream.FD())
	if t.loop.IsClosed() || t.released {
		return s + ">"
	}
	read, write := "idle", "idle"
	if t.reading() {
		read = "polling"
	}
	if t.sending {
		write = "polling"
	}
	return s + fmt.Sprintf(" read=%s write=<%s, bufsize=%d>>", read, write, t.size())
}

// size is how much was written and the system does not have yet.
func (t *streamTransport) size() int {
	n := t.stream.Held()
	if t.queue != nil {
		n += t.queue.Len()
	}
	return n
}

func (t *streamTransport) reading() bool { return !t.closing && !t.paused }

// LocalAddr implements Transport.
func (t *streamTransport) LocalAddr() net.Addr { return t.local.NetAddr(sock.Stream) }

// RemoteAddr implements Transport.
func (t *streamTransport) RemoteAddr() net.Addr { return t.remote.NetAddr(sock.Stream) }

// GetExtraInfo implements Transport.
func (t *streamTransport) GetExtraInfo(name string) any {
	switch name {
	case "socket":
		return t.stream.FD()
	case "sockname":
		return t.local.NetAddr(sock.Stream)
	case "peername":
		return t.remote.NetAddr(sock.Stream)
	}
	return nil
}
