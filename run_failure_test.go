package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// errBroken is what a poll fails with in these tests.
var errBroken = errors.New("the system refuses to wait")

// enough is when a wait that should have ended has failed the test.
const enough = 20 * time.Second

// breaks is a loop whose polls fail from the nth on, until it is mended.
type breaks struct {
	asyncio.EventLoop
	left   atomic.Int64
	mended atomic.Bool
}

func newBreaks(t *testing.T, n int) *breaks {
	t.Helper()
	b := &breaks{}
	b.left.Store(int64(n))
	b.EventLoop = openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
		if b.left.Add(-1) < 0 && !b.mended.Load() {
			return errBroken
		}
		_, err := wait(timeout)
		return err
	})
	t.Cleanup(func() { must(t, b.Close()) })
	return b
}

// start runs the loop on a goroutine of its own and has it poll again and again.
func (b *breaks) start() (ended <-chan error) {
	ran, over := make(chan error, 1), make(chan struct{})
	go func() {
		err := b.RunForever()
		close(over)
		ran <- err
	}()
	go b.drive(over)
	return ran
}

// drive has the loop poll again and again, until over or until it is closed.
func (b *breaks) drive(over <-chan struct{}) {
	ran := make(chan struct{}, 1)
	for {
		if _, err := b.CallSoonThreadsafe(func() { ran <- struct{}{} }); err != nil {
			return
		}
		select {
		case <-over:
			return
		case <-ran:
		}
	}
}

// outsideCalls are calls that a goroutine waits in. They release what they get.
var outsideCalls = map[string]func(ctx context.Context, loop asyncio.EventLoop) error{
	"CreateServer": func(ctx context.Context, loop asyncio.EventLoop) error {
		s, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
		if err == nil {
			s.Close()
		}
		return err
	},
	"CreateConnection": func(ctx context.Context, loop asyncio.EventLoop) error {
		s, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		_, _, err = loop.CreateConnection(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", s.Addrs()[0].String(), nil)
		return err
	},
	"ServeForever": func(ctx context.Context, loop asyncio.EventLoop) error {
		s, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		return s.ServeForever(ctx)
	},
	"WaitClosed": func(ctx context.Context, loop asyncio.EventLoop) error {
		s, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		return s.WaitClosed(ctx)
	},
	"GetAddrInfo": func(ctx context.Context, loop asyncio.EventLoop) error {
		_, err := loop.GetAddrInfo(ctx, "tcp", "127.0.0.1:80")
		return err
	},
	"RunCoroutineThreadsafe": func(ctx context.Context, loop asyncio.EventLoop) error {
		f := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
			return 1, asyncio.Sleep(ctx, forever)
		})
		_, err := f.Await(ctx)
		return err
	},
	"Future.Await": func(ctx context.Context, loop asyncio.EventLoop) error {
		_, err := asyncio.NewFuture[int](loop).Await(ctx)
		return err
	},
	"ShutdownDefaultExecutor": func(ctx context.Context, loop asyncio.EventLoop) error {
		return loop.ShutdownDefaultExecutor(ctx)
	},
}

// TestRunFailureReachesWaiters: whoever waits on another goroutine for something of
// a loop whose run the system fails, gets that error, at whatever poll it happens
// and whether he came before or after.
func TestRunFailureReachesWaiters(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		for name, call := range outsideCalls {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for n := range 10 {
					runFailsAt(t, n, call, name == "GetAddrInfo" || name == "ShutdownDefaultExecutor")
				}
			})
		}
	})
}

// runFailsAt has the nth poll fail during the call. One that an idle loop's caller
// can do himself succeeds afterwards.
func runFailsAt(t *testing.T, n int, call func(context.Context, asyncio.EventLoop) error, alone bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	loop := newBreaks(t, n)
	ran := loop.start()
	if err := call(ctx, loop.EventLoop); err != nil && !errors.Is(err, errBroken) {
		t.Errorf("poll %d fails: the call's error is %v, want %v", n, err, errBroken)
		return
	}
	if err := <-ran; !errors.Is(err, errBroken) {
		t.Errorf("poll %d fails: the run's error is %v, want %v", n, err, errBroken)
	}
	// Who comes afterwards need not wait for another run.
	if err := call(ctx, loop.EventLoop); !errors.Is(err, errBroken) && !(alone && err == nil) {
		t.Errorf("poll %d has failed: the call's error is %v, want %v", n, err, errBroken)
	}
}

// TestRunAfterFailure: the failure is that of one run. In the next the loop is as
// good as before, and who waits, waits.
func TestRunAfterFailure(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		loop := newBreaks(t, 0)
		wantError(t, <-loop.start(), errBroken)
		f := asyncio.NewFuture[int](loop.EventLoop)
		_, err := f.Await(ctx)
		wantError(t, err, errBroken)
		if want := "asyncio: Await: the event loop's run has failed: "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the text is %q, want %q and the reason", err, want)
		}
		loop.mended.Store(true)
		ran := loop.start()
		for !loop.IsRunning() {
			runtime.Gosched()
		}
		waited := make(chan error, 1)
		go func() {
			v, err := f.Await(ctx)
			if err == nil && v != 7 {
				err = fmt.Errorf("the result is %d", v)
			}
			waited <- err
		}()
		_, err = asyncio.RunCoroutineThreadsafe(loop.EventLoop, func(ctx context.Context) (int, error) {
			return 0, asyncio.Sleep(ctx, instant)
		}).Await(ctx)
		must(t, err)
		must(t, f.SetResult(7))
		must(t, <-waited)
		loop.Stop()
		must(t, <-ran)
	})
}

// TestStopIsNoFailure: a run that Stop ends leaves who waits waiting for the next.
func TestStopIsNoFailure(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		loop := newLoop(t)
		waited := make(chan error, 1)
		fut := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
			return 0, asyncio.Sleep(ctx, instant)
		})
		go func() {
			_, err := fut.Await(ctx)
			waited <- err
		}()
		loop.Stop()
		elsewhere(func() { must(t, loop.RunForever()) })
		elsewhere(func() { must(t, loop.RunUntilComplete(fut)) })
		must(t, <-waited)
	})
}

// TestRunReturnsThePollsError: Run does not wait for what the failed loop can no
// longer do.
func TestRunReturnsThePollsError(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		for n := range 6 {
			loop := newBreaks(t, n)
			closed := make(chan struct{})
			go loop.drive(closed)
			elsewhere(func() {
				_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
					return 0, asyncio.Sleep(ctx, forever)
				}, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return loop.EventLoop, nil }))
				wantError(t, err, errBroken)
				close(closed)
			})
		}
	})
}
