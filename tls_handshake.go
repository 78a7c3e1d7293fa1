package asyncio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// tlsStart is a handshake. It runs in a task of its own, so that the callbacks of the
// configuration may wait, and one sees who waits for what.
type tlsStart struct {
	protocol Protocol
	met      func(error) // hears how it has ended; or nil
	waiter   Waiter      // until something comes
	ctx      context.Context
	task     *Task[struct{}]
	err      error
	lost     error // why there is nothing below any more
}

// begin begins the handshake upon what is below.
func (t *tlsTransport) begin(below underTLS) {
	s := t.start
	t.below = below
	t.layer.Init((*tlsOutside)(t), below, s.protocol, t.setup.forHandshake(t.loop))
	t.after(t.setup.handshake, handshakeTimeout(t.setup.handshake))
	s.err = ErrGoexit
	s.task = CreateTask(t.loop.self, func(ctx context.Context) (struct{}, error) {
		s.ctx = ctx
		s.err = t.layer.Handshake(context.WithoutCancel(ctx))
		return struct{}{}, nil
	}, WithName("TLS handshake"))
	s.task.AddDoneCallback(func(task *Task[struct{}]) {
		if err := task.Exception(); err != nil {
			s.err = err
		}
		t.handshaken(s)
	})
}

// after aborts the transport after d, unless it is over before or something else is timed.
func (t *tlsTransport) after(d time.Duration, reason error) {
	t.timer.Cancel()
	t.timer = t.loop.scheduleAt(t.loop.core.Later(d), callback(func() { t.abort(reason) }), 0)
}

// lostInHandshake is the end of what is below before that of the handshake, whatever that
// waits for: a callback of the configuration's is cancelled.
func (t *tlsTransport) lostInHandshake(reason error) {
	s := t.start
	if s.lost = reason; reason == nil {
		s.lost = tlsconn.ErrClosed
	}
	t.layer.Lost(reason)
	if s.task == nil { // it could not begin, or is over
		t.handshaken(s)
		return
	}
	s.task.Cancel("the connection is lost")
}

// handshaken is the end of the handshake.
func (t *tlsTransport) handshaken(s *tlsStart) {
	if s.err == nil && s.lost == nil && t.below.Closing() {
		s.task = nil // the end of what is below, which is coming, is the handshake's, too
		return
	}
	t.start = nil
	if s.lost != nil {
		s.err = s.lost
	}
	if s.err != nil {
		t.notStarted(s)
		return
	}
	t.timer.Cancel()
	t.below.SetLimits(tlsHighWater, tlsLowWater)
	t.layer.SetProtocol(s.protocol)
	if t.made { // an upgrade: who has asked for it opens the layer, once it has the transport
		s.met(nil)
		return
	}
	t.layer.Open()
	if s.met != nil {
		s.met(nil) // who waits goes on in a later pass
	}
	t.made = true
	t.guarded("ConnectionMade", func() { s.protocol.ConnectionMade(t) })
	if t.full {
		t.tell("pause_writing", Protocol.PauseWriting)
	}
	t.deliver()
}

// deliver begins to deliver what has come since the end of the handshake.
func (t *tlsTransport) deliver() { t.guarded("DataReceived", t.layer.Begin) }

// notStarted is the end of a handshake that has failed. What it has to say to the peer still
// goes; a server that has failed by itself is told of.
func (t *tlsTransport) notStarted(s *tlsStart) {
	err := handshakeError(s.err)
	why := whyNotStarted(err)
	if !t.released.Load() {
		if t.failure = err; why == peerFailed {
			t.below.Close()
			t.after(t.setup.shutdown, err)
		} else {
			t.below.Abort(err)
		}
	}
	switch {
	case s.met != nil:
		s.met(err)
	case why == peerFailed:
		t.noteHandshake(err)
	case why == programFailed:
		t.loop.reportExit(err, ExceptionContext{Message: "Error on transport creation for incoming connection", Protocol: s.protocol, Transport: t})
	}
}

// notStartedWhy is whose doing it is that there is no TLS.
type notStartedWhy uint8

const (
	peerFailed    notStartedWhy = iota // or the network
	programFailed                      // it does not return where it should
	programEnded                       // it has closed the connection, or cancelled the handshake
)

// whyNotStarted tells whose doing an error is.
func whyNotStarted(err error) notStartedWhy {
	switch {
	case errors.As(err, new(*PanicError)), errors.Is(err, ErrGoexit):
		return programFailed
	case errors.Is(err, net.ErrClosed), errors.As(err, new(*CancelledError)):
		return programEnded
	}
	return peerFailed
}

// noteHandshake tells of a client that a server could not agree with: in debug mode as
// asyncio does, else in the log.
func (t *tlsTransport) noteHandshake(err error) {
	if t.loop.GetDebug() {
		t.loop.report(ExceptionContext{Message: "Error on transport creation for incoming connection", Err: err, Transport: t})
		return
	}
	const failed = "TLS handshake failed"
	if t.loop.mayReport(failed, func(more string) { t.loop.logger().Info(failed + " " + more) }) {
		t.loop.logger().Info(failed, "peer", fmt.Sprint(t.RemoteAddr()), "error", err.Error())
	}
}

// handshakeError puts the loop's words to why there is no TLS.
func handshakeError(err error) error {
	switch err {
	case tlsconn.ErrEndedInHandshake:
		return fmt.Errorf("%w: %w", err, errConnReset)
	case tlsconn.ErrClosed:
		return fmt.Errorf("%w in the TLS handshake", net.ErrClosed)
	}
	return err
}

// tlsTimeout is the error of a peer that does not answer.
type tlsTimeout struct {
	text string
	is   []error
}

// Error describes the error.
func (e *tlsTimeout) Error() string { return e.text }

// Timeout is true, as net.Error wants it.
func (e *tlsTimeout) Timeout() bool { return true }

// Temporary is false: the connection is over.
func (e *tlsTimeout) Temporary() bool { return false }

// Unwrap returns what it is besides.
func (e *tlsTimeout) Unwrap() []error { return e.is }

// handshakeTimeout is the error of a handshake that takes longer than d.
func handshakeTimeout(d time.Duration) error {
	return &tlsTimeout{
		fmt.Sprintf("SSL handshake is taking longer than %v seconds: aborting the connection", d.Seconds()),
		[]error{ErrTimeout, errConnAborted},
	}
}

// shutdownTimeout is the error of a peer that does not say close_notify.
func shutdownTimeout() error { return &tlsTimeout{"SSL shutdown timed out", []error{ErrTimeout}} }
