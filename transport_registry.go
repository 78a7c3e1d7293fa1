package asyncio

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// loopNet is the part of a loop that its transports and servers share.
type loopNet struct {
	pool buffers.Pool // what could not be written at once

	// The transports that are not over yet, in the order in which they were
	// made: for the loop's close, and for a server that closes its clients.
	first, last *streamTransport

	waiting  listen.Waiting // connections that wait to be set up
	unclosed int            // transports that closeNet had to close
	late     int            // writes to transports that are let go of, but for the first

	resolver netaddr.Resolver // nil: the system's
	lookups  lookups
}

// add enters a transport.
func (k *loopNet) add(t *streamTransport) {
	if t.prev = k.last; t.prev != nil {
		t.prev.next = t
	} else {
		k.first = t
	}
	k.last = t
}

// remove takes a transport out.
func (k *loopNet) remove(t *streamTransport) {
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		k.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		k.last = t.prev
	}
	t.prev, t.next = nil, nil
}

// of lists the transports of a server.
func (k *loopNet) of(s *Server) []*streamTransport {
	var list []*streamTransport
	for t := k.first; t != nil; t = t.next {
		if t.server == s {
			list = append(list, t)
		}
	}
	return list
}

// warnUnclosed is how many transports are named that were not closed before
// their loop was.
const warnUnclosed = 10

// closeNet ends what is still open when the loop is closed: no callback of
// theirs can run any more. A logger that leaves by Goexit has it called again, and it goes
// on where it was.
func (l *baseLoop) closeNet() {
	k := &l.netState
	k.lookups.end()
	for c := k.waiting.First(); c != nil; c = k.waiting.First() {
		if err := c.Drop(); err != nil {
			l.logger().Debug(fmt.Sprintf("close of fd=%d: %v", c.FD, err))
		}
	}
	for t := k.first; t != nil; t = k.first {
		what, protocol := t.String(), fmt.Sprintf("%T", t.core.Protocol())
		t.core.Discard()
		if k.unclosed++; k.unclosed <= warnUnclosed {
			l.logger().Warn("unclosed transport "+what, "protocol", protocol)
		}
	}
	if more := k.unclosed - warnUnclosed; more > 0 {
		k.unclosed = 0
		l.logger().Warn(fmt.Sprintf("%d more unclosed transports", more))
	}
	late := k.late
	k.late = 0
	l.tellLateWrites(late, "closed ones")
}

// lookups are the functions that look names up for a loop, in an executor. The loop
// waits for those that have begun when it is closed; those that have not do nothing.
type lookups struct {
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

func (j *lookup) end() { j.of.running.Done() }

// end stops all of them and waits until they have ended.
func (k *lookups) end() {
	k.mu.Lock()
	k.ended = true
	if k.cancel != nil {
		k.cancel()
	}
	k.mu.Unlock()
	k.running.Wait()
}
