package loopgroup

import (
	"context"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// keeper is a loop of the group's own that has the sockets that listen, so that they outlive
// each of the loops that serve. It accepts for servers that hand over. It is one over a
// selector: on Windows a socket that was accepted by a completion port would stay with it.
type keeper struct {
	loop     asyncio.EventLoop
	stopping atomic.Bool
	ended    chan struct{}
	log      *config
	rests    int // how often accepting has failed since it last succeeded; the loop's
}

// keeper returns the group's, which it makes the first time. The group's servers are being
// made by the caller alone.
func (g *Group) keeper(op string) (*keeper, error) {
	if err := g.check(op); err != nil {
		return nil, err
	}
	g.mu.Lock()
	k := g.keep
	g.mu.Unlock()
	if k != nil {
		return k, nil
	}
	loop, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithLogger(g.config.logger()))
	if err != nil {
		return nil, opError(op, err)
	}
	k = &keeper{loop: loop, ended: make(chan struct{}), log: &g.config}
	if err := loop.SetExceptionHandler(k.report); err != nil {
		_ = loop.Close() // it does not run
		return nil, opError(op, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == stopping {
		_ = loop.Close()
		return nil, opError(op, ErrShutdown)
	}
	g.keep = k
	go k.run(g)
	return k, nil
}

// run is the keeper's goroutine.
func (k *keeper) run(g *Group) {
	defer close(k.ended)
	err := k.loop.RunForever()
	_ = k.loop.Close() // first, so that the end waits for nothing of it; there is nothing left to report
	if !k.stopping.Load() {
		if err == nil {
			err = asyncio.ErrLoopStopped
		}
		g.beginEnd(opError("the loop that listens has ended", err), g.grace)
	}
}

// report hears what goes wrong in accepting. That the system has no descriptor or memory left
// may be told once a second for long: the first time is logged, and the end.
func (k *keeper) report(loop asyncio.EventLoop, c asyncio.ExceptionContext) {
	if _, ofSocket := c.Extra["pause"]; !ofSocket {
		loop.DefaultExceptionHandler(c)
		return
	}
	if k.rests++; k.rests == 1 {
		k.log.logger().Warn("accepting rests until a client has gone", "error", c.Err, "tries again after", c.Extra["pause"])
	}
}

// accepted hears of each connection, on the loop.
func (k *keeper) accepted() {
	if k.rests > 0 {
		k.log.logger().Warn("accepting goes on", "tries in vain", k.rests)
		k.rests = 0
	}
}

// close ends the keeper, when nobody needs it any more.
func (k *keeper) close() {
	k.stopping.Store(true)
	k.loop.Stop()
	<-k.ended
}

// nobody is the protocol factory of what accepts nothing for itself: a connection that no loop
// can have, because all have died, is closed.
func (k *keeper) nobody() asyncio.Protocol {
	k.log.logger().Warn("a connection is closed: no loop of the group can have it")
	return refusal{}
}

// refusal is the protocol of a connection that nobody can have.
type refusal struct{ asyncio.BaseProtocol }

// ConnectionMade implements asyncio.Protocol.
func (refusal) ConnectionMade(t asyncio.Transport) { t.Abort() }

// bind makes a server whose sockets are bound, on the keeper's loop.
func (k *keeper) bind(ctx context.Context, network, address string, opts asyncio.ServerOptions) (*asyncio.Server, error) {
	return k.loop.CreateServer(ctx, k.nobody, network, address, &opts)
}
