package loopgroup_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// instants runs f at one instant after the other: each time with a function that returns a
// little later. That nothing is left behind TestMain sees.
func instants(f func(wait func())) {
	for k := range 40 {
		f(func() {
			for range k * k {
				runtime.Gosched()
			}
		})
	}
}

// swept are the ends that a group meets at each instant.
var swept = map[string]func(g *loopgroup.Group) error{
	"close":    (*loopgroup.Group).Close,
	"shutdown": func(g *loopgroup.Group) error { return g.Shutdown(context.Background()) },
	"death":    func(g *loopgroup.Group) error { g.Loop(0).Stop(); return nil },
}

// TestSweepCreateServer: a server that is being made when the group ends is there or not, and
// the call returns.
func TestSweepCreateServer(t *testing.T) {
	t.Parallel()
	for name, end := range swept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
				instants(func(wait func()) {
					g := newGroup(t, loopgroup.WithLoops(2), over(m), loopgroup.WithGrace(0), new(failures).option())
					must(t, g.Start())
					ended := make(chan error, 1)
					go func() {
						wait()
						ended <- end(g)
					}()
					s, err := g.CreateServer(within(t), newEcho, "tcp", "127.0.0.1:0", nil, spread)
					if (s == nil) == (err == nil) {
						t.Errorf("server %v, error %v", s, err)
					}
					if name != "death" && err != nil {
						wantError(t, err, loopgroup.ErrShutdown)
					}
					must(t, <-ended)
					if name == "death" {
						wantError(t, g.Wait(within(t)), asyncio.ErrLoopStopped)
					}
					if s != nil {
						must(t, s.WaitClosed(within(t)))
					}
				})
			})
		})
	}
}

// TestSweepCancel: a call that is cancelled leaves no server behind.
func TestSweepCancel(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(2), over(m))
		instants(func(wait func()) {
			ctx, cancel := context.WithCancel(within(t))
			go func() {
				wait()
				cancel()
			}()
			s, err := g.CreateServer(ctx, newEcho, "tcp", "127.0.0.1:0", nil, spread)
			switch {
			case err == nil:
				s.Close()
				must(t, s.WaitClosed(within(t)))
			case s != nil || !errors.Is(err, context.Canceled) && !errors.Is(err, asyncio.ErrCancelled):
				t.Errorf("server %v, error %v", s, err)
			}
		})
		must(t, g.Shutdown(within(t)))
	})
}

// TestSweepCoroutine: a coroutine that is cancelled while it makes a server leaves none behind.
func TestSweepCoroutine(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2))
	instants(func(wait func()) {
		fut := loopgroup.GoErr(g, func(ctx context.Context) error {
			s, err := g.CreateServer(ctx, newEcho, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
			if err != nil {
				return err
			}
			s.Close()
			return s.WaitClosed(ctx)
		})
		wait()
		fut.Cancel()
		if _, err := loopgroup.Await(within(t), fut); err != nil && !errors.Is(err, asyncio.ErrCancelled) {
			t.Error(err)
		}
	})
	must(t, g.Shutdown(within(t)))
}

// TestSweepConnections: whoever connects while the group ends, or a loop dies and is replaced,
// is served or hears that he is not; no socket is lost.
func TestSweepConnections(t *testing.T) {
	t.Parallel()
	for name, end := range swept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
				instants(func(wait func()) {
					g := newGroup(t, loopgroup.WithLoops(2), over(m), loopgroup.WithReplacement(5, time.Hour), new(failures).option())
					must(t, g.Start())
					s := listener(t, g, spread)
					var clients sync.WaitGroup
					for range 4 {
						clients.Go(func() { visit(t, s.Addrs()[0]) })
					}
					wait()
					must(t, end(g))
					clients.Wait()
					if name == "death" {
						visitUntilServed(t, s.Addrs()[0])
						must(t, g.Shutdown(within(t)))
					}
				})
			})
		})
	}
}

// visit connects, and asks to be answered. Who connects to a server that ends may be refused
// or cut off, but not kept waiting.
func visit(t *testing.T, addr net.Addr) (served bool) {
	c, err := net.DialTimeout(addr.Network(), addr.String(), patience)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	err = exchange(c, "hello")
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Error("a client is neither served nor refused")
	}
	return err == nil
}

// visitUntilServed is for a server of a loop that is being replaced.
func visitUntilServed(t *testing.T, addr net.Addr) {
	eventually(t, "it serves again", func() bool { return visit(t, addr) })
}

// TestSweepWork: work that is sent to a group that ends has a result or an error, at once or
// soon.
func TestSweepWork(t *testing.T) {
	t.Parallel()
	for name, end := range swept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
				instants(func(wait func()) {
					g := newGroup(t, loopgroup.WithLoops(2), over(m), loopgroup.WithReplacement(5, time.Hour), new(failures).option())
					must(t, g.Start())
					var askers sync.WaitGroup
					for range 4 {
						askers.Go(func() {
							v, err := loopgroup.Await(within(t), loopgroup.Go(g, func(ctx context.Context) (int, error) {
								return 1, asyncio.Sleep(ctx, 0)
							}))
							if (v == 1) == (err != nil) || errors.Is(err, context.DeadlineExceeded) {
								t.Errorf("%d, %v", v, err)
							}
						})
					}
					wait()
					must(t, end(g))
					askers.Wait()
					must(t, g.Shutdown(within(t)))
				})
			})
		})
	}
}
