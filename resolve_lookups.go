package asyncio

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// lookups are the functions that look names up for a loop, in an executor. The loop
// waits for those that have begun when it is closed; those that have not do nothing.
type lookups struct {
	names    netaddr.Names    // whom the system's resolver asks; nil: the system
	left     bool             // those that run are not waited for: the simulation does that
	resolver netaddr.Resolver // nil: the system's

	mu      sync.Mutex
	ended   bool
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

// lookup is one of them.
type lookup struct {
	of   *lookups
	ctx  context.Context // done when the loop is closed, or stop was called
	stop context.CancelFunc
}

// begin makes a look-up, whose maker calls its stop. It reports false on a closed
// loop.
func (k *lookups) begin() (*lookup, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return nil, false
	}
	if k.ctx == nil {
		k.ctx, k.cancel = context.WithCancel(context.Background())
	}
	ctx, stop := context.WithCancel(k.ctx)
	return &lookup{k, ctx, stop}, true
}

// start is called off the loop by what looks up, before it does; then it calls end.
// It reports false if nobody wants the answer any more.
func (j *lookup) start() bool {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	if j.ctx.Err() != nil {
		return false
	}
	j.of.running.Add(1)
	return true
}

// end says that what start began is over.
func (j *lookup) end() { j.of.running.Done() }

// end stops all of them and waits until they have ended.
func (k *lookups) end() {
	k.mu.Lock()
	k.ended = true
	if k.cancel != nil {
		k.cancel()
	}
	k.mu.Unlock()
	if !k.left {
		k.running.Wait()
	}
}

// use is the resolver that is asked.
func (k *lookups) use() netaddr.Resolver {
	if k.resolver != nil {
		return k.resolver
	}
	return netaddr.System{Names: k.names}
}
