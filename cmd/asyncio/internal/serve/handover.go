package serve

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// handOver accepts in one place and gives each connection to the next loop. How it
// accepts is the system's affair: see acceptor.
type handOver struct {
	listener listener
	workers  []*worker
	next     int // of the workers, only for who accepts
	api      api
	tls      *tls.Config
	accepted sync.WaitGroup // connections that are not over
	once     sync.Once
	pauses   pauses
	acceptor
}

// listener is one of package net's, which has a descriptor.
type listener interface {
	net.Listener
	syscall.Conn
}

func listenAndHandOver(ctx context.Context, a api, o *Options, workers []*worker) (intake, error) {
	if o.at.network == networkUnix {
		if err := checkFree(ctx, a, o.at, workers[0]); err != nil {
			return nil, err
		}
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, o.at.network, o.at.address)
	if err != nil {
		return nil, err
	}
	h := &handOver{listener: l.(listener), workers: workers, api: a, tls: o.secure.config}
	if err := h.startAccepting(); err != nil {
		h.stop()
		return nil, err
	}
	return h, nil
}

func (h *handOver) addrs() []net.Addr { return []net.Addr{h.listener.Addr()} }

func (h *handOver) stop() { h.once.Do(h.stopAccepting) }

func (h *handOver) wait(ctx context.Context) error { return waitFor(ctx, &h.accepted) }

// waitFor waits until the last of a group has gone, or ctx is done.
func waitFor(ctx context.Context, group *sync.WaitGroup) error {
	over := make(chan struct{})
	go func() {
		group.Wait()
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

// pauses tells of the times in which accepting rests: of the first, and how many
// they were once somebody was accepted again. They may be many, one a second. It
// belongs to who accepts.
type pauses int

func (p *pauses) begin(err error) {
	if *p++; *p == 1 {
		slog.Warn("accepting rests until a client has gone", "error", err, "tries again after", acceptPause)
	}
}

func (p *pauses) end() {
	if *p > 0 {
		slog.Warn("accepting goes on", "tries in vain", int(*p))
		*p = 0
	}
}

// give has the next loop take a connection over, by its descriptor or, if fd is 0,
// by opts, which may be nil. Then it calls after; taken says whether the loop owns the descriptor.
func (h *handOver) give(fd uintptr, opts *asyncio.ConnectionOptions, after func(taken bool)) {
	w := h.workers[h.next]
	h.next = (h.next + 1) % len(h.workers)
	h.accepted.Add(1)
	over := sync.OnceFunc(h.accepted.Done)
	taken := false
	var o asyncio.ConnectionOptions
	if opts != nil {
		o = *opts
	}
	o.TLS = h.tls
	factory := func() asyncio.Protocol {
		taken = true
		p := h.api.protocol(w)
		if p == nil {
			return nil
		}
		return &handedOver{p, over}
	}
	asyncio.RunCoroutineThreadsafe(w.loop, func(ctx context.Context) (struct{}, error) {
		_, _, err := w.loop.ConnectAcceptedSocket(ctx, factory, fd, &o)
		after(taken)
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
