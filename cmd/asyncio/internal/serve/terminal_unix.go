//go:build unix

package serve

import "os"

// isTerminal reports whether somebody reads f while it is written: it is a device
// of characters and not the one that swallows all, and can show a line again and
// again.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, null)
}
