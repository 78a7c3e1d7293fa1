package asyncio_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// proactorLoop makes a loop over a completion port, which is to report nothing.
func proactorLoop(t *testing.T) *asyncio.ProactorEventLoop {
	t.Helper()
	p, err := proactors.NewIOCPProactor()
	must(t, err)
	loop, err := asyncio.NewProactorEventLoop(p)
	must(t, err)
	must(t, loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	return loop
}

// ctrlProgram is ended by what is pressed while the loop waits: the default loop of
// this system.
func ctrlProgram(name string, event uint32) string {
	return program(name, func() error {
		var c complaints
		r := asyncio.NewRunner()
		loop, err := r.Loop()
		c.must(err)
		_, ok := loop.(*asyncio.ProactorEventLoop)
		c.check(ok, "the default loop is %T", loop)
		cleaned := false
		ctx, cancel := context.WithCancelCause(context.Background())
		_, err = asyncio.RunOn(ctx, r, func(ctx context.Context) (int, error) {
			go func() {
				if err := press(event); err != nil {
					cancel(err)
				}
			}()
			err := asyncio.Sleep(ctx, forever)
			cleaned = errors.Is(err, asyncio.ErrCancelled)
			return 0, err
		})
		c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v, %v", err, context.Cause(ctx))
		c.check(cleaned, "main was not cancelled")
		v, err := asyncio.RunOn(context.Background(), r, value("again"))
		c.check(v == "again" && err == nil, "the next run: %v, %v", v, err)
		c.must(r.Close())
		return c.err()
	})
}

var (
	ctrlCProgram     = ctrlProgram("ctrl-c", windows.CTRL_C_EVENT)
	ctrlBreakProgram = ctrlProgram("ctrl-break", windows.CTRL_BREAK_EVENT)
)

var windowsPolicyProgram = program("policies of windows", func() error {
	var c complaints
	p, err := asyncio.NewWindowsProactorEventLoopPolicy()
	c.must(err)
	s, err := asyncio.NewWindowsSelectorEventLoopPolicy()
	c.must(err)
	for _, policy := range []asyncio.EventLoopPolicy{nil, p, s} {
		asyncio.SetEventLoopPolicy(policy)
		kind, err := asyncio.Run(context.Background(), func(context.Context) (string, error) {
			loop, err := asyncio.GetRunningLoop()
			if err != nil {
				return "", err
			}
			b, err := asyncio.LoopBackend(loop)
			return b.Kind, err
		})
		c.must(err)
		want := "proactor"
		if policy == asyncio.EventLoopPolicy(s) {
			want = "selector"
		}
		c.check(kind == want, "%T makes a %s loop", policy, kind)
	}
	return c.err()
})

// TestWatchesSocketsOnly: any other handle is refused, on both kinds of loops, with
// what to use instead.
func TestWatchesSocketsOnly(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) asyncio.EventLoop{
		"iocp":   func(t *testing.T) asyncio.EventLoop { return proactorLoop(t) },
		"select": func(t *testing.T) asyncio.EventLoop { return mustLoop(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loop := open(t)
			r, w, err := os.Pipe()
			must(t, err)
			exe, err := os.Executable()
			must(t, err)
			file, err := os.Open(exe)
			must(t, err)
			for what, fd := range map[string]uintptr{"pipe": r.Fd(), "file": file.Fd(), "standard input": os.Stdin.Fd()} {
				for _, add := range []func(uintptr, func()) error{loop.AddReader, loop.AddWriter} {
					if err := add(fd, func() {}); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "RunInExecutor") {
						t.Errorf("%s: %v", what, err)
					}
				}
				if had, err := loop.RemoveReader(fd); had || err != nil {
					t.Errorf("%s: a reader is there: %v, %v", what, had, err)
				}
			}
			must(t, errors.Join(r.Close(), w.Close(), file.Close()))
			wantError(t, loop.AddReader(file.Fd(), func() {}), asyncio.ErrInvalidArgument) // os.File says -1
			wantError(t, loop.AddReader(0, func() {}), windows.ERROR_INVALID_HANDLE)
			must(t, loop.Close())
		})
	}
}

// TestSelectIsFull: select watches 512 sockets, one of which is the loop's own. The
// next is told of the loop that has no such limit, where it succeeds.
func TestSelectIsFull(t *testing.T) {
	t.Parallel()
	sockets := make([]uintptr, 512)
	for i := range sockets {
		h, err := windows.Socket(windows.AF_INET, windows.SOCK_DGRAM, 0)
		must(t, err)
		sockets[i] = uintptr(h)
	}
	small, large := mustLoop(t), proactorLoop(t)
	last := len(sockets) - 1
	for i, fd := range sockets {
		if i < last {
			must(t, small.AddReader(fd, func() {}))
		}
		must(t, large.AddReader(fd, func() {}))
	}
	err := small.AddReader(sockets[last], func() {})
	wantError(t, err, selectors.ErrTooManyDescriptors)
	if err != nil && !strings.Contains(err.Error(), "proactor") {
		t.Errorf("it names nothing else: %v", err)
	}
	must(t, small.AddWriter(sockets[last], func() {})) // of these there are 512 more
	_, err = small.RemoveReader(sockets[0])
	must(t, err)
	must(t, small.AddReader(sockets[last], func() {}))
	must(t, errors.Join(small.Close(), large.Close()))
	for _, fd := range sockets {
		must(t, windows.Closesocket(windows.Handle(fd)))
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"windows.001.ctrl-c":                 ctrlCProgram,
		"ctrl-break":                         ctrlBreakProgram,
		"policy.018.windows-proactor-policy": windowsPolicyProgram,
	} {
		t.Run(id+"/iocp", func(t *testing.T) {
			t.Parallel()
			inProgram(t, name)
		})
	}
	t.Run("windows.002.non-main-thread/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		fut := asyncio.NewFuture[int](loop)
		_, err := loop.CallSoon(func() { _ = fut.SetResult(1) })
		must(t, err)
		must(t, loop.RunUntilComplete(fut))
		must(t, loop.Close())
	})
	t.Run("windows.008.self-pipe-restart/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		for range 5 {
			woken := false
			go func() { _, _ = loop.CallSoonThreadsafe(func() { woken = true; loop.Stop() }) }()
			must(t, loop.RunForever())
			if !woken {
				t.Error("the run ended without having been woken")
			}
		}
		must(t, loop.Close())
	})
	t.Run("windows.701.loop-restart/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		over := make(chan struct{})
		var woken atomic.Int64
		go func() {
			defer close(over)
			for range 2000 {
				_, _ = loop.CallSoonThreadsafe(func() { woken.Add(1) })
				runtime.Gosched()
			}
		}()
		for ended := false; !ended; {
			select {
			case <-over:
				ended = true
			default:
			}
			_, err := loop.CallSoon(loop.Stop)
			must(t, err)
			must(t, loop.RunForever())
		}
		if n := woken.Load(); n != 2000 {
			t.Errorf("%d of 2000 wake-ups came", n)
		}
		must(t, loop.Close()) // it would say what is left under way
	})
	t.Run("windows.009.address-type/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		fd, err := windows.WSASocket(windows.AF_INET, windows.SOCK_STREAM, 0, nil, 0, windows.WSA_FLAG_OVERLAPPED)
		must(t, err)
		must(t, loop.Proactor().Attach(uintptr(fd)))
		var op proactors.Operation
		for _, addr := range [][]byte{nil, {}, {2}, make([]byte, 1000)} {
			err := loop.Proactor().Submit(&op, &proactors.Request{Kind: proactors.Connect, FD: uintptr(fd), Addr: addr})
			if err == nil || op.InFlight() {
				t.Errorf("connect to an address of %d bytes: %v", len(addr), err)
			}
		}
		runIn(t, loop, func(ctx context.Context) {
			_, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "", nil)
			wantError(t, err, asyncio.ErrInvalidArgument)
		})
		must(t, windows.Closesocket(fd))
		must(t, loop.Close())
	})
}
