package transport

import (
	"syscall"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// InitWritePipe is Init for a pipe that is written.
func (s *Stream) InitWritePipe(outside Outside, eng engine.Engine, fd uintptr, p Protocol) error {
	s.outside, s.marks, s.side = outside, defaultMarks, writeSide
	stream, err := eng.Pipe(fd, engine.Write, s)
	return s.over(stream, p, err)
}

// IsWritePipe reports whether the stream is a pipe that is written.
func (s *Stream) IsWritePipe() bool { return s.side == writeSide }

// readerGone ends a pipe whose reader has gone. If there was something on the way to it,
// that is lost, and the protocol is told so.
func (s *Stream) readerGone() {
	var reason error
	if s.Size() > 0 {
		reason = syscall.EPIPE
	}
	s.abort(s, reason)
	s.outside.Note("its reader has gone")
}
