//go:build unix

package asyncio_test

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// socketSwitch reads an option of a socket.
func socketSwitch(fd uintptr, o engine.Option) (bool, error) {
	opt := map[engine.Option]int{engine.ReuseAddr: unix.SO_REUSEADDR, engine.ReusePort: optReusePort, engine.Broadcast: unix.SO_BROADCAST}[o]
	if opt == 0 {
		return false, nil
	}
	v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, opt)
	return v != 0, err
}

// messagesOverConnection has an endpoint of a socket of messages over a connection, which is
// over with its peer.
func messagesOverConnection(ctx context.Context, n *netTest) {
	n.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return // macOS has none
	}
	n.check(err)
	r := n.endpoint(ctx, asyncio.DatagramOptions{Sock: uintptr(fds[0])})
	_, err = unix.Write(fds[1], []byte("question"))
	n.check(err)
	n.until(ctx, "the message", func() bool { return len(r.got) > 0 })
	n.check(r.transport.SendTo([]byte("answer"), nil))
	n.check(asyncio.Engine(n.l).Flush())
	p := make([]byte, 100)
	k, err := unix.Read(fds[1], p)
	if err != nil || string(p[:k]) != "answer" || r.got[0] != "question" {
		n.Errorf("asked %q, answered %q, %v", r.got, p[:max(k, 0)], err)
	}
	n.check(unix.Close(fds[1]))
	n.until(ctx, "the end", func() bool { return r.lost })
	if r.history() != "made data lost" || r.lostErr != nil {
		n.Errorf("%s with %v", r.history(), r.lostErr)
	}
}

// reportsRefusals says whether the system reports on a connected socket that nobody listens
// at the other end.
const reportsRefusals = true
