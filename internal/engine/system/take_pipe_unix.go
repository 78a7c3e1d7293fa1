//go:build unix

package system

import (
	"errors"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// firstOwn is the first descriptor that is none of the standard ones.
const firstOwn = 3

// TakePipe implements engine.Sockets. An os.File has its descriptor in the poller of Go's
// runtime, which waits for it and ends its calls when it is closed: two who wait for one
// descriptor take each other's events. So the pipe goes on under a descriptor of its own,
// and the file is closed, before anything waits.
//
// The three standard files stay, for their numbers mean something to every part of a
// program: what is opened next would get them, and with them all that is printed. The
// number of the duplicate is none of theirs for the same reason, and because a write to
// 1 or 2 that nobody reads is what ends a program.
func (Sockets) TakePipe(f *os.File, dir engine.Mask) (uintptr, error) {
	fd, keep := sock.Invalid, false
	conn, err := f.SyscallConn()
	if err != nil {
		return sock.Invalid, err
	}
	var taken error
	err = conn.Control(func(orig uintptr) {
		if taken = holders.free(orig); taken != nil {
			keep = true
			return
		}
		keep = orig < firstOwn
		var kind sock.FileKind
		if kind, taken = PipeKind(orig, dir); taken == nil {
			fd, taken = duplicatePipe(orig, kind, dir)
		}
	})
	if err == nil {
		err = taken
	}
	if !keep {
		if closeErr := f.Close(); errors.Is(closeErr, os.ErrClosed) {
			err = closeErr // it was before, or another call has taken it at the same moment
		}
	}
	if err != nil {
		if fd != sock.Invalid {
			err = errors.Join(err, sock.Close(fd))
		}
		return sock.Invalid, err
	}
	return fd, nil
}

// duplicatePipe returns a descriptor for the same pipe that does not block. A standard one
// is opened anew if the system can do that. For whether it blocks belongs to what was opened
// and not to the number; and that of a terminal is shared by all three, by what the
// program prints, and by the shell that started it.
func duplicatePipe(orig uintptr, kind sock.FileKind, dir engine.Mask) (uintptr, error) {
	if orig < firstOwn {
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
