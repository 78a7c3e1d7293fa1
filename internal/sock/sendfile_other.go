//go:build !linux && !darwin && !dragonfly && !freebsd && !solaris

package sock

import "errors"

// Sendfile sends up to n bytes of a regular file, from offset on, as far as the socket
// takes them now, without a copy of them in the program: here it cannot, and answers
// errors.ErrUnsupported.
func Sendfile(fd, file uintptr, offset int64, n int) (int, error) {
	return 0, errors.ErrUnsupported
}
