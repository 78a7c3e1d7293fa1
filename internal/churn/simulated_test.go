package churn_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/simulation"
)

// How much of it there is in a world.
const (
	worldTime  = time.Minute // of connections that come and go, by the world's clock
	worldConns = 4           // at a time, of each client
	worldSeeds = uint64(3)
	stallShare = 20 // of the time, one in so many has stalled handshakes, too
)

// halfOpenAfter is when a connection that goes on has lost the reset that ended it, if that was
// to be its end: to an end that sends nothing TCP never says so.
const halfOpenAfter = 30 * time.Second

// TestChurnSimulated has connections come and go between hosts of a world, over links that are
// slow, lose and are cut for a while, and of hosts that are held up. Nothing of it is an error
// to TCP, so the accounts are the same as over the system.
func TestChurnSimulated(t *testing.T) {
	for seed := range seedsHere() {
		t.Run(fmt.Sprint("seed-", 1+seed), func(t *testing.T) {
			simulation.Test(t, func(w *simulation.World) {
				b := churnWorld(w, worldTime)
				t.Logf("%v, %d faults, fingerprint %x: %+v", w.Elapsed(), len(b.faults), w.Hash(), b.total)
			}, simulation.WithSeed(1+seed))
		})
	}
}

// seedsHere is how many seeds are tried: one under the race detector, which takes ten times as
// long for each.
func seedsHere() uint64 {
	if testkit.RaceDetector {
		return 1
	}
	return worldSeeds
}

// TestChurnIsTheSame: with one seed it goes the same way, TLS included.
func TestChurnIsTheSame(t *testing.T) {
	simulation.Check(t, func(w *simulation.World) { churnWorld(w, 10*time.Second) })
}

// worldBook is the book of a run in a world.
type worldBook struct {
	*book
	faults []simulation.Fault
}

// churnWorld has connections come and go for so long between two clients and a server.
func churnWorld(w *simulation.World, d time.Duration) worldBook {
	configs = &configurations{authority: certs.New()} // by the seed, and good at this time
	w.SetDefaultConditions(simulation.Conditions{Latency: simulation.Spread{Least: 200 * time.Microsecond, Most: 3 * time.Millisecond, Tail: 0.01}, Loss: 0.002})
	b := worldBook{book: &book{open: map[uint64]*account{}}}
	var sent atomic.Int64
	server := w.Host("server")
	s := &servers{book: b.book, rng: w.Rand(), sent: &sent, live: map[*serverEnd]struct{}{}}
	for _, u := range []use{clearPlace, clearPlace, tlsPlace, hastyPlace, mutePlace} {
		s.places = append(s.places, place{"tcp", server.Addr().String() + ":0", u})
	}
	listening := make(chan []place, 1)
	over := false
	server.Start(func(ctx context.Context) error {
		s.loop = server.Loop()
		b.hears(s.loop)
		stop := asyncio.NewFuture[int](s.loop)
		return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error { return s.serve(ctx, listening, stop) })
			for !over {
				if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
					return err
				}
			}
			return stop.SetResult(0)
		})
	})
	if err := w.RunUntil(func() bool { return len(listening) == 1 || server.Done() }); err != nil || server.Done() {
		w.Fatalf("the server: %v, %v", err, server.Err())
	}
	places := <-listening
	hosts := []*simulation.Host{w.Host("one"), w.Host("two")}
	for i, h := range hosts {
		h.Start(func(ctx context.Context) error { return b.clients(ctx, h, places, &sent, uint64(i), d) })
	}
	b.faults = w.RandomFaults(simulation.FaultPlan{Within: d, Count: int(d/time.Second) / 3, Longest: time.Second, Kinds: []simulation.FaultKind{
		simulation.FaultPartition, simulation.FaultOneWay, simulation.FaultStall, simulation.FaultLoss, simulation.FaultPause,
	}})
	if err := w.RunUntil(func() bool { return hosts[0].Done() && hosts[1].Done() }); err != nil {
		w.Fatalf("connections do not end: %v\n%v", err, s.left())
	}
	over = true
	if err := w.Run(); err != nil {
		w.Errorf("%v", err)
	}
	b.finish()
	for _, f := range b.failures {
		w.Errorf("%s", f)
	}
	b.total.Holds = s.holds
	return b
}

// clients is the main function of a client's host.
func (b worldBook) clients(ctx context.Context, h *simulation.Host, places []place, sent *atomic.Int64, number uint64, d time.Duration) error {
	loop, seed := h.Loop(), h.Rand().Uint64()
	b.hears(loop)
	c := &clients{loop: loop, book: b.book, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, sent: sent, places: places, most: worldConns,
		ends: map[uint64]*clientEnd{}, id: number << 40}
	stalls := asyncio.GoErr(ctx, func(ctx context.Context) error { return churnStalls(ctx, loop, b.book, places, seed, d/stallShare) })
	err := c.run(ctx, d)
	_, stallsErr := stalls.Await(ctx)
	return errors.Join(err, stallsErr)
}

// hears enters in the book what a loop reports.
func (b worldBook) hears(l asyncio.EventLoop) {
	if err := l.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		b.fail("reported: %s: %v", c.Message, c.Err)
	}); err != nil {
		b.fail("%v", err)
	}
}

// abortHalfOpen ends the connections whose end was lost.
func (c *clients) abortHalfOpen() {
	for _, id := range slices.Sorted(maps.Keys(c.ends)) {
		if e := c.ends[id]; e.t != nil && !e.plan.orderly() {
			e.t.Abort()
		}
	}
}

// abortHalfOpen ends the connections whose end was lost, when the others have had their time.
func (s *servers) abortHalfOpen(ctx context.Context, all []*asyncio.Server) error {
	if err := asyncio.Sleep(ctx, halfOpenAfter); err != nil {
		return err
	}
	for i, l := range all {
		if u := s.places[i].use; u == hastyPlace || u == mutePlace {
			l.AbortClients()
		}
	}
	ends := slices.SortedFunc(maps.Keys(s.live), func(a, b *serverEnd) int { return cmp.Compare(a.number, b.number) })
	for _, e := range ends {
		if !e.known || !e.plan.orderly() {
			e.t.Abort()
		}
	}
	return nil
}
