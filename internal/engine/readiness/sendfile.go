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
	s.file = &piece{f, offset, n}
	return nil
}

// fileWritable sends once of the file: however fast the peer is, there is a pass between
// two pieces.
func (s *stream) fileWritable() {
	p := s.file
	n, err := system.Sendfile(s.fd, p.f, p.offset, p.n)
	if err != nil && sock.WouldBlock(err) {
		return
	}
	s.sending, s.file = false, nil
	s.h.Sent(n, err)
	if !s.sending {
		_ = s.settle()
	}
}
