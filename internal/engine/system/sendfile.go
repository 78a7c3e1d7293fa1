package system

import (
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Sendfile sends of a file what the socket takes now, as far as one pass allows. A file
// that is closed is os.ErrClosed.
func Sendfile(fd uintptr, f engine.File, offset, n int64) (sent int, err error) {
	err = os.ErrClosed // which is why Control does not call
	_ = f.Control(func(file uintptr) {
		sent, err = sock.Sendfile(fd, file, offset, int(min(n, engine.MostOfFile)))
	})
	return sent, err
}
