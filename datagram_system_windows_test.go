package asyncio_test

import (
	"context"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// hasReusePort says whether the system lets several sockets have one port.
const hasReusePort = false

// socketSwitch reads an option of a socket.
func socketSwitch(fd uintptr, o engine.Option) (bool, error) {
	opt := windows.SO_REUSEADDR
	switch o {
	case engine.ReusePort:
		return false, nil
	case engine.Broadcast:
		opt = windows.SO_BROADCAST
	}
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, opt)
	return v != 0, err
}

// messagesOverConnection: there is no such socket here.
func messagesOverConnection(context.Context, *netTest) {}

// reportsRefusals says whether the system reports on a connected socket that nobody listens
// at the other end. Windows does, and Wine does not.
const reportsRefusals = false

// reportsPeers says whether the system reports, on a socket that is not connected, at whose
// address nobody listens.
const reportsPeers = false
