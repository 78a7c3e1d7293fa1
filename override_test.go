package asyncio_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// askedLoop is a loop of one's own that overrides what a loop asks of itself, and
// counts how often it is asked.
type askedLoop struct {
	asyncio.EventLoop
	mu    sync.Mutex
	count map[string]int
	names map[string][]string // what GetAddrInfo knows besides what the system does
	run   func(f func() (any, error)) (*asyncio.Future[any], error)
}

func newAskedLoop(t *testing.T) *askedLoop {
	t.Helper()
	l := &askedLoop{count: map[string]int{}}
	l.EventLoop = mustLoop(t, asyncio.WithSelf(l))
	noReports(t, l)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func (l *askedLoop) asked(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[what]++
}

// times returns how often the loop was asked since it was last looked at.
func (l *askedLoop) times(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.count[what]
	l.count[what] = 0
	return n
}

func (l *askedLoop) GetAddrInfo(ctx context.Context, network, address string) ([]net.Addr, error) {
	l.asked("GetAddrInfo")
	host, port, err := net.SplitHostPort(address)
	known, ok := l.names[host]
	if err != nil || !ok {
		return l.EventLoop.GetAddrInfo(ctx, network, address)
	}
	var addrs []net.Addr
	for _, ip := range known {
		a, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(ip, port))
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, a)
	}
	return addrs, nil
}

func (l *askedLoop) CallSoonThreadsafe(f func()) (asyncio.Handle, error) {
	l.asked("CallSoonThreadsafe")
	return l.EventLoop.CallSoonThreadsafe(f)
}

func (l *askedLoop) RunInExecutor(e asyncio.Executor, f func() (any, error)) (*asyncio.Future[any], error) {
	l.asked("RunInExecutor")
	if l.run != nil {
		return l.run(f)
	}
	return l.EventLoop.RunInExecutor(e, f)
}

func plain() asyncio.Protocol { return &asyncio.BaseProtocol{} }

// TestOverridesAreAsked: a loop asks the one that embeds it for what it needs itself.
func TestOverridesAreAsked(t *testing.T) {
	t.Parallel()
	plainRow(t, "names", func(t *testing.T) {
		l := newAskedLoop(t)
		l.names = map[string][]string{"here.test": {"127.0.0.1"}, "nowhere.test": {}}
		runIn(t, l, func(ctx context.Context) {
			s, err := l.CreateServer(ctx, plain, "tcp", "here.test:0", nil)
			must(t, err)
			want(t, "asked by serving", l.times("GetAddrInfo"), 1)
			want(t, "look-ups", l.times("RunInExecutor"), 0)
			literal := s.Addrs()[0].String()
			_, port, err := net.SplitHostPort(literal)
			must(t, err)
			connect := func(address string, opts *asyncio.ConnectionOptions) {
				t.Helper()
				tr, _, err := l.CreateConnection(ctx, plain, "tcp", address, opts)
				must(t, err)
				tr.Abort()
			}
			connect("here.test:"+port, nil)
			want(t, "asked by connecting", l.times("GetAddrInfo"), 1)
			connect(literal, &asyncio.ConnectionOptions{LocalAddress: "here.test:0"})
			want(t, "asked for the local address", l.times("GetAddrInfo"), 1)
			connect(literal, nil)
			want(t, "asked for an IP address", l.times("GetAddrInfo"), 0)
			_, _, err = l.CreateConnection(ctx, plain, "tcp", "nowhere.test:1", nil)
			if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "nowhere.test" {
				t.Errorf("a name without an address: %v", err)
			}
			s.Close()
			s.AbortClients()
			must(t, s.WaitClosed(ctx))
		})
	})
	plainRow(t, "executor", func(t *testing.T) {
		l := newAskedLoop(t)
		runIn(t, l, func(ctx context.Context) {
			_, err := l.GetAddrInfo(ctx, "tcp4", "localhost:80")
			must(t, err)
			want(t, "asked by looking up", l.times("RunInExecutor"), 1)
			_, _, err = l.GetNameInfo(ctx, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80})
			must(t, err)
			want(t, "asked by looking a name up", l.times("RunInExecutor"), 1)
			v, err := asyncio.ToThread(ctx, func() (int, error) { return 7, nil })
			must(t, err)
			want(t, "asked by ToThread", l.times("RunInExecutor"), 1)
			want(t, "result", v, 7)
			f, err := asyncio.RunIn(l, nil, func() (int, error) { return 0, errBoom })
			must(t, err)
			_, err = f.Await(ctx)
			wantError(t, err, errBoom)
			want(t, "asked by RunIn", l.times("RunInExecutor"), 1)
			elsewhere(func() { // while the loop waits for nothing
				_, err = asyncio.RunIn(l, nil, func() (int, error) { return 0, nil })
				wantError(t, err, asyncio.ErrWrongGoroutine)
			})
		})
		_, err := l.GetAddrInfo(context.Background(), "tcp4", "localhost:80") // on a loop that does not run
		must(t, err)
		want(t, "asked from outside", l.times("RunInExecutor"), 1)
		done := make(chan error, 1)
		runIn(t, l, func(ctx context.Context) {
			go func() {
				_, err := l.GetAddrInfo(context.Background(), "tcp4", "localhost:80")
				done <- err
			}()
			for len(done) == 0 {
				must(t, asyncio.Sleep(ctx, instant))
			}
		})
		must(t, <-done)
		want(t, "asked from another goroutine", l.times("RunInExecutor"), 1)
	})
	plainRow(t, "executor-of-one's-own", func(t *testing.T) {
		l := newAskedLoop(t)
		runIn(t, l, func(ctx context.Context) {
			mine := asyncio.NewFuture[any](l)
			l.run = func(func() (any, error)) (*asyncio.Future[any], error) { return mine, nil }
			f, err := asyncio.RunIn(l, nil, func() (int, error) { return 0, nil })
			must(t, err)
			f.Cancel("enough")
			passes(t, ctx, 3)
			wantMessage(t, mine.Exception(), "enough")
			mine = asyncio.NewFuture[any](l)
			f, err = asyncio.RunIn(l, nil, func() (int, error) { return 0, nil })
			must(t, err)
			must(t, mine.SetResult("text"))
			_, err = f.Await(ctx)
			wantError(t, err, asyncio.ErrInvalidState)
			l.run = func(func() (any, error)) (*asyncio.Future[any], error) { return nil, errBoom }
			_, err = asyncio.ToThread(ctx, func() (int, error) { return 0, nil })
			wantError(t, err, errBoom)
			l.run = func(func() (any, error)) (*asyncio.Future[any], error) { return nil, nil }
			_, err = asyncio.ToThread(ctx, func() (int, error) { return 0, nil })
			wantError(t, err, asyncio.ErrInvalidState)
		})
	})
	plainRow(t, "waking", func(t *testing.T) {
		l := newAskedLoop(t)
		runIn(t, l, func(ctx context.Context) {
			asks := func(what string, f func(done *asyncio.Future[int])) {
				t.Helper()
				l.times("CallSoonThreadsafe")
				done := asyncio.NewFuture[int](l)
				f(done)
				_, err := done.Await(ctx)
				must(t, err)
				if l.times("CallSoonThreadsafe") == 0 {
					t.Errorf("not asked by %s", what)
				}
			}
			asks("a result from another goroutine", func(done *asyncio.Future[int]) {
				soon(t, l, func() { go done.SetResult(1) }) // when it is waited for
			})
			asks("a report from another goroutine", func(done *asyncio.Future[int]) {
				must(t, l.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { _ = done.SetResult(1) }))
				elsewhere(func() { l.CallExceptionHandler(asyncio.ExceptionContext{}) })
			})
			asks("an executor's result", func(done *asyncio.Future[int]) {
				waited := make(chan struct{})
				soon(t, l, func() { close(waited) }) // when it is waited for
				_, err := asyncio.ToThread(ctx, func() (int, error) { <-waited; return 0, nil })
				must(t, err)
				must(t, done.SetResult(1))
			})
			asks("cancelling a task", func(done *asyncio.Future[int]) {
				task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					err := asyncio.Sleep(ctx, forever)
					_ = done.SetResult(1)
					return 0, err
				})
				passes(t, ctx, 1)
				elsewhere(func() { task.Cancel() })
			})
			asks("a context that ends", func(done *asyncio.Future[int]) {
				over, cancel := context.WithCancel(ctx)
				asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					defer done.SetResult(1)
					_, _ = asyncio.NewFuture[int](l).Await(over)
					return 0, nil
				})
				passes(t, ctx, 1)
				elsewhere(cancel)
			})
			asks("a coroutine from elsewhere", func(done *asyncio.Future[int]) {
				elsewhere(func() {
					asyncio.RunCoroutineThreadsafe(l, func(context.Context) (int, error) { return 0, done.SetResult(1) })
				})
			})
		})
	})
	plainRow(t, "a-refusal", func(t *testing.T) {
		// What an override refuses is done all the same: the loop must not stand still.
		l := &refusing{}
		l.EventLoop = mustLoop(t, asyncio.WithSelf(l))
		t.Cleanup(func() { must(t, l.Close()) })
		runIn(t, l, func(ctx context.Context) {
			done := asyncio.NewFuture[int](l)
			go done.SetResult(1)
			_, err := done.Await(ctx)
			must(t, err)
		})
	})
}

// refusing is a loop that takes nothing from elsewhere.
type refusing struct{ asyncio.EventLoop }

func (*refusing) CallSoonThreadsafe(func()) (asyncio.Handle, error) {
	return asyncio.Handle{}, errBoom
}

// TestLookUpsInTheDefaultExecutor: whoever replaces it sees them.
func TestLookUpsInTheDefaultExecutor(t *testing.T) {
	t.Parallel()
	plainRow(t, "it-is-asked", func(t *testing.T) {
		loop := newLoop(t)
		pool := &countingExecutor{pool: asyncio.NewPoolExecutor(1)}
		must(t, loop.SetDefaultExecutor(pool))
		runIn(t, loop, func(ctx context.Context) {
			_, err := loop.GetAddrInfo(ctx, "tcp4", "localhost:80")
			must(t, err)
			want(t, "GetAddrInfo of a name", pool.times(), 1)
			_, err = loop.GetAddrInfo(ctx, "tcp", "127.0.0.1:80")
			must(t, err)
			want(t, "GetAddrInfo of an IP address", pool.times(), 0)
			s, err := loop.CreateServer(ctx, plain, "tcp4", "localhost:0", nil)
			must(t, err)
			want(t, "CreateServer", pool.times(), 1)
			_, port, err := net.SplitHostPort(s.Addrs()[0].String())
			must(t, err)
			tr, _, err := loop.CreateConnection(ctx, plain, "tcp4", "localhost:"+port, nil)
			must(t, err)
			want(t, "CreateConnection", pool.times(), 1)
			_, _, err = loop.GetNameInfo(ctx, tr.RemoteAddr())
			must(t, err)
			want(t, "GetNameInfo", pool.times(), 1)
			tr.Abort()
			s.Close()
			s.AbortClients()
			must(t, s.WaitClosed(ctx))
			must(t, loop.ShutdownDefaultExecutor(ctx))
			_, err = loop.GetAddrInfo(ctx, "tcp4", "localhost:80")
			wantError(t, err, asyncio.ErrExecutorShutdown)
		})
	})
	plainRow(t, "what-is-not-begun", func(t *testing.T) {
		// An executor that never gets to it holds up neither a cancellation nor Close.
		loop := newLoop(t)
		hold := &countingExecutor{}
		must(t, loop.SetDefaultExecutor(hold))
		runIn(t, loop, func(ctx context.Context) {
			task := asyncio.Go(ctx, func(ctx context.Context) ([]net.Addr, error) {
				return loop.GetAddrInfo(ctx, "tcp", "localhost:80")
			})
			passes(t, ctx, 2)
			task.Cancel()
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
		})
		left := make(chan error, 1)
		go func() {
			_, err := loop.GetAddrInfo(context.Background(), "tcp", "localhost:80")
			left <- err
		}()
		for hold.submitted() < 2 {
			runtime.Gosched()
		}
		must(t, loop.Close())
		wantError(t, <-left, asyncio.ErrLoopClosed)
		for _, f := range hold.held {
			f() // too late, and does nothing
		}
	})
}

// countingExecutor counts what it is given, and gives it to a pool or keeps it.
type countingExecutor struct {
	pool *asyncio.PoolExecutor
	mu   sync.Mutex
	n    int
	held []func()
}

func (e *countingExecutor) Submit(f func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	if e.pool != nil {
		return e.pool.Submit(f)
	}
	e.held = append(e.held, f)
	return nil
}

func (e *countingExecutor) Shutdown() <-chan struct{} {
	if e.pool != nil {
		return e.pool.Shutdown()
	}
	done := make(chan struct{})
	close(done)
	return done
}

// times returns how much it was given since it was last looked at.
func (e *countingExecutor) times() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.n
	e.n = 0
	return n
}

// submitted returns how much it was given.
func (e *countingExecutor) submitted() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.n
}
