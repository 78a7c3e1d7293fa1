package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// The bounds of docs/fairness.md: what others wait for at most.
const (
	passesWithoutPoll    = 64
	callbacksWithoutPoll = 512
)

// slack is by how much more than the bound a message may be late: where the system tells of it
// in its own time, as Windows does of what comes over the loopback interface.
func (n *netTest) slack() int {
	if l, ok := n.l.(*asyncio.ProactorEventLoop); ok && l.Proactor().Name() != "io_uring" {
		return 16
	}
	return 1
}

// fairRow is a row over loops that stay on their threads, but for one that is simulated: what
// io_uring has to tell comes by way of the thread that has asked, and when that one has its turn
// after the loop has left it no count bounds.
func fairRow(t *testing.T, row string, which func(testkit.Mechanism) bool, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, which, func(t *testing.T) {
			m, _ := mechanismOf(t)
			n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
				if !m.Simulated {
					o = append(o, asyncio.WithPinnedThread())
				}
				return loops.New(m, o...)
			})
			n.run(func(ctx context.Context) { f(ctx, n) })
		})
	})
}

// counter counts what a connection receives.
type counter struct {
	asyncio.BaseProtocol
	receives, bytes int
}

func (c *counter) DataReceived(p []byte) {
	c.receives++
	c.bytes += len(p)
}

// countPasses counts the passes of the loop by a chain of callbacks, from now on until the
// end of the test's coroutine. before is called in each.
func (n *netTest) countPasses(before func()) (passes *int, stop func()) {
	passes = new(int)
	over := false
	var again func()
	again = func() {
		if over {
			return
		}
		*passes++
		before()
		_, err := n.l.CallSoon(again)
		n.check(err)
	}
	again()
	return passes, func() { over = true }
}

// paired makes a connection of the loop's; peer is its other end, not of the loop.
func (n *netTest) paired(p asyncio.Protocol) (t asyncio.Transport, peer uintptr) {
	own, peer, err := sock.Pair()
	n.check(err)
	t, err = asyncio.NewTransport(n.l, own, p, sock.Addr{}, nil)
	n.check(err)
	return t, peer
}

// TestFlooder: beside a connection to which data come all the time, and a chain of callbacks
// without end, a message of another one is heard within so many passes, and so many bytes.
func TestFlooder(t *testing.T) {
	t.Parallel()
	fairRow(t, "bytes", testkit.Unpinned, func(ctx context.Context, n *netTest) {
		flood, quiet := &counter{}, &counter{}
		ft, fp := n.paired(flood)
		qt, qp := n.paired(quiet)
		defer sock.Close(fp)
		defer sock.Close(qp)
		n.passes(ctx)
		full := make([]byte, 64<<10)
		passes, stop := n.countPasses(func() {
			for k := 1; k > 0; k, _ = sock.Write(fp, full) {
			}
		})
		mostPasses, mostReceives, mostBytes := 0, 0, 0
		for range 50 {
			_, err := sock.Write(qp, []byte("x"))
			n.check(err)
			began, receives, bytes, heard := *passes, flood.receives, flood.bytes, quiet.receives
			for quiet.receives == heard && *passes-began < 1000 {
				n.check(asyncio.Sleep(ctx, 0))
			}
			mostPasses = max(mostPasses, *passes-began)
			mostReceives = max(mostReceives, flood.receives-receives)
			mostBytes = max(mostBytes, flood.bytes-bytes)
		}
		stop()
		n.Logf("within %d passes; the flooder had %d receives, %d bytes", mostPasses, mostReceives, mostBytes)
		// Polls come in every 64th pass at least; what the system has to say may take one more.
		if mostPasses > n.slack()*(2*passesWithoutPoll+4) {
			n.Errorf("a message was heard after %d passes", mostPasses)
		}
		if n.selector() != nil && (mostReceives > 2 || mostBytes > 2*256<<10) {
			n.Errorf("the flooder was served %d times, with %d bytes, before one message of another", mostReceives, mostBytes)
		}
		ft.Abort()
		qt.Abort()
		n.passes(ctx)
	})
}

// TestCallbacksWithoutEnd: a chain of callbacks, of whatever length a pass has, leaves
// descriptors and timers no longer without a poll than it says.
func TestCallbacksWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, width := range map[string]int{"chain": 1, "several": 100, "many": 2000} {
		sweepRow(t, name, func(n *netTest) {
			n.run(func(ctx context.Context) {
				ran, over := 0, false
				var again func()
				again = func() {
					ran++
					if !over {
						_, err := n.l.CallSoon(again)
						n.check(err)
					}
				}
				for range width {
					again()
				}
				n.check(asyncio.Sleep(ctx, 0))
				for range 20 {
					before, due := ran, -1
					_, err := n.l.CallLater(0, func() { due = ran })
					n.check(err)
					for due < 0 && ran-before < 100*callbacksWithoutPoll+100*width {
						n.check(asyncio.Sleep(ctx, 0))
					}
					// The callbacks without a poll, the pass in which that ends, and the one in
					// which the timer has its turn.
					if due < 0 || due-before > callbacksWithoutPoll+2*width {
						n.Errorf("a timer ran %d callbacks after it was due, with %d in a pass", due-before, width)
					}
				}
				over = true
				n.passes(ctx)
			})
		})
	}
}

// TestProducersWithoutEnd: goroutines that bring callbacks all the time do not keep the loop
// from its descriptors: a message is heard when as many have run as there were when it came,
// twice, and those without a poll.
func TestProducersWithoutEnd(t *testing.T) {
	t.Parallel()
	fairRow(t, "threadsafe", testkit.Unpinned, func(ctx context.Context, n *netTest) {
		quiet := &counter{}
		qt, qp := n.paired(quiet)
		defer sock.Close(qp)
		n.passes(ctx)
		const standing = 300 // as many are always on their way
		ran, over := 0, false
		var again func()
		back := make(chan struct{}, 10*standing)
		again = func() {
			ran++
			if !over {
				back <- struct{}{}
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range back {
				if _, err := n.l.CallSoonThreadsafe(again); err != nil {
					return
				}
			}
		}()
		for range standing {
			back <- struct{}{}
		}
		n.until(ctx, "the callbacks", func() bool { return ran > standing })
		for range 20 {
			_, err := sock.Write(qp, []byte("x"))
			n.check(err)
			before, heard := ran, quiet.receives
			for quiet.receives == heard && ran-before < 1_000_000 {
				n.check(asyncio.Sleep(ctx, 0))
			}
			if most := n.slack() * (2*(callbacksWithoutPoll+2*standing) + 4*standing); ran-before > most {
				n.Errorf("a message was heard after %d callbacks, want %d at most", ran-before, most)
			}
		}
		over = true
		close(back)
		n.until(ctx, "the producer", func() bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		qt.Abort()
		n.passes(ctx)
	})
}

// TestReadersOfOnePass: a callback of AddReader that reads nothing is called once in a pass,
// and others' messages come between.
func TestReadersOfOnePass(t *testing.T) {
	t.Parallel()
	fairRow(t, "AddReader", testkit.Unpinned, func(ctx context.Context, n *netTest) {
		quiet := &counter{}
		qt, qp := n.paired(quiet)
		own, peer, err := sock.Pair()
		n.check(err)
		for _, fd := range []uintptr{own, peer, qp} {
			defer sock.Close(fd)
		}
		_, err = sock.Write(peer, []byte("never read"))
		n.check(err)
		calls, passes := 0, new(int)
		n.check(n.l.AddReader(own, func() { calls++ }))
		n.passes(ctx)
		passes, stop := n.countPasses(func() {})
		for range 50 {
			began, called, heard := *passes, calls, quiet.receives
			_, err := sock.Write(qp, []byte("x"))
			n.check(err)
			for quiet.receives == heard && *passes-began < 1000 {
				n.check(asyncio.Sleep(ctx, 0))
			}
			if *passes-began > n.slack()*(2*passesWithoutPoll+4) || calls-called > *passes-began+1 {
				n.Errorf("heard after %d passes and %d calls of another", *passes-began, calls-called)
			}
		}
		stop()
		_, err = n.l.RemoveReader(own)
		n.check(err)
		qt.Abort()
		n.passes(ctx)
	})
}
