//go:build unix

package serve

import (
	"errors"
	"log/slog"
	"syscall"

	"github.com/go-asyncio/asyncio"
)

// acceptor accepts on the first worker's loop, which it has watch the listening
// socket.
type acceptor struct {
	fd    uintptr
	over  bool // loop only, as all of this
	retry asyncio.TimerHandle
}

// acceptBatch is how many are accepted before the loop sees to its clients again.
const acceptBatch = 128

func (h *handOver) startAccepting() error {
	raw, err := h.listener.SyscallConn()
	if err != nil {
		return err
	}
	if err := raw.Control(func(fd uintptr) { h.fd = fd }); err != nil {
		return err
	}
	err, ok := ask(h.workers[0], h.watch)
	if !ok {
		return errEnded
	}
	return err
}

func (h *handOver) watch() error { return h.workers[0].loop.AddReader(h.fd, h.ready) }

func (h *handOver) stopAccepting() {
	loop := h.workers[0].loop
	ask(h.workers[0], func() error {
		h.over = true
		h.retry.Cancel()
		_, err := loop.RemoveReader(h.fd)
		return err
	})
	_ = h.listener.Close()
}

// ready is called when somebody wants to connect.
func (h *handOver) ready() {
	for range acceptBatch {
		fd, err := accept(int(h.fd))
		switch {
		case err == nil:
			h.pauses.end()
			h.give(uintptr(fd), nil, func(taken bool) {
				if !taken {
					_ = syscall.Close(fd)
				}
			})
		case errors.Is(err, syscall.EAGAIN):
			return
		case errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.EINTR):
		default:
			h.rest(err)
			return
		}
	}
}

func accept(listening int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, _, err := syscall.Accept(listening)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	return fd, err
}

// rest accepts nobody for a while: the socket stays ready, and the loop would spin.
func (h *handOver) rest(err error) {
	h.pauses.begin(err)
	loop := h.workers[0].loop
	_, _ = loop.RemoveReader(h.fd)
	h.retry, err = loop.CallLater(acceptPause, func() {
		if !h.over {
			_ = h.watch() // what was watched once can be watched again
		}
	})
	if err != nil {
		slog.Error("accepting has ended", "error", err)
	}
}
