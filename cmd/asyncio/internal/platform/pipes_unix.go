//go:build unix

package platform

import "os"

// openPipe makes a pipe that loops of this system can use.
func openPipe() (r, w *os.File, err error) { return os.Pipe() }
