//go:build !windows

package poller

import "github.com/go-asyncio/asyncio/internal/wake"

// room opens as many descriptors as the runtime is about to, and closes them: two
// wakers are two of them on Linux, four elsewhere.
func room() error {
	for range 2 {
		w, err := wake.New()
		if err != nil {
			return err
		}
		defer w.Close()
	}
	return nil
}
