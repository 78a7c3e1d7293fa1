package platform

import (
	"os"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// openPipe makes a pipe that loops of this system can use: os.Pipe makes one that is not
// overlapped.
func openPipe() (r, w *os.File, err error) {
	rFD, wFD, err := sock.OpenPipe(true, true)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(rFD, "pipe"), os.NewFile(wFD, "pipe"), nil
}
