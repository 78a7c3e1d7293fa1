// Package churn_test lets connections come and go over real loops: they echo, are
// closed by half, cut in the middle of what comes, reset by either side, cancelled
// while they connect, read slowly or not at all, thousands at a time. A share of them speaks TLS, of both
// versions, from the start or from the middle of the stream on; other handshakes are stalled for good. Beside them pipes and
// endpoints of datagrams come and go on the same loops, and programs on others. In the end
// every byte must be accounted for, no datagram have come that was not sent, or twice, and no descriptor, goroutine, operation or buffer
// be left.
//
// An ordinary test run has it for about two seconds; -churn sets a time for each kind
// of loop, all of which run at the same time:
//
//	go test ./internal/churn -v -timeout 0 -parallel 4 -churn 10m
package churn_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/proactors"
)

var (
	duration = flag.Duration("churn", 1500*time.Millisecond, "how long connections come and go on each kind of loop")
	conns    = flag.Int("conns", 0, "how many at a time on each kind of loop; 0: 2000, or 300 in a short run")
	seed     = flag.Uint64("seed", 0, "what chance depends on; 0: another each time")
)

// long is from which duration on a run has to have met everything.
const long = 20 * time.Second

// kinds are the loops.
func kinds(m testkit.Mechanism) bool { return m.Proactor != nil || m.Name == "epoll" }

var quiet = asyncio.WithLogger(slog.New(slog.DiscardHandler)) // writes that come too late

func TestChurn(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	most := *conns
	if most == 0 {
		if most = 2000; *duration < long {
			most = 300
		}
	}
	before, over := testkit.Snapshot(), testkit.Available(t, kinds)
	// Each connection has two ends here, and all kinds of loops run at once.
	most = min(most, (allowFiles()-testkit.OpenFiles()-400)/(2*len(over)))
	t.Run("over", func(t *testing.T) {
		testkit.Over(t, kinds, func(t *testing.T, m testkit.Mechanism) {
			churn(t, func() (asyncio.EventLoop, error) { return loops.New(m, quiet) }, most)
		})
	})
	if err := before.Left(20 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// churn runs a pair of loops.
func churn(t *testing.T, open func() (asyncio.EventLoop, error), most int) {
	var sent atomic.Int64
	b := &book{open: map[uint64]*account{}}
	newLoop := func() asyncio.EventLoop {
		l, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if err := l.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
			b.fail("reported: %s: %v", c.Message, c.Err)
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	}
	x := newExchange(b)
	s := &servers{exchange: x, loop: newLoop(), places: places(t), book: b, rng: rand.New(rand.NewPCG(*seed, 0)), sent: &sent, live: map[*serverEnd]struct{}{}}
	c := &clients{loop: newLoop(), book: b, rng: rand.New(rand.NewPCG(*seed, 1)), seed: *seed, sent: &sent, most: most, ends: map[uint64]*clientEnd{}}
	before := [2]int{registered(s.loop), registered(c.loop)}

	listening, stop, stopped := make(chan []place, 1), asyncio.NewFuture[int](s.loop), make(chan error, 1)
	go func() {
		stopped <- s.loop.RunUntilComplete(asyncio.CreateTask(s.loop, func(ctx context.Context) (int, error) {
			return 0, s.serve(ctx, listening, stop)
		}))
	}()
	c.places = <-listening
	if c.places != nil {
		if err := c.loop.RunUntilComplete(asyncio.CreateTask(c.loop, func(ctx context.Context) (int, error) {
			pipes := asyncio.GoErr(ctx, func(ctx context.Context) error { return churnPipes(ctx, c.loop, b, *seed, *duration) })
			datagrams := asyncio.GoErr(ctx, func(ctx context.Context) error { return churnDatagrams(ctx, c.loop, x, *seed, *duration) })
			stalls := asyncio.GoErr(ctx, func(ctx context.Context) error { return churnStalls(ctx, c.loop, b, c.places, *seed, *duration) })
			err := c.run(ctx, *duration)
			_, pipesErr := pipes.Await(ctx)
			_, datagramsErr := datagrams.Await(ctx)
			_, stallsErr := stalls.Await(ctx)
			return 0, errors.Join(err, pipesErr, datagramsErr, stallsErr)
		})); err != nil {
			t.Errorf("seed %d: %d connections of %d do not end: %v", *seed, c.live, b.total.Connections, err)
		}
	}
	if err := stop.SetResult(0); err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("seed %d: the server: %v\n%s", *seed, err, strings.Join(s.left(), "\n"))
	}
	for _, p := range s.places {
		if _, err := os.Lstat(p.address); p.network == "unix" && err == nil {
			t.Errorf("%s is left", p.address)
		}
	}
	b.finish()
	x.finish()
	for _, f := range b.failures {
		t.Errorf("seed %d: %s", *seed, f)
	}
	b.total.Holds = s.holds
	for i, l := range []asyncio.EventLoop{s.loop, c.loop} {
		if err := l.RunUntilComplete(asyncio.CreateTask(l, func(ctx context.Context) (int, error) {
			return 0, settled(ctx, l, before[i])
		})); err != nil {
			t.Errorf("%d registrations or operations are left, %d before: %v", registered(l), before[i], err)
		}
		if n := len(asyncio.AllTasks(l)); n != 0 {
			t.Errorf("%d tasks are left", n)
		}
		if u, ok := usage(l); ok {
			b.total.Starved += u.Starved
			if u.Lent != 0 {
				t.Errorf("%d pieces of the proactor's memory are left", u.Lent)
			}
		}
	}
	report(t, b)
}

func report(t *testing.T, b *book) {
	text, err := json.Marshal(b.total)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v, seed %d: %s", *duration, *seed, text)
	if n := b.total; *duration >= long && (n.Orderly == 0 || n.Resets == 0 || n.Cancelled == 0 || n.Holds == 0 || n.Unix == 0 && testkit.HasUnixSockets() ||
		n.TLS == 0 || n.GoneOver == 0 || n.Stalled == 0 ||
		n.Datagrams == 0 || n.Empty == 0 || n.Refused == 0 && reportsRefusals) {
		t.Error("not everything was met")
	}
}

// serve serves until it is to stop and the last connection has gone.
func (s *servers) serve(ctx context.Context, listening chan<- []place, stop *asyncio.Future[int]) error {
	all, err := s.listen(ctx)
	var list []place
	for i, l := range all {
		a := l.Addrs()[0]
		list = append(list, place{a.Network(), a.String(), s.places[i].use})
	}
	listening <- list
	if err != nil {
		return err
	}
	stations := asyncio.GoErr(ctx, func(ctx context.Context) error {
		if s.exchange == nil {
			return nil
		}
		return s.exchange.serve(ctx, s.loop, *seed)
	})
	if _, err := stop.Await(ctx); err != nil {
		return err
	}
	if s.exchange != nil {
		s.exchange.over.Store(true)
	}
	_, stationsErr := stations.Await(ctx)
	err = asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		if asyncio.IsSimulated(s.loop) {
			if err := s.abortHalfOpen(ctx, all); err != nil {
				return err
			}
		}
		for _, l := range all {
			l.Close()
			if err := l.WaitClosed(ctx); err != nil {
				return fmt.Errorf("waiting for the last connections: %w", err)
			}
		}
		return nil
	})
	s.over = true
	return errors.Join(err, stationsErr)
}

// settled waits for the ends of operations that were cancelled last.
func settled(ctx context.Context, l asyncio.EventLoop, before int) error {
	return asyncio.Timeout(ctx, 10*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for registered(l) != before {
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
}

// usage is what the loop's proactor uses, if it has one that tells.
func usage(l asyncio.EventLoop) (u proactors.Usage, ok bool) {
	p, ok := l.(*asyncio.ProactorEventLoop)
	if !ok {
		return u, false
	}
	m, ok := p.Proactor().(proactors.Meter)
	if !ok {
		return u, false
	}
	return m.Usage(), true
}

// registered is how many descriptors a loop watches or operations it has under way.
func registered(l asyncio.EventLoop) int {
	if u, ok := usage(l); ok {
		return u.InFlight
	}
	if s, ok := l.(*asyncio.SelectorEventLoop); ok {
		return s.Selector().GetMap().Len()
	}
	return 0
}
