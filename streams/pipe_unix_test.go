//go:build unix

package streams

import (
	"os"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestReadFromPipe: a reader that a pipe feeds pauses it at its limit, and still gets all.
func TestReadFromPipe(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.030.pipe-reader-read-all", func(s *stage) {
		s.needs("pipes")
		pr, pw, err := os.Pipe()
		if err != nil {
			s.Fatal(err)
		}
		reader, err := NewStreamReader(WithLimit(1))
		s.check(err)
		protocol, err := NewStreamReaderProtocol(reader, nil)
		s.check(err)
		tr, _, err := s.loop.ConnectReadPipe(s.ctx, func() asyncio.Protocol { return protocol }, pr)
		if err != nil {
			s.Fatal(err)
		}
		// Whatever part of it comes at once is more than the limit, and pauses the pipe.
		_, err = pw.WriteString("data")
		s.check(err)
		s.check(pw.Close())
		data, err := reader.ReadAll(s.ctx)
		if string(data) != "data" || err != nil {
			s.Errorf("read %q, %v", data, err)
		}
		if !tr.IsClosing() {
			s.Error("the pipe is at its end and stays open")
		}
	})
}
