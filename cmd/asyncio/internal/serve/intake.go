package serve

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// intake is how clients come to the workers.
type intake interface {
	// addrs are the addresses that are listened on, at least one.
	addrs() []net.Addr
	// stop has no more clients accepted. Again, it does nothing.
	stop()
	// wait returns when intake has been stopped and the last client has gone, or
	// with an error when ctx is done.
	wait(ctx context.Context) error
}

// open listens.
func open(ctx context.Context, o *Options, c *crew) (intake, error) {
	a := apis[o.API]
	switch {
	case o.at.network == networkUDP:
		return receiveEach(ctx, o.at, c.workers)
	case a.open != nil:
		return a.open(ctx, o, c.workers)
	}
	create := func(ctx context.Context, on loopgroup.Member, network string, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
		return a.listen(ctx, c.workers[on.Index], endpoint{network: network}, opts)
	}
	opts := &asyncio.ServerOptions{Backlog: backlog, TLS: o.secure.config}
	s, err := c.group.CreateServerBy(ctx, create, o.at.network, o.at.address, opts, o.spread())
	if err != nil {
		return nil, err
	}
	return server{s}, nil
}

// spread is the way in which the loops share the port.
func (o *Options) spread() loopgroup.Spread {
	switch {
	case o.Count == 1 || o.Share == shareAuto:
		return loopgroup.Auto
	case o.Share == shareReusePort:
		return loopgroup.ReusePort
	}
	return loopgroup.HandOver
}

// backlog is for thousands of clients that come at once.
const backlog = 1024

// server is a server of all loops.
type server struct{ *loopgroup.Server }

func (s server) addrs() []net.Addr { return s.Addrs() }

func (s server) stop() { s.Close() }

func (s server) wait(ctx context.Context) error { return s.WaitClosed(ctx) }

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
