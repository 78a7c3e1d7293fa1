//go:build !windows

package selectors

import (
	"os"

	"github.com/go-asyncio/asyncio/internal/poller"
)

// newProbe: a pipe. It is package os's, which waits for it by the runtime's poller.
func newProbe() (*probe, error) {
	if err := poller.Start(); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &probe{
		file:         r,
		makeReadable: func() error { _, err := w.Write([]byte{0}); return err },
		close:        func() { r.Close(); w.Close() },
	}, nil
}
