package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// handOver accepts in one goroutine and gives each connection to the next loop.
// Unlike a loop of its own for accepting it needs nothing of the system that is
// not in package net, and waits behind nobody's callbacks.
type handOver struct {
	listener net.Listener
	workers  []*worker
	api      api
	accepted sync.WaitGroup // the goroutine, and connections that are not over
	stopped  chan struct{}
	once     sync.Once
}

func listenAndHandOver(ctx context.Context, a api, address string, workers []*worker) (intake, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	h := &handOver{listener: listener, workers: workers, api: a, stopped: make(chan struct{})}
	h.accepted.Go(h.accept)
	return h, nil
}

func (h *handOver) addrs() []net.Addr { return []net.Addr{h.listener.Addr()} }

func (h *handOver) stop() {
	h.once.Do(func() {
		close(h.stopped)
		_ = h.listener.Close()
	})
}

func (h *handOver) wait(ctx context.Context) error {
	over := make(chan struct{})
	go func() {
		h.accepted.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// acceptPause is how long accepting rests when the system has no descriptor or
// memory left, as in the servers of the loops.
const acceptPause = time.Second

func (h *handOver) accept() {
	for next := 0; ; {
		c, err := h.listener.Accept()
		switch {
		case err == nil:
			h.give(c, h.workers[next%len(h.workers)])
			next++
		case errors.Is(err, net.ErrClosed):
			return
		default:
			slog.Warn("accepting rests", "error", err, "for", acceptPause)
			select {
			case <-time.After(acceptPause):
			case <-h.stopped:
				return
			}
		}
	}
}

// give has a loop take the connection over.
func (h *handOver) give(c net.Conn, w *worker) {
	h.accepted.Add(1)
	over := sync.OnceFunc(h.accepted.Done)
	factory := func() asyncio.Protocol {
		p := h.api.protocol(w)
		if p == nil {
			return nil
		}
		return &handedOver{p, over}
	}
	asyncio.RunCoroutineThreadsafe(w.loop, func(ctx context.Context) (struct{}, error) {
		_, _, err := w.loop.ConnectAcceptedSocket(ctx, factory, 0, &asyncio.ConnectionOptions{Conn: c})
		_ = c.Close() // the transport has a descriptor of its own
		if err != nil {
			over()
			slog.Warn("a client could not be taken over", "error", err)
		}
		return struct{}{}, nil
	})
}

// handedOver is a protocol whose end is noticed.
type handedOver struct {
	asyncio.Protocol
	over func()
}

// ConnectionLost implements asyncio.Protocol.
func (h *handedOver) ConnectionLost(err error) {
	h.Protocol.ConnectionLost(err)
	h.over()
}
