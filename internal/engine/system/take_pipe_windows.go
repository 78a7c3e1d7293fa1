package system

import (
	"errors"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TakePipe implements engine.Sockets.
func (Sockets) TakePipe(f *os.File, _ engine.Mask) (uintptr, error) {
	return sock.Invalid, errors.Join(errors.ErrUnsupported, f.Close())
}
