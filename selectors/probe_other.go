//go:build !windows

package selectors

import "os"

// newProbe: a pipe.
func newProbe() (*probe, error) {
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
