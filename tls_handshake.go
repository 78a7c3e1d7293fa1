package asyncio

import (
	"context"
	"errors"
	"fmt"
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
	err      error
}

// begin begins the handshake upon what is below.
func (t *tlsTransport) begin(below underTLS) {
	s := t.start
	t.below = below
	t.layer.Init((*tlsOutside)(t), below, s.protocol, t.setup.config)
	t.after(t.setup.handshake, handshakeTimeout(t.setup.handshake))
	task := CreateTask(t.loop.self, func(ctx context.Context) (struct{}, error) {
		s.ctx = ctx
		s.err = ErrGoexit
		s.err = t.layer.Handshake(context.WithoutCancel(ctx))
		return struct{}{}, nil
	}, WithName("TLS handshake"))
	task.AddDoneCallback(func(task *Task[struct{}]) {
		if err := task.Exception(); err != nil {
			s.err = err
		}
		t.handshaken(s)
	})
}

// after aborts the transport after d, unless it is over before or something else is timed.
func (t *tlsTransport) after(d time.Duration, reason error) {
	t.timer.Cancel()
	t.timer = t.loop.scheduleAt(t.loop.core.Later(d), callback(func() { t.below.Abort(reason) }), 0)
}

// handshaken is the end of the handshake.
func (t *tlsTransport) handshaken(s *tlsStart) {
	t.start = nil
	if !t.released.Load() {
		t.layer.SetProtocol(s.protocol)
	}
	if s.err != nil {
		t.notStarted(s)
		return
	}
	t.timer.Cancel()
	t.below.SetLimits(tlsHighWater, tlsLowWater)
	if !t.made {
		t.made = true
		t.guarded("ConnectionMade", func() { s.protocol.ConnectionMade(t) })
	}
	if s.met != nil {
		s.met(nil)
	}
	t.guarded("DataReceived", t.layer.Begin)
}

// notStarted is the end of a handshake that has failed. What it has to say to the peer still
// goes; a server that has failed by itself is told of.
func (t *tlsTransport) notStarted(s *tlsStart) {
	err := handshakeError(s.err)
	if !t.released.Load() {
		if t.failure = err; isTLSFailure(err) {
			t.below.Close()
			t.after(t.setup.shutdown, err)
		} else {
			t.below.Abort(err)
		}
	}
	switch {
	case s.met != nil:
		s.met(err)
	case isTLSFailure(err):
		t.noteHandshake(err)
	default:
		t.loop.reportExit(err, ExceptionContext{Message: "Error on transport creation for incoming connection", Protocol: s.protocol, Transport: t})
	}
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
	if errors.Is(err, tlsconn.ErrEndedInHandshake) {
		return fmt.Errorf("%w: %w", err, errConnReset)
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
