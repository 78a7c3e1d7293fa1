package asyncio

import (
	"fmt"
	"net"
	"slices"
)

// gatherLimit is how many pieces of a queue one vectored write takes at most:
// as many as a system call does.
const gatherLimit = 64

// Write implements Transport.
func (t *streamTransport) Write(p []byte) (int, error) {
	if t.loop.core.InBody() { // a callback of the loop's
		return t.write(p)
	}
	held, err := t.loop.own("Write")
	if err != nil {
		return 0, err
	}
	if held {
		defer t.loop.leave()
	}
	return t.write(p)
}

func (t *streamTransport) write(p []byte) (int, error) {
	if t.queue != nil || t.lost > 0 || t.eof || len(p) == 0 {
		return t.writeLater(p)
	}
	n, held, err := t.stream.Write(p)
	if n == len(p) {
		if held > t.flow.high {
			t.holds()
		}
		return n, nil
	}
	if err != nil {
		return n, t.writeFailed(err)
	}
	t.enqueue(p[n:])
	return len(p), nil
}

// writeLater is Write when the stream is not free to take p.
func (t *streamTransport) writeLater(p []byte) (int, error) {
	if err := t.refuseWrite(len(p)); err != nil || len(p) == 0 {
		return 0, err
	}
	t.enqueue(p)
	return len(p), nil
}

// refuseWrite says why n bytes cannot be written, if they cannot.
func (t *streamTransport) refuseWrite(n int) error {
	if t.eof {
		return opError("Write", fmt.Errorf("%w: cannot call write() after write_eof()", ErrInvalidState))
	}
	if n == 0 || t.lost == 0 {
		return nil
	}
	t.lost++
	switch {
	case t.lost == lateWrites+1:
		t.loop.logger().Warn("socket.send() raised exception.", "transport", t.String())
	case t.lost > lateWrites+1 && t.released:
		t.loop.netState.late++
	}
	return opError("Write", net.ErrClosed)
}

// tellLateWrites says how often a lost connection was written to after the warning, of
// which there is one for each connection, whoever goes on to write.
func (l *baseLoop) tellLateWrites(more int, to string) {
	if more > 0 {
		l.logger().Warn(fmt.Sprintf("socket.send() raised exception %d more times.", more), "transport", to)
	}
}

func (t *streamTransport) writeFailed(err error) error {
	t.fatal(err, "Fatal write error on socket transport")
	return opError("Write", err)
}

// holds has the protocol pause if the stream holds too much of what it has taken until the
// end of the pass, and sees to it that the end of that is known.
func (t *streamTransport) holds() {
	if t.stream.Held() > t.flow.high && !t.flow.paused && t.awaitSent() {
		t.flow.rose(t.loop, t.size(), t.protocol, t)
	}
}

// enqueue buffers a copy of each piece and sees to it that they are sent.
func (t *streamTransport) enqueue(pieces ...[]byte) {
	if t.queue == nil {
		t.queue = t.loop.netState.pool.Take()
	}
	for _, p := range pieces {
		t.queue.Append(p)
	}
	if !t.send() {
		return
	}
	t.flow.rose(t.loop, t.size(), t.protocol, t)
}

// send has the queue sent. It reports false if that was the end of the
// connection.
func (t *streamTransport) send() bool {
	if t.sending {
		return true
	}
	t.sending = true
	if err := t.stream.Send(); err != nil {
		t.sending = false
		t.fatal(err, "Fatal write error on socket transport")
		return false
	}
	return true
}

// Outgoing implements engine.StreamHandler.
func (t *streamTransport) Outgoing(vec [][]byte) [][]byte { return t.queue.Gather(vec, gatherLimit) }

// Sent implements engine.StreamHandler.
func (t *streamTransport) Sent(n int, err error) {
	t.sending = false
	if err != nil {
		t.fatal(err, "Fatal write error on socket transport")
		return
	}
	t.queue.Discard(n)
	done := false
	defer func() { // should the protocol not return from being told to go on
		if !done {
			t.afterSent(true)
		}
	}()
	t.flow.fell(t.loop, t.size(), t.protocol, t) // may write, close or abort
	done = true
	t.afterSent(false)
}

// afterSent goes on when something was sent and the protocol knows it. exiting: a Goexit is
// under way, in which the protocol is told nothing more.
func (t *streamTransport) afterSent(exiting bool) {
	if t.lost > 0 {
		return
	}
	if t.queue.Len() > 0 {
		t.send()
		return
	}
	t.queue.Release()
	t.queue = nil
	switch {
	case t.closing:
		t.lost++
		if exiting {
			t.loop.schedule((*streamStep)(t), stepLost)
		} else {
			t.connectionLost(nil)
		}
	case t.eof:
		t.closeWrite()
	}
}

// Unsent implements engine.StreamHandler: what the system did not take goes before
// what was written since.
func (t *streamTransport) Unsent(rest []byte, err error) {
	t.sending = false
	if err != nil {
		t.fatal(err, "Fatal write error on socket transport")
		return
	}
	if t.lost > 0 {
		return
	}
	later := t.queue
	t.queue = t.loop.netState.pool.Take()
	t.queue.Append(rest)
	if later != nil {
		for later.Len() > 0 {
			n := 0
			for _, p := range later.Gather(nil, gatherLimit) {
				t.queue.Append(p)
				n += len(p)
			}
			later.Discard(n)
		}
		later.Release()
	}
	if t.send() {
		t.flow.rose(t.loop, t.size(), t.protocol, t)
	}
}

// awaitSent makes the end of what the stream has taken known by Sent, and reports
// whether there is anything to wait for.
func (t *streamTransport) awaitSent() bool {
	if t.queue == nil && t.stream.Pending() {
		t.queue = t.loop.netState.pool.Take()
		t.send()
	}
	return t.queue != nil
}

// WriteLines implements Transport.
func (t *streamTransport) WriteLines(pieces [][]byte) error {
	held, err := t.loop.own("WriteLines")
	if err != nil {
		return err
	}
	if held {
		defer t.loop.leave()
	}
	total := 0
	for _, p := range pieces {
		total += len(p)
	}
	if err := t.refuseWrite(total); err != nil || total == 0 {
		return err
	}
	if t.queue == nil {
		n, err := t.stream.WriteVec(pieces)
		if err != nil {
			return t.writeFailed(err)
		}
		if n == total {
			t.holds()
			return nil
		}
		pieces = after(pieces, n)
	}
	t.enqueue(pieces...)
	return nil
}

// after returns pieces without their first n bytes.
func after(pieces [][]byte, n int) [][]byte {
	for i, p := range pieces {
		if n < len(p) {
			rest := slices.Clone(pieces[i:])
			rest[0] = p[n:]
			return rest
		}
		n -= len(p)
	}
	return nil
}

// WriteEOF implements Transport.
func (t *streamTransport) WriteEOF() error {
	held, err := t.loop.own("WriteEOF")
	if err != nil {
		return err
	}
	if held {
		defer t.loop.leave()
	}
	if t.closing || t.eof {
		return nil
	}
	t.eof = true
	if !t.awaitSent() {
		return t.closeWrite()
	}
	return nil
}

// closeWrite ends the sending side. A peer that is gone already is no failure:
// reading tells.
func (t *streamTransport) closeWrite() error {
	if err := t.stream.CloseWrite(); err != nil && !isSystemError(err) {
		t.fatal(err, "Fatal write error on socket transport")
		return opError("WriteEOF", err)
	}
	return nil
}

// CanWriteEOF implements Transport.
func (t *streamTransport) CanWriteEOF() bool { return true }
