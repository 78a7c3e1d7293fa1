package system

import (
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Sendfile implements engine.Tries.
func (Sockets) Sendfile(fd uintptr, f engine.File, offset, n int64) (int, error) {
	return Sendfile(fd, f, offset, n)
}

// Sendfile sends of a file what the socket takes now, as far as one pass allows. A file
// that is closed is os.ErrClosed.
//
// It asks until the socket is full: to be told that it is writable takes a third of its buffer
// to be free, and a wait for that costs more than a call.
func Sendfile(fd uintptr, f engine.File, offset, n int64) (sent int, err error) {
	err = os.ErrClosed // which is why Control does not call
	n = min(n, engine.MostOfFile)
	_ = f.Control(func(file uintptr) {
		for k := 1; k > 0 && int64(sent) < n; sent += k {
			k, err = sock.Sendfile(fd, file, offset+int64(sent), int(n)-sent)
		}
	})
	if sent > 0 {
		err = nil // which the next call tells, if it lasts
	}
	return sent, err
}
