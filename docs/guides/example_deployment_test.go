package guides

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/loopgroup"
)

func newLoop() (asyncio.EventLoop, error) {
	loop, err := asyncio.NewProactorEventLoop(nil)
	if errors.Is(err, errors.ErrUnsupported) {
		slog.Info("no completion here, using readiness", "why", err)
		return asyncio.NewSelectorEventLoop(nil)
	}
	return loop, err
}

func watch(ctx context.Context, every time.Duration, report func(lag time.Duration, tasks int)) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	for {
		due := loop.Time() + every
		if err := asyncio.Sleep(ctx, every); err != nil {
			return err
		}
		report(loop.Time()-due, len(asyncio.AllTasks(loop)))
	}
}

// TestWatch: what holds the loop is seen as lag, and tasks are counted.
func TestWatch(t *testing.T) {
	t.Parallel()
	clock := asynciotest.NewJumpingClock(0)
	clock.Run(t, func(ctx context.Context) {
		var lags []time.Duration
		task := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return watch(ctx, time.Second, func(lag time.Duration, tasks int) {
				lags = append(lags, lag)
				if tasks != 2 {
					t.Errorf("%d tasks", tasks)
				}
			})
		})
		if err := asyncio.Sleep(ctx, 1500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Second) // the loop is held up
		if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		task.Cancel()
		if want := []time.Duration{0, 1500 * time.Millisecond}; !slices.Equal(lags, want) {
			t.Errorf("the lags are %v, not %v", lags, want)
		}
		_, _ = task.Await(ctx)
	})
}

func serveOnAll(ctx context.Context, address string, made func(net.Addr)) error {
	g, err := loopgroup.New() // a loop for each processor
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		return err
	}
	server, err := loopgroup.StartServer(ctx, g, echo, "tcp", address, nil, loopgroup.Auto)
	if err != nil {
		return err
	}
	made(server.Addrs()[0])
	return g.Run(ctx) // until ctx is done: then those who are there have five seconds to end
}

// TestServeOnAll: clients are served by the loops of a group, until it is told to end.
func TestServeOnAll(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	made, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- serveOnAll(ctx, "127.0.0.1:0", func(a net.Addr) { made <- a }) }()
	select {
	case a := <-made:
		for range 20 {
			err := asyncio.RunErr(ctx, func(ctx context.Context) error { return heard(ctx, a.String(), "hear\n") })
			if err != nil {
				t.Error(err)
			}
		}
	case err := <-ended:
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Example_newLoop runs on whatever the machine has.
func Example_newLoop() {
	answer, err := asyncio.Run(context.Background(), func(context.Context) (int, error) {
		return 42, nil
	}, asyncio.WithLoopFactory(newLoop))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: 42
}
