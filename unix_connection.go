package asyncio

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// CreateUnixConnection implements UnixNetworker.
func (l *baseLoop) CreateUnixConnection(ctx context.Context, factory func() Protocol, path string, opts *ConnectionOptions) (Transport, Protocol, error) {
	return l.createConnection(ctx, "CreateUnixConnection", factory, netaddr.Unix, path, opts)
}

// How long a connection waits for room in a listener's queue before it tries again, at
// first and at most. No system tells when there is some.
const (
	firstRoomWait = time.Millisecond
	mostRoomWait  = 64 * time.Millisecond
)

// dialUnix returns a socket that is connected to a path, and the address of that.
func (l *baseLoop) dialUnix(ctx context.Context, op string, target netaddr.Target, o ConnectionOptions) (uintptr, sock.Addr, error) {
	addr, err := sock.UnixAddr(target.Path)
	if err != nil {
		return 0, addr, opError(op, err)
	}
	for wait := firstRoomWait; ; wait = min(2*wait, mostRoomWait) {
		fd, err := l.connectOnce(ctx, addr, localEnd{})
		switch {
		case err == nil:
			return fd, addr, nil
		case sock.WouldBlock(err):
			if err = Sleep(ctx, wait); err == nil {
				continue
			}
		case isSystemError(err):
			err = combine(op, []error{noUnixSockets(err)}, o.AllErrors)
		}
		return 0, addr, opError(op, err)
	}
}

// noUnixSockets says what to do where the system has no unix sockets.
func noUnixSockets(err error) error {
	if !sock.NoUnixSockets(err) {
		return err
	}
	return fmt.Errorf("this %s has no unix sockets (Windows has them since version 1803 of Windows 10), use TCP over 127.0.0.1: %w: %w",
		runtime.GOOS, errors.ErrUnsupported, err)
}
