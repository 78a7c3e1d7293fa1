//go:build unix

package system

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// isStandard reports whether a descriptor is one of the three that a program begins with.
func isStandard(fd uintptr) bool { return fd < 3 }

// duplicatePipe returns a descriptor for the same pipe that does not block and has none of
// the three standard numbers. A standard one is opened anew if the system can do that. For
// whether it blocks belongs to what was opened and not to the number; and that of a
// terminal is shared by all three, by what the program prints, and by the shell that
// started it.
func duplicatePipe(orig uintptr, kind sock.FileKind, dir engine.Mask) (uintptr, error) {
	if isStandard(orig) {
		if fd, err := sock.Reopen(orig, kind, dir == engine.Write); err == nil {
			return fd, nil
		}
	}
	fd, err := sock.DupPlain(orig)
	if err != nil {
		return sock.Invalid, err
	}
	if err := sock.SetNonblock(fd, true); err != nil {
		return sock.Invalid, errors.Join(err, sock.Close(fd))
	}
	return fd, nil
}

// PipeKind returns what a descriptor is, if it can be a pipe in this direction.
func PipeKind(fd uintptr, dir engine.Mask) (sock.FileKind, error) {
	kind, err := sock.KindOf(fd)
	if err != nil {
		return 0, err
	}
	if kind == 0 {
		return 0, &engine.KindError{FD: fd, Why: "is neither a pipe nor a socket nor a character device"}
	}
	if kind == sock.AnySocket {
		if typ, err := sock.TypeOf(fd); err == nil && typ != sock.Stream {
			return 0, &engine.KindError{FD: fd, Why: "is a " + typ.String() + " socket, which is no stream of bytes"}
		}
	}
	return kind, checkAccess(fd, dir)
}
