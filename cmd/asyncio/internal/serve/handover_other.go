//go:build !unix

package serve

import (
	"errors"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
)

// acceptor accepts in a goroutine with package net: package syscall cannot accept
// here. The loop gets a duplicate of the socket.
type acceptor struct {
	stopped chan struct{}
}

func (h *handOver) startAccepting() error {
	h.stopped = make(chan struct{})
	h.accepted.Go(h.accept)
	return nil
}

func (h *handOver) stopAccepting() {
	close(h.stopped)
	_ = h.listener.Close()
}

func (h *handOver) accept() {
	for {
		c, err := h.listener.Accept()
		switch {
		case err == nil:
			h.pauses.end()
			h.give(0, &asyncio.ConnectionOptions{Conn: c}, func(bool) { _ = c.Close() })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			h.pauses.begin(err)
			select {
			case <-time.After(acceptPause):
			case <-h.stopped:
				return
			}
		}
	}
}
