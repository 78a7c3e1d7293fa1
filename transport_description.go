package asyncio

import (
	"fmt"
	"net"
)

// transportState is what a transport's description says of its core.
type transportState interface {
	Released() bool
	Closing() bool
	FD() uintptr
	Sending() bool
	Size() int
}

// describeTransport describes a transport of some kind by its state; over says that its
// loop is closed.
func describeTransport(kind string, core transportState, reading, over bool) string {
	s := "<" + kind
	switch {
	case core.Released():
		s += " closed"
	case core.Closing():
		s += " closing"
	}
	s += fmt.Sprintf(" fd=%d", core.FD())
	if over || core.Released() {
		return s + ">"
	}
	state := map[bool]string{false: "idle", true: "polling"}
	return s + fmt.Sprintf(" read=%s write=<%s, bufsize=%d>>", state[reading], state[core.Sending()], core.Size())
}

// socketInfo is what GetExtraInfo says of every socket, nil for another name.
func socketInfo(name string, fd uintptr, local, remote func() net.Addr) any {
	switch name {
	case "socket":
		return fd
	case "sockname":
		return local()
	case "peername":
		return remote()
	}
	return nil
}
