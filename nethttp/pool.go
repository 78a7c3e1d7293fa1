package nethttp

import (
	"container/list"
	"context"
	"math"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// pool is the connections that a Transport has on one loop.
//
// The mutex is never held while somebody waits: goroutines use it too.
type pool struct {
	t    *Transport
	loop asyncio.EventLoop

	mu    sync.Mutex
	hosts map[destination]*host
	idle  list.List // of *conn: all that are not in use, the one that is so longest first
	timed bool      // a timer is set, or about to be
}

// host is the connections to one destination. A connection is open from before it is
// made. Where there is a limit, who finds none free waits, and is woken when one is
// promised to him: what is promised is not given to others.
type host struct {
	open     int
	idle     []*conn // the one that is to be used next last
	promised int
	waiters  asyncio.Waiters
}

func newPool(t *Transport, loop asyncio.EventLoop) *pool {
	return &pool{t: t, loop: loop, hosts: map[destination]*host{}}
}

// get returns a connection, one that was used before if there is such a one.
func (p *pool) get(ctx context.Context, d destination, proxy *url.URL) (*conn, error) {
	for {
		c, err := p.take(ctx, d)
		switch {
		case err != nil:
			return nil, err
		case c == nil:
			return p.dial(ctx, d, proxy)
		case c.usable():
			c.reused = true
			return c, nil
		}
		c.close()
	}
}

// take waits for a turn and returns an idle connection or, if there is none, nil: then
// the caller makes one, which counts as open already.
func (p *pool) take(ctx context.Context, d destination) (c *conn, err error) {
	var next asyncio.Wakeup
	p.mu.Lock()
	defer func() {
		p.mu.Unlock()
		next.Do()
	}()
	h := p.hosts[d]
	if h == nil {
		h = &host{}
		p.hosts[d] = h
	}
	if h.promised >= h.free(p.t.MaxConnsPerHost) {
		handOn, err := h.waiters.Wait(ctx, p.loop, &p.mu)
		if err == nil || handOn {
			h.promised--
		}
		if err != nil {
			next = p.promise(h)
			p.forget(d, h)
			return nil, err
		}
	}
	if n := len(h.idle); n > 0 {
		c = h.idle[n-1]
		p.unlist(c)
		return c, nil
	}
	h.open++
	return nil, nil
}

// free is how many requests can have a connection now.
func (h *host) free(limit int) int {
	if limit <= 0 {
		return math.MaxInt
	}
	return limit - h.open + len(h.idle)
}

// promise promises what has become free to the one who waits longest.
func (p *pool) promise(h *host) (next asyncio.Wakeup) {
	if h.waiters.Len() > 0 && h.promised < h.free(p.t.MaxConnsPerHost) {
		h.promised++
		next = h.waiters.WakeOne(nil)
	}
	return next
}

// unlist takes a connection from those that are idle.
func (p *pool) unlist(c *conn) {
	p.idle.Remove(c.place)
	c.place = nil
	h := p.hosts[c.to]
	h.idle = slices.DeleteFunc(h.idle, func(other *conn) bool { return other == c })
}

// gone counts a connection out that is no longer open, or was never made.
func (p *pool) gone(d destination) {
	p.mu.Lock()
	h := p.hosts[d]
	h.open--
	next := p.promise(h)
	p.forget(d, h)
	p.mu.Unlock()
	next.Do()
}

// forget forgets a host to which there is no connection, and nobody wants one.
func (p *pool) forget(d destination, h *host) {
	if h.open == 0 && h.promised == 0 && h.waiters.Len() == 0 {
		delete(p.hosts, d)
	}
}

// put keeps a connection for later, or closes it, or another one that is too much.
func (p *pool) put(c *conn) {
	if !c.usable() || p.t.DisableKeepAlives || p.t.isClosed() {
		c.close()
		return
	}
	excess := c
	p.mu.Lock()
	h := p.hosts[c.to]
	var next asyncio.Wakeup
	if h.waiters.Len() > 0 || len(h.idle) < p.t.maxIdlePerHost() {
		excess = nil
		c.since = p.loop.Time()
		c.place = p.idle.PushBack(c)
		h.idle = append(h.idle, c)
		if next = p.promise(h); p.t.MaxIdleConns > 0 && p.idle.Len() > p.t.MaxIdleConns {
			excess = p.idle.Front().Value.(*conn)
			p.unlist(excess)
		}
	}
	p.mu.Unlock()
	next.Do()
	if excess != nil {
		excess.close()
	}
	if excess != c {
		p.watch()
	}
	// It may have ended, and the transport may have been closed, since we looked.
	if (c.lost() || p.t.isClosed()) && p.drop(c) {
		c.close()
	}
}

// drop takes a connection out if it is idle, and reports whether it was: then it is the
// caller's to close.
func (p *pool) drop(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.place == nil {
		return false
	}
	p.unlist(c)
	return true
}

// closeIdle closes what is not in use.
func (p *pool) closeIdle() {
	for c := p.oldest(math.MaxInt64); c != nil; c = p.oldest(math.MaxInt64) {
		c.close()
	}
}

// oldest takes out the connection that is idle longest, if it is so since until; else it
// returns nil.
func (p *pool) oldest(until time.Duration) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.idle.Front()
	if first == nil || first.Value.(*conn).since > until {
		return nil
	}
	c := first.Value.(*conn)
	p.unlist(c)
	return c
}

// watch sees to it that idle connections are closed in time: one timer does, which is set
// for the one that is idle longest. Any goroutine.
func (p *pool) watch() {
	if p.t.IdleConnTimeout <= 0 {
		return
	}
	p.mu.Lock()
	set := !p.timed && p.idle.Len() > 0
	p.timed = p.timed || set
	p.mu.Unlock()
	if set {
		onLoop(p.loop, p.setTimer)
	}
}

// setTimer sets the timer for the connection that is idle longest. Loop only.
func (p *pool) setTimer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.idle.Front()
	if first == nil {
		p.timed = false
		return
	}
	// It is refused by a loop that is being closed, and so is everything else there.
	_, _ = p.loop.CallAt(first.Value.(*conn).since+p.t.IdleConnTimeout, p.expire)
}

// expire closes the connections that have been idle for too long. Loop only.
func (p *pool) expire() {
	until := p.loop.Time() - p.t.IdleConnTimeout
	for c := p.oldest(until); c != nil; c = p.oldest(until) {
		c.close()
	}
	p.setTimer()
}

// onLoop runs f on the loop: at once, if that is where the caller is, or else soon. On a
// loop that is closed there is nothing left to do.
func onLoop(loop asyncio.EventLoop, f func()) {
	if running, err := asyncio.GetRunningLoop(); err == nil && running == loop {
		f()
		return
	}
	_, _ = loop.CallSoonThreadsafe(f)
}
