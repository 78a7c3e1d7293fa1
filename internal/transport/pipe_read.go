package transport

import "github.com/go-asyncio/asyncio/internal/engine"

// side is which half of a pipe a Stream is.
type side uint8

const (
	bothSides side = iota // none: it is a connection
	readSide
	writeSide
	duplexSide // both, of a pipe, of which one cannot be ended by itself
)

// failed is the message of a failure to read or to write.
func (s side) failed(what string) string {
	if s == bothSides {
		return "Fatal " + what + " error on socket transport"
	}
	return "Fatal " + what + " error on pipe transport"
}

// InitReadPipe is Init for a pipe that is read.
func (s *Stream) InitReadPipe(outside Outside, eng engine.Engine, fd uintptr, p Protocol) error {
	s.outside, s.marks, s.side = outside, defaultMarks, readSide
	s.eof = true // so that a write is refused without a question of its own
	stream, err := eng.Pipe(fd, engine.Read, s)
	return s.over(stream, p, err)
}

// IsReadPipe reports whether the stream is a pipe that is read.
func (s *Stream) IsReadPipe() bool { return s.side == readSide }

// InitDuplexPipe is Init for a pipe that is read and written.
func (s *Stream) InitDuplexPipe(outside Outside, eng engine.Engine, fd uintptr, p Protocol) error {
	s.outside, s.marks, s.side = outside, defaultMarks, duplexSide
	stream, err := eng.Pipe(fd, engine.Read|engine.Write, s)
	return s.over(stream, p, err)
}

// IsDuplexPipe reports whether the stream is a pipe that is read and written.
func (s *Stream) IsDuplexPipe() bool { return s.side == duplexSide }

// endOfPipe ends a pipe at whose end its reader is: nothing else can come. As in asyncio
// the protocol hears of the end of what it reads, and of the transport's, in steps of
// their own.
func (s *Stream) endOfPipe() {
	s.closing = true
	s.lost++
	s.outside.Later(StepEOF, nil)
	s.outside.Later(StepLost, nil)
	s.outside.Note("received EOF")
}

// tellEOF calls EOFReceived. What it answers does not matter.
func (s *Stream) tellEOF() {
	if s.released {
		return
	}
	returned := false
	defer s.protocolPanicked(s, "EOFReceived", &returned)
	s.protocol.EOFReceived()
	returned = true
}
