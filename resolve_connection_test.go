package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestLookUps: names are looked up off the loop, which owns what it starts.
func TestLookUps(t *testing.T) {
	t.Parallel()
	netRow(t, "loop-goes-on", func(n *netTest) {
		r := &namesOf{block: make(chan struct{}), answers: map[string][]string{"host": {"127.0.0.1:1"}}}
		asyncio.SetResolver(n.l, r)
		n.run(func(ctx context.Context) {
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.passes(ctx)
			if task.Done() {
				n.Error("done without an answer")
			}
			close(r.block)
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrConnRefused) {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "cancelled", func(n *netTest) {
		r := &namesOf{block: make(chan struct{})}
		asyncio.SetResolver(n.l, r)
		n.run(func(ctx context.Context) {
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.until(ctx, "the look-up", func() bool { return r.begun.Load() == 1 })
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("got %v", err)
			}
			n.until(ctx, "the look-up to be given up", func() bool { return r.ended.Load() == 1 })
		})
	})
	netRow(t, "loop-closed", func(n *netTest) {
		n.expectErrors = true // a task is destroyed
		r := &namesOf{block: make(chan struct{})}
		asyncio.SetResolver(n.l, r)
		n.run(func(ctx context.Context) {
			asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil)
				return struct{}{}, err
			})
			n.until(ctx, "the look-up", func() bool { return r.begun.Load() == 1 })
		})
		n.check(n.l.Close())
		if r.ended.Load() != 1 {
			n.Error("Close did not wait for the look-up")
		}
	})
	netRow(t, "error", func(n *netTest) {
		asyncio.SetResolver(n.l, &namesOf{err: errOdd})
		n.run(func(ctx context.Context) {
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "host") {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "base.105.getaddrinfo-debug-slow", func(n *netTest) {
		asyncio.SetResolver(n.l, slowly{&namesOf{err: errOdd}})
		n.l.SetDebug(true)
		n.run(func(ctx context.Context) {
			look := func() { n.l.CreateConnection(ctx, plainFactory, "tcp", "host:1", nil) }
			n.check(n.l.SetSlowCallbackDuration(time.Hour))
			look()
			n.check(n.l.SetSlowCallbackDuration(1))
			look()
		})
		var levels []string
		for line := range strings.Lines(n.log.String()) {
			if strings.Contains(line, "Getting address info") {
				_, rest, _ := strings.Cut(line, "level=")
				levels = append(levels, strings.Fields(rest)[0])
			}
		}
		if fmt.Sprint(levels) != "[DEBUG INFO]" {
			n.Errorf("logged at %v:\n%s", levels, n.log)
		}
	})
}

// slowly is a resolver that takes some time, as far as the clock can tell.
type slowly struct{ *namesOf }

func (s slowly) Resolve(ctx context.Context, network, host, service string) ([]sock.Addr, error) {
	for began := time.Now(); time.Since(began) == 0; {
		runtime.Gosched()
	}
	return s.namesOf.Resolve(ctx, network, host, service)
}
