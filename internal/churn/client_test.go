package churn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// clients are the side that connects: a loop of its own.
type clients struct {
	loop   asyncio.EventLoop
	book   *book
	rng    *rand.Rand
	seed   uint64
	sent   *atomic.Int64
	places []place // where the servers listen
	most   int     // connections at a time
	target int
	live   int
	ends   map[uint64]*clientEnd // those that live, by number
	id     uint64
	flood  bool
	over   bool
	empty  asyncio.Waiter
}

// run keeps connections coming and going for so long, and then waits for the last.
func (c *clients) run(ctx context.Context, d time.Duration) error {
	c.target = c.most
	c.wave()
	c.fill()
	if err := asyncio.Sleep(ctx, d); err != nil {
		return err
	}
	c.over = true
	if asyncio.IsSimulated(c.loop) {
		c.later(halfOpenAfter, c.abortHalfOpen)
	}
	return asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for c.live > 0 {
			if err := c.empty.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// patience is how long the last connections may take.
const patience = 2 * time.Minute

// wave changes how many there are to be, and how; all that there may be every few times.
func (c *clients) wave() {
	if c.over {
		return
	}
	c.target = 1 + c.rng.IntN(c.most)
	if c.rng.IntN(3) == 0 || c.id == 0 {
		c.target = c.most
	}
	c.flood = !c.flood && c.rng.IntN(3) == 0
	c.fill()
	c.later(time.Duration(100+c.rng.IntN(700))*time.Millisecond, c.wave)
}

func (c *clients) later(d time.Duration, f func()) {
	if _, err := c.loop.CallLater(d, f); err != nil {
		c.book.fail("CallLater: %v", err)
	}
}

// fill starts what is missing.
func (c *clients) fill() {
	for c.live < c.target && !c.over {
		c.id++
		c.live++
		e := &clientEnd{c: c, id: c.id, rng: rand.New(rand.NewPCG(c.seed, c.id))}
		e.plan = newPlan(e.rng, c.flood)
		if e.cancelled = e.rng.IntN(20) == 0; e.cancelled {
			e.plan.ending = aborted // whether it comes in time or not
		}
		c.ends[e.id] = e
		c.book.begin(e.id, e.plan)
		c.book.most(c.live)
		task := asyncio.CreateTask(c.loop, func(ctx context.Context) (struct{}, error) {
			e.connect(ctx)
			return struct{}{}, nil
		})
		if e.cancelled {
			c.cancelSoon(e.rng, e.plan, func() { task.Cancel("churn") })
		}
	}
}

// cancelSoon calls cancel while a connection is made, or its handshake.
func (c *clients) cancelSoon(r *rand.Rand, p plan, cancel func()) {
	most := 300
	if p.speaks.version != 0 {
		most = 20_000
	}
	c.later(time.Duration(r.IntN(most))*time.Microsecond, cancel)
}

// gone notes the end of a connection.
func (c *clients) gone(e *clientEnd) {
	delete(c.ends, e.id)
	c.live--
	c.empty.Wake()
	c.fill()
}

func (b *book) most(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total.Most = max(b.total.Most, n)
}

// clientEnd is the client's end of a connection.
type clientEnd struct {
	c         *clients
	id        uint64
	rng       *rand.Rand
	plan      plan
	t         asyncio.Transport
	answer    []byte // of a sink
	cancelled bool   // the task that connects is cancelled
	halfway   bool   // it is ending already
	ended     bool   // by this end: nothing may come any more
	lost      bool
	eof       bool
	sender    *sender
	change    change
	end
}

func (e *clientEnd) bad(format string, args ...any) {
	e.c.book.fail("client's end of connection %d (%v): "+format, append([]any{e.id, e.plan}, args...)...)
}

func (e *clientEnd) must(err error) {
	if err != nil {
		e.bad("%v", err)
	}
}

func (e *clientEnd) connect(ctx context.Context) {
	at, opts := e.place()
	_, _, err := e.c.loop.CreateConnection(ctx, func() asyncio.Protocol { return e }, at.network, at.address, opts)
	if err == nil {
		e.c.book.connected(at)
	}
	switch {
	case e.t != nil:
		// ConnectionLost tells of the end; if the task was cancelled in the meantime
		// the transport is nobody's and is closed.
		return
	case err == nil:
		e.bad("connected without ConnectionMade")
	case e.cancelled && errors.Is(err, asyncio.ErrCancelled):
		e.c.book.cancel(e.id)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		e.c.book.noAddress(e.id)
		e.c.later(50*time.Millisecond, func() { e.c.gone(e) })
		return
	default:
		e.bad("connect: %v", err)
		e.c.book.drop(e.id)
	}
	e.c.gone(e)
}

// place is where the end connects, and how.
func (e *clientEnd) place() (at place, opts *asyncio.ConnectionOptions) {
	use := clearPlace
	if s := e.plan.speaks; s.tls() {
		use = tlsPlace
		opts = &asyncio.ConnectionOptions{TLS: s.config(false), TLSStrictEnd: s.strict, TLSHandshakeTimeout: patience, TLSShutdownTimeout: patience}
	}
	for at.network == "" || at.use != use {
		at = e.c.places[e.rng.IntN(len(e.c.places))]
	}
	return at, opts
}

// connected counts a connection.
func (b *book) connected(at place) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at.network == "unix" {
		b.total.Unix++
	}
	if at.use == tlsPlace {
		b.total.TLS++
	}
}

func (b *book) cancel(id uint64) {
	b.drop(id)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total.Cancelled++
}

func (b *book) noAddress(id uint64) {
	b.drop(id)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total.NoAddress++
}

func (e *clientEnd) ConnectionMade(t asyncio.Transport) {
	e.t = t
	e.sent, e.got = newFlow(e.id, 0), newFlow(e.id, 1)
	if e.plan.role == echo {
		e.got = newFlow(e.id, 0)
	}
	header := e.plan.header(e.id)
	if e.plan.ending == brief {
		if n := e.rng.IntN(2 * headerSize); n < headerSize {
			header = header[:n]
		}
		e.write(header)
		e.finish(ending(1 + e.rng.IntN(3)))
		return
	}
	e.write(header)
	if e.plan.speaks.over {
		e.send(e.plan.speaks.clear, func() {})
	} else {
		e.sendRest()
	}
	if e.plan.cut == 0 && (e.plan.ending == closed || e.plan.ending == aborted || e.plan.ending == reset) {
		e.cutShort()
	}
}

// sendRest sends all that is not sent yet.
func (e *clientEnd) sendRest() { e.send(e.plan.up-e.sent.n, e.allSent) }

// send sends so many bytes.
func (e *clientEnd) send(n int, done func()) {
	e.sender = &sender{loop: e.c.loop, t: e.t, rng: e.rng, flow: &e.sent, total: e.c.sent, left: n, bad: e.bad, done: done}
	e.sender.soon()
}

func (e *clientEnd) write(p []byte) {
	if _, err := e.t.Write(p); err != nil {
		e.bad("write: %v", err)
	}
}

// allSent ends the sending side, if nobody waits for anything.
func (e *clientEnd) allSent() {
	if !e.plan.speaks.halfCloses() {
		return // the bytes are counted
	}
	if e.plan.role == sink || e.plan.role == echo && (e.plan.eofFirst || !e.plan.byClient) {
		e.eof = true
		e.must(writeEOF(e.t, e.plan))
	}
}

func (e *clientEnd) DataReceived(p []byte) {
	if e.ended || e.lost {
		e.bad("%d bytes came after the end", len(p))
		return
	}
	if e.change.keeps(p) {
		return
	}
	if !e.plan.speaks.over || e.change.done {
		e.take(p)
		return
	}
	n := 0
	if e.plan.role == echo {
		n = min(len(p), e.plan.speaks.clear-e.got.n)
	}
	if n > 0 {
		e.take(p[:n])
	}
	if p = p[n:]; len(p) == 0 || e.ended {
		return
	}
	if string(p) != string(goOver) {
		e.bad("wrong bytes in clear after %d", e.got.n)
	}
	e.goOver()
}

// take takes what came.
func (e *clientEnd) take(p []byte) {
	if e.plan.role == sink {
		e.answer = append(e.answer, p...)
		e.got.n += len(p)
	} else if !e.got.check(p) {
		e.bad("wrong bytes after %d", e.got.n)
		e.finish(aborted)
		return
	}
	switch {
	case e.plan.ending != inOrder && e.plan.ending != serverReset:
		if e.got.n >= e.plan.cut {
			e.cutShort()
		}
	case e.plan.role == echo && e.plan.byClient && !e.eof && e.got.n == e.plan.up:
		e.finish(inOrder)
	case e.plan.slow && e.rng.IntN(4) == 0:
		e.must(e.t.PauseReading())
		e.c.later(time.Duration(e.rng.IntN(3000))*time.Microsecond, func() {
			if !e.lost {
				e.must(e.t.ResumeReading())
			}
		})
	}
}

// cutShort ends the connection, at once or after a while in which it does not read.
func (e *clientEnd) cutShort() {
	if e.halfway {
		return
	}
	e.halfway = true
	if !e.plan.pause {
		e.finish(e.plan.ending)
		return
	}
	e.must(e.t.PauseReading())
	e.c.later(time.Duration(e.rng.IntN(3000))*time.Microsecond, func() {
		if !e.lost && !e.ended {
			e.finish(e.plan.ending)
		}
	})
}

// finish ends the connection in one of the ways.
func (e *clientEnd) finish(how ending) {
	e.ended = true
	if e.sender != nil {
		e.sender.over = true
	}
	switch how {
	case inOrder, closed:
		e.must(e.t.Close())
	case aborted:
		e.t.Abort()
	default:
		resetNow(e.c.loop, e.t)
	}
}

func (e *clientEnd) EOFReceived() bool {
	if e.ended || e.lost {
		e.bad("an end of stream after the end")
	}
	if e.change.underWay && e.plan.speaks.halfCloses() {
		e.change.eof = e.change.begun
		return e.change.eof
	}
	if e.plan.role == sink && e.plan.orderly() {
		if want := e.sent.digest(); string(e.answer) != string(want) {
			e.bad("the server counts %x, want %x", e.answer, want)
		}
		e.got.crc = e.sent.crc
	}
	return false
}

func (e *clientEnd) PauseWriting() {
	if e.sender != nil {
		e.sender.pause()
	}
}

func (e *clientEnd) ResumeWriting() {
	if e.sender != nil {
		e.sender.resume()
	}
}

func (e *clientEnd) ConnectionLost(err error) {
	if e.lost {
		e.bad("lost twice")
	}
	if e.change.underWay && !e.got.check(e.change.late) {
		e.bad("wrong bytes after %d", e.got.n)
	}
	e.lost = true
	if e.sender != nil {
		e.sender.over = true
	}
	e.err = err
	e.c.book.endClient(e.id, e.end)
	e.c.gone(e)
}
