package transport

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// Why a file cannot be sent, or nothing else while one is.
var (
	ErrClosing     = errors.New("file for what is closing")
	ErrSendingFile = errors.New("a file is being sent")
)

// Transfer is a file on its way over a Stream, which it has for itself:
//
//	Transfer ──> draining ──> ready <──> sending ──> End
//
// What was written before goes first; what is written meanwhile is refused with
// ErrSendingFile. Nothing is received, and a protocol that was told to pause is told to
// go on only after the end, as with asyncio's. A Close or a WriteEOF in the middle takes effect
// at the end.
//
// Each of its steps ends by one call of the function that Transfer was given: how many
// bytes went, and why no more. It is called on the loop's goroutine, in the middle of the
// engine's work, and must return.
type Transfer struct {
	s      *Stream
	told   func(n int64, err error)
	waits  bool        // a step is under way
	file   engine.File // nil, or the engine is sending from it
	offset int64
	left   int64
	sent   int64 // what has gone of the file in this step,
	piece  int64 // or how long what Send was given is
}

// Transfer gives the stream to a file, until End. told hears when all that was written
// before has gone. The errors are ErrClosing, ErrAfterEOF and ErrSendingFile, and
// errors.ErrUnsupported of a pipe.
func (s *Stream) Transfer(told func(n int64, err error)) (*Transfer, error) {
	switch {
	case s.side != bothSides:
		return nil, errors.ErrUnsupported
	case s.closing:
		return nil, ErrClosing
	case s.eof:
		return nil, ErrAfterEOF
	case s.transfer != nil:
		return nil, ErrSendingFile
	}
	t := &Transfer{s: s, told: told, waits: true}
	s.transfer = t
	s.stream.StopReading()
	if !s.unsent() && s.transfer == t {
		s.queue = s.outside.Queue() // so that writes come by refuse
		t.step(0, nil)
	}
	return t, nil
}

// Sendfile has up to n bytes of a file sent, from offset on; fewer are sent if the file
// ends before. It must be ready.
func (t *Transfer) Sendfile(f engine.File, offset, n int64) {
	t.waits, t.sent, t.piece = true, 0, 0
	t.file, t.offset, t.left = f, offset, n
	t.next()
}

// next has the engine send on.
func (t *Transfer) next() {
	s := t.s
	if t.Over() {
		t.step(t.sent, ErrLost)
		return
	}
	s.sending = true
	if err := s.stream.Sendfile(t.file, t.offset, t.left); err != nil {
		s.sending, t.file = false, nil
		t.step(t.sent, err)
	}
}

// fileSent goes on after the engine has sent n bytes, none at the end of the file.
func (t *Transfer) fileSent(n int, err error) {
	t.offset += int64(n)
	t.left -= int64(n)
	t.sent += int64(n)
	if err == nil && n > 0 && t.left > 0 {
		t.next()
		return
	}
	t.file = nil
	t.step(t.sent, err)
}

// Send has p sent, what was read of a file by other means. It must be ready. If that
// fails, nothing of p counts.
func (t *Transfer) Send(p []byte) {
	s := t.s
	t.waits, t.sent, t.piece = true, 0, int64(len(p))
	if t.Over() {
		t.step(0, ErrLost)
		return
	}
	n, _, err := s.stream.Write(p)
	switch {
	case err != nil:
		s.writeFailed(err)
	case n == len(p) && !s.stream.Pending():
		t.step(t.piece, nil)
	default:
		s.queue.Append(p[n:])
		s.send()
	}
}

// step tells of the end of a step, once.
func (t *Transfer) step(n int64, err error) {
	if t.waits {
		t.waits = false
		t.told(n, err)
	}
}

// Sent is how much goes of the step that is under way if End comes now. What was given
// to Send goes wholly, unless the stream is lost.
func (t *Transfer) Sent() int64 {
	if t.Over() {
		return t.sent
	}
	return t.sent + t.piece
}

// Over reports whether the transfer has ended, by End or together with the stream.
func (t *Transfer) Over() bool { return t.s.transfer != t }

// End gives the stream back, from wherever the transfer is: what the engine was sending
// of a file is withdrawn, and nothing is told any more.
func (t *Transfer) End() {
	s := t.s
	t.waits = false
	if t.Over() {
		return
	}
	s.transfer = nil
	if t.file != nil {
		t.file = nil
		s.sending = false
		s.stream.StopSending()
	}
	if !s.sending {
		s.caughtUp(true)
	}
	s.outside.Later(StepGoOn, nil)
}

// goOn is what follows a transfer: the protocol hears that it may write, and gets what
// comes.
func (s *Stream) goOn() {
	if s.lost > 0 || s.transfer != nil {
		return
	}
	s.startReading()
	if s.lost == 0 {
		s.fell(s, s.Size())
	}
}

// dropTransfer ends a transfer together with the stream; reason may be nil.
func (s *Stream) dropTransfer(reason error) {
	if t := s.transfer; t != nil {
		if reason == nil {
			reason = ErrLost
		}
		s.transfer, t.file = nil, nil
		t.step(t.sent, reason)
	}
}
