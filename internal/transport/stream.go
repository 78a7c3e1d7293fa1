package transport

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// Stream is a connection of bytes over an engine's stream, the same for every engine.
// It is part of a larger object, the transport that users have, and is ready after Init.
//
// Methods that change it are for who owns the loop at that moment; the questions are
// too, but none of them does harm.
//
// What a message looks at stands together in front, with the first half of life, so that it lies in as few lines of the
// cache as may be: with thousands of connections each is missed.
type Stream struct {
	protocol Protocol
	stream   engine.Stream
	queue    *buffers.Queue // nil when nothing waits, as of an idle connection

	readingPaused bool
	ended         bool    // the peer's end of stream was read
	eof           bool    // WriteEOF was called
	sending       bool    // a Send is under way
	telling       telling // what the protocol has not returned from
	lends         lends
	lent          bool // what is received next is in the lender's memory
	side          side // which half of a pipe it is, if it is one

	life
	lender   lender    // the protocol, if it lends the memory to read into
	transfer *Transfer // of a file, which is under way
}

// telling is what the protocol is called for while a message comes.
type telling uint8

const (
	nothing telling = iota
	forRoom         // it is asked for memory
	ofData          // it is told what has come
)

// lends is how the protocol lends memory, if it does.
type lends uint8

const (
	mayLend   lends = iota
	mustLend        // it has no DataReceived, or none that is called
	surelyMay       // may, and its LendBuffer returns and calls nobody: it has LendsAs
)

// errEmptyBuffer is what a protocol fails with that lends nothing.
var errEmptyBuffer = errors.New("GetBuffer() returned an empty buffer")

// Init makes the stream one of a connected descriptor, which is the stream's from then
// on unless there is an error. Start follows.
func (s *Stream) Init(outside Outside, eng engine.Engine, fd uintptr, p Protocol) error {
	s.outside, s.marks = outside, defaultMarks
	stream, err := eng.Stream(fd, s)
	return s.over(stream, p, err)
}

// over begins over the engine's stream, if there is no error.
func (s *Stream) over(stream engine.Stream, p Protocol, err error) error {
	if err == nil {
		s.stream = stream
		s.adopt(p)
	}
	return err
}

// Start schedules the beginning: ConnectionMade, and then reading.
func (s *Stream) Start() {
	s.outside.Later(StepMade, nil)
	s.outside.Later(StepRead, nil)
}

// Run runs a step that Later was asked for.
func (s *Stream) Run(step Step, reason error) {
	switch step {
	case StepMade:
		s.made(s)
	case StepRead:
		s.startReading()
	case StepLost:
		s.end(s, reason)
	case StepEOF:
		s.tellEOF()
	case StepGoOn:
		s.goOn()
	}
}

// Close has nothing more received, and the stream lost once all is sent.
func (s *Stream) Close() { s.close(s) }

// Abort has the stream lost at once, with a reason or nil.
func (s *Stream) Abort(reason error) {
	s.dropTransfer(reason)
	s.abort(s, reason)
}

// Discard lets go of everything and tells the protocol nothing: its loop is closed.
func (s *Stream) Discard() { s.discard(s) }

// SetProtocol hands the stream to another protocol, unless it is over.
func (s *Stream) SetProtocol(p Protocol) {
	if !s.released {
		s.adopt(p)
	}
}

// Protocol returns the protocol, nil after the end.
func (s *Stream) Protocol() Protocol { return s.protocol }

// Closing reports whether the stream is closing or lost.
func (s *Stream) Closing() bool { return s.closing }

// Released reports whether the stream has let go of its descriptor.
func (s *Stream) Released() bool { return s.released }

// Reading reports whether the stream receives.
func (s *Stream) Reading() bool {
	return !s.closing && !s.readingPaused && s.side != writeSide && s.transfer == nil
}

// FD is the descriptor, for information. It stays what it was after the end.
func (s *Stream) FD() uintptr { return s.stream.FD() }

// Engine returns the engine's stream underneath, for tests that have it hear of what it
// has not asked for.
func (s *Stream) Engine() engine.Stream { return s.stream }

// String describes the stream as its outside does.
func (s *Stream) String() string { return s.outside.String() }

// PauseReading keeps data from the protocol. It reports whether it was reading.
func (s *Stream) PauseReading() bool {
	if s.closing || s.readingPaused || s.side == writeSide {
		return false
	}
	s.readingPaused = true
	s.stream.StopReading()
	return true
}

// ResumeReading goes on to receive. It reports whether it was paused.
func (s *Stream) ResumeReading() bool {
	if s.closing || !s.readingPaused {
		return false
	}
	s.readingPaused = false
	s.startReading()
	return true
}

// adopt makes p the protocol.
func (s *Stream) adopt(p Protocol) {
	s.protocol, s.lender, s.lends, s.lent = p, nil, mayLend, false
	switch p := p.(type) {
	case Buffered:
		s.lender, s.lends = always{p}, mustLend
	case Lending:
		if as, ok := p.(interface{ LendsAs(p any) bool }); !ok {
			s.lender = p
		} else if as.LendsAs(p) {
			s.lender, s.lends = p, surelyMay
		}
	}
	s.stream.UseReadBuffer(s.lends == mustLend)
	if direct, ok := s.stream.(engine.Direct); ok && s.lends != mustLend {
		direct.UseMemory(s.lender != nil)
	}
}

// lender is a protocol as who lends memory.
type lender interface {
	LendBuffer() []byte
	BufferFilled(n int)
}

// always is a protocol that lends always, and has other names for it.
type always struct{ Buffered }

// LendBuffer implements lender.
func (a always) LendBuffer() []byte { return a.GetBuffer(-1) }

// BufferFilled implements lender.
func (a always) BufferFilled(n int) { a.BufferUpdated(n) }

// startReading receives, if that is what is wanted.
func (s *Stream) startReading() {
	if s.closing || s.readingPaused || s.transfer != nil || s.ended {
		return
	}
	if err := s.stream.StartReading(); err != nil {
		s.fail(s, "Fatal error on transport", err)
	}
}

// ReadBuffer implements engine.StreamHandler. If the protocol fails, the stream is lost, or
// the loop is to stop: then what has come stays where it is.
func (s *Stream) ReadBuffer() (buf []byte, ok bool) {
	if s.lends == surelyMay {
		buf = s.lender.LendBuffer()
		s.lent = len(buf) > 0
		return buf, true
	}
	return s.askForBuffer()
}

// askForBuffer is ReadBuffer for a lender that may not return, or do anything else.
func (s *Stream) askForBuffer() (buf []byte, ok bool) {
	s.telling = forRoom
	s.lent = true
	buf = s.lender.LendBuffer()
	for !s.lent && s.lender != nil { // it has handed over to another one, whose own memory it is to be
		s.lent = true
		buf = s.lender.LendBuffer()
	}
	s.telling = nothing
	if s.lent = s.lent && len(buf) > 0; !s.lent && s.lends == mustLend {
		s.fail(s, "Fatal error: protocol.GetBuffer() call failed.", errEmptyBuffer)
		return nil, false
	}
	return buf, true
}

// Received implements engine.StreamHandler. Every message comes by here.
func (s *Stream) Received(p []byte) {
	s.telling = ofData
	if s.lent {
		s.lender.BufferFilled(len(p))
	} else {
		s.protocol.DataReceived(p)
	}
	s.telling = nothing
}

// Keep has data, which is all that DataReceived is being told of, stay as they are until the
// Kept is released; it is not Held if they are to be copied.
func (s *Stream) Keep(data []byte) (k buffers.Kept) {
	if keeper, ok := s.stream.(engine.Keeper); ok && s.telling == ofData {
		k = keeper.Keep(data)
	}
	return k
}

// Calling implements engine.Unguarded.
func (s *Stream) Calling() bool { return s.telling != nothing }

// DidNotReturn implements engine.Unguarded.
func (s *Stream) DidNotReturn(panicked any) {
	call := "DataReceived"
	switch {
	case s.telling == forRoom:
		call = s.lendingCall("LendBuffer", "GetBuffer")
	case s.lent:
		call = s.lendingCall("BufferFilled", "BufferUpdated")
	}
	s.telling = nothing
	s.exited(s, call, panicked)
}

// lendingCall is the name of a call of the protocol's: the one of a Lending or of a Buffered.
func (s *Stream) lendingCall(lending, buffered string) string {
	if s.lends == mustLend {
		return buffered
	}
	return lending
}

// ReadEOF implements engine.StreamHandler.
func (s *Stream) ReadEOF() {
	s.ended = true
	switch s.side {
	case readSide:
		s.endOfPipe()
		return
	case writeSide:
		s.readerGone()
		return
	}
	returned := false
	defer s.protocolPanicked(s, "EOFReceived", &returned)
	s.outside.Note("received EOF")
	stays := s.protocol.EOFReceived()
	returned = true
	if !stays {
		s.Close()
	}
}

// ReadFailed implements engine.StreamHandler.
func (s *Stream) ReadFailed(err error) {
	s.fail(s, s.side.failed("read"), err)
}

// base implements body.
func (s *Stream) base() BaseProtocol { return s.protocol }

// stop implements body.
func (s *Stream) stop() { s.stream.StopReading() }

// free implements body.
func (s *Stream) free() error {
	err := s.stream.Close()
	s.protocol, s.lender, s.lent = nil, nil, false
	return err
}
