package churn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// servers are the side that listens: a loop of its own.
type servers struct {
	exchange *exchange // of datagrams, nil if there are none
	loop     asyncio.EventLoop
	places   []place
	book     *book
	rng      *rand.Rand
	sent     *atomic.Int64 // by all ends
	held     []*serverEnd
	live     map[*serverEnd]struct{}
	count    uint64
	holds    int
	over     bool
}

// place is where a server listens.
type place struct {
	network, address string
	use              use
}

// use is what a place is for.
type use uint8

const (
	clearPlace use = iota // also for what goes over to TLS
	tlsPlace
	hastyPlace // with TLS, and little patience
	mutePlace  // where nothing is said
)

// places are where the servers listen: several ports, lest they run out, and paths, where the
// system has unix sockets.
func places(t *testing.T) []place {
	var list []place
	for range 4 {
		list = append(list, place{"tcp", "127.0.0.1:0", clearPlace})
	}
	for _, u := range []use{tlsPlace, tlsPlace, hastyPlace, mutePlace} {
		list = append(list, place{"tcp", "127.0.0.1:0", u})
	}
	if testkit.HasUnixSockets() {
		for _, u := range []use{clearPlace, clearPlace, tlsPlace} {
			list = append(list, place{"unix", testkit.SocketPath(t), u})
		}
	}
	return list
}

func (s *servers) listen(ctx context.Context) (all []*asyncio.Server, err error) {
	for _, p := range s.places {
		l, err := s.loop.CreateServer(ctx, func() asyncio.Protocol { return s.protocol(p.use) }, p.network, p.address, p.use.options())
		if err != nil {
			return all, err
		}
		all = append(all, l)
	}
	s.letGo()
	s.stall()
	return all, nil
}

// protocol makes the protocol of a connection.
func (s *servers) protocol(u use) asyncio.Protocol {
	switch u {
	case hastyPlace:
		return &unmet{book: s.book}
	case mutePlace:
		return &mute{}
	}
	s.count++
	return &serverEnd{s: s, number: s.count, rng: rand.New(rand.NewPCG(s.count, 1))}
}

// options are those of a place's server.
func (u use) options() *asyncio.ServerOptions {
	o := &asyncio.ServerOptions{Backlog: 4096}
	switch u {
	case tlsPlace:
		o.TLS, o.TLSHandshakeTimeout, o.TLSShutdownTimeout = serverConfig(), patience, patience
	case hastyPlace:
		o.TLS, o.TLSHandshakeTimeout = serverConfig(), hasty
	}
	return o
}

// letGo lets held connections go, all at once.
func (s *servers) letGo() {
	held := s.held
	s.holds += len(held)
	s.held = nil
	for _, e := range held {
		if !e.lost {
			e.must(e.t.ResumeReading())
		}
	}
	if !s.over {
		s.later(time.Duration(20+s.rng.IntN(200))*time.Millisecond, s.letGo)
	}
}

// stall keeps the loop from everything for a while, as a program's own work may, so
// that much has come when it looks again.
func (s *servers) stall() {
	const much = 24 << 20
	for began, before := time.Now(), s.sent.Load(); time.Since(began) < 30*time.Millisecond && s.sent.Load()-before < much; {
		time.Sleep(time.Millisecond) // it is this loop that is to stand still
	}
	if !s.over {
		s.later(time.Duration(100+s.rng.IntN(300))*time.Millisecond, s.stall)
	}
}

// left describes the connections that there are.
func (s *servers) left() (list []string) {
	for e := range s.live {
		list = append(list, fmt.Sprintf("connection %d (%v): %v, known: %v, ended: %v, %d of the header came, %d up, %d down",
			e.id, e.plan, e.t, e.known, e.ended, len(e.head), e.got.n, e.sent.n))
	}
	return list
}

func (s *servers) later(d time.Duration, f func()) {
	if _, err := s.loop.CallLater(d, f); err != nil {
		s.book.fail("CallLater: %v", err)
	}
}

// serverEnd is the server's end of a connection.
type serverEnd struct {
	s      *servers
	number uint64 // of all that were accepted
	rng    *rand.Rand
	t      asyncio.Transport
	head   []byte
	id     uint64
	plan   plan
	known  bool
	ended  bool // by this end: nothing may come any more
	lost   bool
	eof    bool // the client's
	sender *sender
	change change
	end
}

func (e *serverEnd) bad(format string, args ...any) {
	e.s.book.fail("server's end of connection %d (%v): "+format, append([]any{e.id, e.plan}, args...)...)
}

func (e *serverEnd) must(err error) {
	if err != nil {
		e.bad("%v", err)
	}
}

func (e *serverEnd) ConnectionMade(t asyncio.Transport) {
	e.t = t
	e.s.live[e] = struct{}{}
}

func (e *serverEnd) DataReceived(p []byte) {
	if e.ended || e.lost {
		e.bad("%d bytes came after the end", len(p))
	}
	if e.change.keeps(p) {
		return
	}
	if !e.known {
		n := min(len(p), headerSize-len(e.head))
		e.head = append(e.head, p[:n]...)
		p = p[n:]
		if len(e.head) < headerSize {
			return
		}
		e.start()
	}
	if e.clear() {
		if n := e.plan.speaks.clear - e.got.n; len(p) > n {
			e.bad("%d bytes in clear after the last", len(p)-n)
		}
	}
	if len(p) > 0 {
		e.take(p)
	}
	if e.clear() && !e.ended && e.got.n == e.plan.speaks.clear {
		e.goOver()
	}
}

// clear reports whether what comes is known to be in clear, and TLS is to follow.
func (e *serverEnd) clear() bool { return e.known && e.plan.speaks.over && !e.change.done }

// take takes what came.
func (e *serverEnd) take(p []byte) {
	if !e.got.check(p) {
		e.bad("wrong bytes after %d", e.got.n)
		e.ended = true
		e.t.Abort()
		return
	}
	if e.plan.role == echo {
		if e.plan.ending == serverReset && e.got.n >= e.plan.cut {
			e.ended = true
			resetNow(e.s.loop, e.t)
			return
		}
		n, _ := e.t.Write(p) // its end will be told
		e.sent.add(p[:n])
	}
	if e.plan.role == sink && !e.plan.speaks.halfCloses() && e.got.n == e.plan.up {
		e.count()
		e.ended = true
		e.must(e.t.Close())
	}
}

// count answers with the checksum of all that came.
func (e *serverEnd) count() {
	d := e.got.digest()
	if _, err := e.t.Write(d); err == nil {
		e.sent.n, e.sent.crc = len(d), e.got.crc
	}
}

// start reads the header.
func (e *serverEnd) start() {
	var ok bool
	if e.id, e.plan, ok = parse(e.head); !ok {
		e.bad("a header of %x", e.head)
		e.t.Abort()
		return
	}
	e.known = true
	e.got, e.sent = newFlow(e.id, 0), newFlow(e.id, 1)
	if e.plan.role == echo {
		e.sent = newFlow(e.id, 0)
	}
	if !e.plan.speaks.over {
		e.serve()
	}
}

// serve begins what the client has asked for.
func (e *serverEnd) serve() {
	switch e.plan.role {
	case sink:
		if e.plan.hold {
			e.must(e.t.PauseReading())
			e.s.held = append(e.s.held, e)
		}
	case source:
		e.sender = &sender{loop: e.s.loop, t: e.t, rng: e.rng, flow: &e.sent, total: e.s.sent, left: e.plan.down, bad: e.bad, done: func() {
			if e.plan.byClient && !e.eof {
				e.must(writeEOF(e.t, e.plan))
				return
			}
			e.ended = true
			e.must(e.t.Close())
		}}
		e.sender.soon()
	}
}

func (e *serverEnd) EOFReceived() bool {
	if e.ended || e.lost {
		e.bad("an end of stream after the end")
	}
	if e.change.underWay && e.plan.speaks.halfCloses() {
		e.change.eof = e.change.begun
		return e.change.eof
	}
	e.eof = true
	if !e.known || e.clear() {
		return false
	}
	switch e.plan.role {
	case sink:
		if e.plan.speaks.halfCloses() {
			e.count()
		}
	case source:
		return !e.sender.over
	}
	return false
}

func (e *serverEnd) PauseWriting() {
	if e.sender != nil {
		e.sender.pause()
	} else if e.plan.role == echo && !e.change.underWay && !e.t.IsClosing() {
		e.must(e.t.PauseReading())
	}
}

func (e *serverEnd) ResumeWriting() {
	if e.sender != nil {
		e.sender.resume()
	} else if e.plan.role == echo && !e.change.underWay && !e.t.IsClosing() {
		e.must(e.t.ResumeReading())
	}
}

func (e *serverEnd) ConnectionLost(err error) {
	if e.lost {
		e.bad("lost twice")
	}
	if e.change.underWay && !e.got.check(e.change.late) {
		e.bad("wrong bytes after %d", e.got.n)
	}
	e.lost = true
	delete(e.s.live, e)
	if e.sender != nil {
		e.sender.over = true
	}
	if !e.known {
		e.s.book.endNameless(len(e.head))
		return
	}
	e.err = err
	e.s.book.endServer(e.id, e.end)
}
