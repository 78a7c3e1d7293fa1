package serve

import (
	"context"
	"errors"
	"net"

	"github.com/go-asyncio/asyncio"
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
func open(ctx context.Context, o *Options, workers []*worker) (intake, error) {
	a := apis[o.API]
	switch {
	case o.at.network == networkUDP:
		return receiveEach(ctx, o.at, workers)
	case a.open != nil:
		return a.open(ctx, o, workers)
	case len(workers) == 1:
		return listenOne(ctx, a, o, workers[0])
	case o.Share == shareReusePort, o.Share == shareAuto && portIsSpread && o.at.network == networkTCP:
		return listenEach(ctx, a, o, workers)
	}
	return listenAndHandOver(ctx, a, o, workers)
}

// backlog is for thousands of clients that come at once.
const backlog = 1024

// servers is a server per loop.
type servers []*asyncio.Server

func listenOne(ctx context.Context, a api, o *Options, w *worker) (intake, error) {
	s, err := a.listen(ctx, w, o.at, &asyncio.ServerOptions{Backlog: backlog, TLS: o.secure.config})
	if err != nil {
		return nil, err
	}
	return servers{s}, nil
}

// listenEach has each loop listen on the same addresses: the first one's, whose
// port the system may have picked.
func listenEach(ctx context.Context, a api, o *Options, workers []*worker) (_ intake, err error) {
	if err := checkFree(ctx, a, o.at, workers[0]); err != nil {
		return nil, err
	}
	var all servers
	defer func() {
		if err != nil {
			all.stop()
		}
	}()
	addresses := []string{o.at.address}
	for _, w := range workers {
		s, err := a.listen(ctx, w, endpoint{network: o.at.network}, &asyncio.ServerOptions{
			Addresses: addresses, Backlog: backlog, ReusePort: true, TLS: o.secure.config,
		})
		if err != nil {
			return nil, err
		}
		if all = append(all, s); len(all) > 1 {
			continue
		}
		addresses = nil
		for _, addr := range s.Addrs() {
			addresses = append(addresses, addr.String())
		}
	}
	return all, nil
}

// checkFree finds out whether somebody else listens on the address: one who shares
// his port would not be noticed otherwise. It binds and never listens, so that no
// client can come meanwhile. Of a path it takes away the file of a socket that nobody
// has any more.
func checkFree(ctx context.Context, a api, at endpoint, w *worker) error {
	s, err := a.listen(ctx, w, at, &asyncio.ServerOptions{DeferServing: true})
	if err != nil {
		return err
	}
	s.Close()
	return s.WaitClosed(ctx)
}

func (s servers) addrs() []net.Addr { return s[0].Addrs() }

func (s servers) stop() {
	for _, server := range s {
		server.Close()
	}
}

func (s servers) wait(ctx context.Context) error {
	for _, server := range s {
		if err := server.WaitClosed(ctx); err != nil && !errors.Is(err, asyncio.ErrLoopClosed) {
			return err
		}
	}
	return nil
}
