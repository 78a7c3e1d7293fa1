package readiness

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// piece is what is to be sent of a file.
type piece struct {
	f         engine.File
	offset, n int64
}

// Sendfile implements engine.Stream.
func (s *stream) Sendfile(f engine.File, offset, n int64) error {
	if err := s.Send(); err != nil {
		return err
	}
	if s.e.files == nil {
		s.e.files = make(map[*stream]piece)
	}
	s.file, s.e.files[s] = true, piece{f, offset, n}
	return nil
}

// forgetFile has what is sent be of no file.
func (s *stream) forgetFile() {
	if s.file {
		s.file = false
		delete(s.e.files, s)
	}
}

// fileWritable sends once of the file: however fast the peer is, there is a pass between
// two pieces.
func (s *stream) fileWritable() {
	p := s.e.files[s]
	n, err := system.Sendfile(s.fd, p.f, p.offset, p.n)
	if err != nil && sock.WouldBlock(err) {
		return
	}
	s.sending = false
	s.forgetFile()
	s.h.Sent(n, err)
	if !s.sending {
		_ = s.settle()
	}
}
