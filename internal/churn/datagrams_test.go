package churn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/go-asyncio/asyncio"
)

// How many endpoints there are at a time beside the connections: those that post, on the
// clients' loop, and those that send back, on the servers'.
const (
	callersAtOnce  = 20
	stationsAtOnce = 8
)

// endpoint is what all protocols of endpoints have in common.
type endpoint struct {
	asyncio.BaseDatagramProtocol
	of     *exchange
	t      asyncio.DatagramTransport
	name   string
	at     netip.AddrPort
	paused bool // the transport has asked not to be sent to
	ended  bool // by this end: nothing may come any more
	lost   bool
	cut    int  // it ends with so many more received datagrams, if not 0
	aborts bool // that end is by Abort
}

// made notes the transport.
func (e *endpoint) made(t asyncio.DatagramTransport, kind string) {
	e.t, e.at = t, udpAddr(t.LocalAddr())
	e.name = fmt.Sprintf("the %s at %v", kind, e.at)
}

// received notes a datagram that has come, as take does.
func (e *endpoint) received(p []byte, from net.Addr) (id uint64, back, ok bool) {
	if e.ended || e.lost {
		e.of.book.fail("%s: %d bytes came after the end", e.name, len(p))
	}
	return e.of.take(p, udpAddr(from), e.at)
}

// cuts reports whether the endpoint is to end with the datagram that has come.
func (e *endpoint) cuts() bool {
	if e.cut == 0 {
		return false
	}
	e.cut--
	return e.cut == 0 && !e.ended
}

// end ends the endpoint.
func (e *endpoint) end(abort bool) {
	if e.ended {
		return
	}
	e.ended = true
	if abort {
		e.t.Abort()
	} else if err := e.t.Close(); err != nil {
		e.of.book.fail("%s: close: %v", e.name, err)
	}
}

// send sends a datagram, whose bytes are destroyed as soon as they are the caller's again.
func (e *endpoint) send(p []byte, to net.Addr) {
	if err := e.t.SendTo(p, to); err != nil {
		e.of.book.fail("%s: %v", e.name, err)
	}
	clear(p)
}

// PauseWriting implements asyncio.FlowControl.
func (e *endpoint) PauseWriting() { e.paused = true }

// ResumeWriting implements asyncio.FlowControl.
func (e *endpoint) ResumeWriting() { e.paused = false }

// ErrorReceived implements asyncio.DatagramProtocol.
func (e *endpoint) ErrorReceived(err error) {
	if e.lost {
		e.of.book.fail("%s is told after the end: %v", e.name, err)
	}
	e.of.refused(e.name, err)
}

// ConnectionLost implements asyncio.DatagramProtocol.
func (e *endpoint) ConnectionLost(err error) {
	if e.lost || err != nil || !e.ended {
		e.of.book.fail("%s is lost with %v; before: %v, ended: %v", e.name, err, e.lost, e.ended)
	}
	e.lost = true
}

// waits waits until cond holds.
func waits(ctx context.Context, cond func() bool) error {
	for !cond() {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// station sends back what comes.
type station struct {
	endpoint
	lasts bool
	room  []byte
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (s *station) ConnectionMade(t asyncio.DatagramTransport) {
	s.made(t, "station")
	s.of.begin(s.at, s.lasts)
}

// DatagramReceived implements asyncio.DatagramProtocol.
func (s *station) DatagramReceived(p []byte, from net.Addr) {
	if _, back, ok := s.received(p, from); ok && !back && !s.paused {
		s.room = append(s.room[:0], p...)
		s.room[wayBack] = 1
		s.send(s.room, from)
	}
	if s.cuts() {
		s.stop(s.aborts)
	}
}

// stop ends the station.
func (s *station) stop(abort bool) {
	if !s.ended {
		s.of.retire(s.at)
		s.end(abort)
	}
}

// serve has stations come and go on a loop until the exchange is over.
func (x *exchange) serve(ctx context.Context, loop asyncio.EventLoop, seed uint64) error {
	return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		for i := range uint64(stationsAtOnce) {
			rng := rand.New(rand.NewPCG(seed, 2000+i))
			g.Go(func(ctx context.Context) error {
				for !x.over.Load() {
					if err := x.station(ctx, loop, rng, i == 0); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil
	})
}

// station has one station, for a while, or until the exchange is over.
func (x *exchange) station(ctx context.Context, loop asyncio.EventLoop, rng *rand.Rand, lasts bool) error {
	s := &station{endpoint: endpoint{of: x, aborts: rng.IntN(2) == 0}, lasts: lasts}
	opts := asyncio.DatagramOptions{LocalAddress: x.any, Coalesce: rng.IntN(2) == 0}
	if !lasts && rng.IntN(2) == 0 {
		s.cut = 1 + rng.IntN(300)
	}
	create := func() error {
		_, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return s }, &opts)
		return err
	}
	err := create()
	if opts.Coalesce && errors.Is(err, errors.ErrUnsupported) {
		opts.Coalesce = false
		err = create()
	}
	if err != nil {
		return err
	}
	end := loop.Time() + time.Duration(1+rng.IntN(300))*time.Millisecond
	if err := waits(ctx, func() bool { return s.ended || x.over.Load() || !lasts && loop.Time() > end }); err != nil {
		return err
	}
	s.stop(s.aborts)
	return waits(ctx, func() bool { return s.lost })
}

// correspondent posts to stations: one that it is connected to, or any.
type correspondent struct {
	endpoint
	id   uint64
	whom netip.AddrPort // it is connected to
	back int            // datagrams that have come back
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (c *correspondent) ConnectionMade(t asyncio.DatagramTransport) {
	c.made(t, "caller")
	c.of.enter(c.id, c.at)
}

// DatagramReceived implements asyncio.DatagramProtocol.
func (c *correspondent) DatagramReceived(p []byte, from net.Addr) {
	if id, back, ok := c.received(p, from); ok && back && id == c.id {
		c.back++
	}
	if c.whom.IsValid() && udpAddr(from) != c.whom {
		c.of.book.fail("%s, connected to %v, receives from %v", c.name, c.whom, from)
	}
	if c.cuts() {
		c.end(c.aborts)
	}
}

// post sends a datagram to a station, and seldom an empty one beside it.
func (c *correspondent) post(to netip.AddrPort, rng *rand.Rand) {
	var address net.Addr
	if !c.whom.IsValid() {
		address = net.UDPAddrFromAddrPort(to)
	}
	if rng.IntN(50) == 0 {
		c.of.emptySent()
		c.send(nil, address)
	}
	c.send(c.of.post(c.id, to), address)
}

// churnDatagrams has endpoints come and go on a loop that post to the exchange's stations,
// for as long as d.
func churnDatagrams(ctx context.Context, loop asyncio.EventLoop, x *exchange, seed uint64, d time.Duration) error {
	end := loop.Time() + d
	return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		for i := range uint64(callersAtOnce) {
			rng := rand.New(rand.NewPCG(seed, 3000+i))
			g.Go(func(ctx context.Context) error {
				for id := i + 1; loop.Time() < end; id += callersAtOnce {
					c := &correspondent{endpoint: endpoint{of: x, aborts: rng.IntN(2) == 0}, id: id}
					if err := c.live(ctx, loop, rng); err != nil {
						return fmt.Errorf("caller %d, connected to %v: %w", id, c.whom, err)
					}
				}
				return nil
			})
		}
		return nil
	})
}

// live is the life of a correspondent.
func (c *correspondent) live(ctx context.Context, loop asyncio.EventLoop, rng *rand.Rand) error {
	if err := waits(ctx, func() bool { return c.of.lasting().IsValid() }); err != nil {
		return err
	}
	switch made, err := c.open(ctx, loop, rng); {
	case err != nil:
		return err
	case !made:
		return nil
	}
	inOrder := rng.IntN(3) == 0
	if !inOrder && rng.IntN(2) == 0 {
		c.cut = 1 + rng.IntN(8)
	}
	if err := c.postAll(ctx, rng); err != nil {
		return err
	}
	if inOrder {
		if err := c.answered(ctx, loop, rng); err != nil {
			return err
		}
	}
	c.end(c.aborts)
	return waits(ctx, func() bool { return c.lost })
}

// open makes the endpoint, connected or not. Seldom that is cancelled: then made is false,
// and whatever was made must be over.
func (c *correspondent) open(ctx context.Context, loop asyncio.EventLoop, rng *rand.Rand) (made bool, err error) {
	opts := asyncio.DatagramOptions{LocalAddress: c.of.any}
	if rng.IntN(2) == 0 {
		c.whom = c.of.pick(rng)
		opts.RemoteAddress = c.whom.String()
	}
	task := asyncio.GoErr(ctx, func(ctx context.Context) error {
		_, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return c }, &opts)
		return err
	})
	cancels := rng.IntN(20) == 0
	if cancels {
		if _, err := loop.CallLater(time.Duration(rng.IntN(200))*time.Microsecond, func() {
			if task.Cancel("churn") {
				c.ended = true
			}
		}); err != nil {
			return false, err
		}
	}
	_, err = task.Await(ctx)
	if cancels && errors.Is(err, asyncio.ErrCancelled) {
		return false, waits(ctx, func() bool { return c.t == nil || c.lost })
	}
	if c.ended && err == nil {
		return false, errors.New("it was cancelled, and made")
	}
	c.of.book.mu.Lock()
	defer c.of.book.mu.Unlock()
	c.of.book.total.Endpoints++
	return err == nil, err
}

// postAll posts some datagrams, as fast as the transport takes them or with pauses.
func (c *correspondent) postAll(ctx context.Context, rng *rand.Rand) error {
	slow := rng.IntN(2) == 0
	for range 1 + rng.IntN(60) {
		if err := waits(ctx, func() bool { return !c.paused || c.ended }); err != nil {
			return err
		}
		if slow && rng.IntN(4) == 0 {
			if err := asyncio.Sleep(ctx, time.Duration(rng.IntN(3000))*time.Microsecond); err != nil {
				return err
			}
		}
		if c.ended {
			return nil
		}
		to := c.whom
		if !to.IsValid() {
			to = c.of.pick(rng)
		}
		c.post(to, rng)
	}
	return nil
}

// answered posts until something comes back, which may take several datagrams but comes, if
// the station lasts: else one of both has fallen silent.
func (c *correspondent) answered(ctx context.Context, loop asyncio.EventLoop, rng *rand.Rand) error {
	to, last, before := c.whom, loop.Time()+patience, c.back
	if !to.IsValid() {
		to = c.of.lasting()
	}
	for c.back == before && c.of.isLive(to) {
		if loop.Time() > last {
			return fmt.Errorf("%s gets no answers from %v", c.name, to)
		}
		c.post(to, rng)
		next := loop.Time() + 20*time.Millisecond
		if err := waits(ctx, func() bool { return c.back > before || loop.Time() > next }); err != nil {
			return err
		}
	}
	return nil
}
