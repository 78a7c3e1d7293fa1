package system

import (
	"errors"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TakePipe implements engine.Sockets. An os.File has its descriptor in the poller of Go's
// runtime, which waits for it and ends its calls when it is closed: two who wait for one
// descriptor take each other's events. So the pipe goes on under a descriptor of its own,
// and the file is closed, before anything waits.
//
// The three standard files stay, for their numbers mean something to every part of a
// program: what is opened next would get them, and with them all that is printed.
func (Sockets) TakePipe(f *os.File, dir engine.Mask) (uintptr, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return sock.Invalid, err
	}
	fd, keep := sock.Invalid, false
	var taken error
	err = conn.Control(func(orig uintptr) {
		if taken = holders.free(orig); taken != nil {
			keep = true
			return
		}
		keep = isStandard(orig)
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

// checkAccess reports an error for a descriptor that is not open in this direction.
func checkAccess(fd uintptr, dir engine.Mask) error {
	switch reads, writes, err := sock.Access(fd); {
	case err != nil:
		return err
	case dir&engine.Read != 0 && !reads:
		return &engine.KindError{FD: fd, Why: "is not open for reading"}
	case dir&engine.Write != 0 && !writes:
		return &engine.KindError{FD: fd, Why: "is not open for writing"}
	}
	return nil
}
