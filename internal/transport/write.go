package transport

import (
	"errors"
	"slices"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/invariants"
)

// Why a write is refused.
var (
	ErrAfterEOF = errors.New("write after the end of writing")
	ErrLost     = errors.New("write to what is lost")
	ErrReadSide = errors.New("write to a pipe that is read")
	ErrNoEOF    = errors.New("end of writing of what can only be closed")
)

// gatherLimit is how many pieces of a queue one vectored write takes at most:
// as many as a system call does.
const gatherLimit = 64

// writeFailed ends the stream because of an error of writing.
func (s *Stream) writeFailed(err error) {
	s.dropTransfer(err)
	s.fail(s, s.side.failed("write"), err)
}

// Write sends p, at once as far as the system takes it, and queues the rest. It returns
// len(p) unless there is an error: ErrAfterEOF, ErrLost, ErrReadSide, or what the system
// said, which is the end.
func (s *Stream) Write(p []byte) (int, error) {
	if s.queue != nil || s.lost > 0 || s.eof || len(p) == 0 {
		return s.writeLater(p)
	}
	n, held, err := s.stream.Write(p)
	if n == len(p) {
		if held > s.marks.high {
			s.holds()
		}
		return n, nil
	}
	if err != nil {
		s.writeFailed(err)
		return n, err
	}
	s.enqueue(p[n:])
	return len(p), nil
}

// writeLater is Write when the engine is not free to take p.
func (s *Stream) writeLater(p []byte) (int, error) {
	if err := s.refuse(len(p)); err != nil || len(p) == 0 {
		return 0, err
	}
	s.enqueue(p)
	return len(p), nil
}

// refuse says why n bytes cannot be written, if they cannot.
func (s *Stream) refuse(n int) error {
	switch {
	case s.side == readSide:
		return ErrReadSide
	case s.eof:
		return ErrAfterEOF
	case n == 0:
		return nil
	case s.lost > 0:
		s.lost++
		return ErrLost
	case s.closing && s.side == writeSide:
		return ErrLost
	case s.transfer != nil:
		return ErrSendingFile
	}
	return nil
}

// LateWrites is how many writes were refused by ErrLost.
func (s *Stream) LateWrites() int { return max(0, int(s.lost)-1) }

// WriteVec is Write for several pieces, as one.
func (s *Stream) WriteVec(pieces [][]byte) error {
	total := 0
	for _, p := range pieces {
		total += len(p)
	}
	if err := s.refuse(total); err != nil || total == 0 {
		return err
	}
	if s.queue == nil {
		n, err := s.stream.WriteVec(pieces)
		if err != nil {
			s.writeFailed(err)
			return err
		}
		if n == total {
			s.holds()
			return nil
		}
		pieces = after(pieces, n)
	}
	s.enqueue(pieces...)
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

// WriteEOF ends the sending side once all is sent. That of a pipe is all there is of it.
func (s *Stream) WriteEOF() error {
	switch {
	case s.side == readSide:
		return ErrReadSide
	case s.side == duplexSide:
		return ErrNoEOF
	case s.closing || s.eof:
		return nil
	}
	s.eof = true
	if s.side == writeSide {
		s.Close()
		return nil
	}
	if s.unsent() || s.lost > 0 {
		return nil
	}
	return s.closeWrite()
}

// closeWrite ends the sending side. A peer that is gone already is no failure:
// reading tells.
func (s *Stream) closeWrite() error {
	err := s.stream.CloseWrite()
	if err == nil || errors.As(err, new(syscall.Errno)) {
		return nil
	}
	s.writeFailed(err)
	return err
}

// Size is how much was written and the system does not have yet.
func (s *Stream) Size() int {
	n := s.stream.Held()
	if s.queue != nil {
		n += s.queue.Len()
	}
	return n
}

// Sending reports whether there is something queued that the engine is to send.
func (s *Stream) Sending() bool { return s.sending }

// Limits returns the marks of flow control.
func (s *Stream) Limits() (low, high int) { return s.marks.low, s.marks.high }

// SetLimits replaces the marks of flow control by what Limits works out. It reports
// false, and changes nothing, if high would be below low.
func (s *Stream) SetLimits(high, low int) bool {
	switch {
	case !s.limit(high, low):
		return false
	case s.lost > 0: // nothing goes any more, and nobody is told of what is not sent
	case s.queue == nil:
		s.holds()
	default:
		s.rose(s, s.Size())
	}
	return true
}

// holds has the protocol pause if the engine holds too much of what it has taken until the
// end of the pass, and sees to it that the end of that is known.
func (s *Stream) holds() {
	if s.stream.Held() > s.marks.high && !s.writingPaused && s.unsent() {
		s.rose(s, s.Size())
	}
}

// enqueue queues a copy of each piece and sees to it that they are sent.
func (s *Stream) enqueue(pieces ...[]byte) {
	if s.queue == nil {
		s.queue = s.outside.Queue()
	}
	for _, p := range pieces {
		s.queue.Append(p)
	}
	if s.send() {
		s.rose(s, s.Size())
	}
}

// send has the queue sent. It reports false if that was the end.
func (s *Stream) send() bool {
	if s.sending {
		return true
	}
	s.sending = true
	if err := s.stream.Send(); err != nil {
		s.sending = false
		s.writeFailed(err)
		return false
	}
	return true
}

// Outgoing implements engine.StreamHandler.
func (s *Stream) Outgoing(vec [][]byte) [][]byte { return s.queue.Gather(vec, gatherLimit) }

// Sent implements engine.StreamHandler.
func (s *Stream) Sent(n int, err error) {
	s.sending = false
	if t := s.transfer; t != nil && t.file != nil {
		t.fileSent(n, err)
		return
	}
	if err != nil {
		s.writeFailed(err)
		return
	}
	s.queue.Discard(n)
	if s.transfer != nil {
		s.afterSent(false)
		return
	}
	returned := false
	defer func() { // should the protocol not return from being told to go on
		if !returned {
			s.afterSent(true)
		}
	}()
	s.fell(s, s.Size()) // may write, close or abort
	returned = true
	s.afterSent(false)
}

// afterSent goes on when something was sent and the protocol knows it. exiting: a Goexit is
// under way, in which the protocol is told nothing more.
func (s *Stream) afterSent(exiting bool) {
	if s.lost > 0 {
		return
	}
	if s.queue.Len() > 0 {
		s.send()
		return
	}
	if t := s.transfer; t != nil {
		t.step(t.piece, nil)
		return
	}
	invariants.Check(!s.writingPaused || s.stream.Held() > s.marks.low, "a protocol whose bytes are sent was told to go on")
	s.caughtUp(exiting)
}

// caughtUp ends the time in which something was to be sent. If that is the end of the
// stream, too, it comes now or in a step of its own.
func (s *Stream) caughtUp(later bool) {
	s.queue.Release()
	s.queue = nil
	switch {
	case s.closing:
		s.lost++
		if later {
			s.outside.Later(StepLost, nil)
		} else {
			s.end(s, nil)
		}
	case s.eof:
		_ = s.closeWrite() // it has ended the stream, and told
	}
}

// Unsent implements engine.StreamHandler: what the system did not take goes before
// what was written since.
func (s *Stream) Unsent(rest []byte, err error) {
	s.sending = false
	if err != nil {
		s.writeFailed(err)
		return
	}
	if s.lost > 0 {
		return
	}
	later := s.queue
	s.queue = s.outside.Queue()
	s.queue.Append(rest)
	if later != nil {
		move(s.queue, later)
	}
	if s.send() {
		s.rose(s, s.Size())
	}
}

// move appends what a queue holds to another, and gives it back.
func move(to, from *buffers.Queue) {
	for from.Len() > 0 {
		n := 0
		for _, p := range from.Gather(nil, gatherLimit) {
			to.Append(p)
			n += len(p)
		}
		from.Discard(n)
	}
	from.Release()
}

// unsent implements body: the end of what the engine has taken is made known by Sent.
func (s *Stream) unsent() bool {
	if s.queue == nil && s.stream.Pending() {
		s.queue = s.outside.Queue()
		s.send()
	}
	return s.queue != nil
}

// drop implements body.
func (s *Stream) drop() {
	if s.sending {
		s.sending = false
		s.stream.StopSending()
		s.queue.Forget() // the engine may still read it
	}
	if s.queue != nil {
		s.queue.Release()
		s.queue = nil
	}
	s.dropTransfer(nil)
}
