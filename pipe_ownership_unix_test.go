//go:build unix

package asyncio_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// readingPipe and writingPipe are makers of TestOwnership.
var (
	_ = owns("read-pipe", func(ctx context.Context, s *scene) (func(), error) {
		r, w := s.pipe()
		defer w.Close()
		return aborting(s.loop.ConnectReadPipe(ctx, s.protocol, r))
	})
	_ = owns("write-pipe", func(ctx context.Context, s *scene) (func(), error) {
		r, w := s.pipe()
		defer r.Close()
		return aborting(s.loop.ConnectWritePipe(ctx, s.protocol, w))
	})
)

// owns adds a call to those that TestOwnership ends in every way.
func owns(name string, m maker) maker {
	makers[name] = m
	return m
}

func (s *scene) pipe() (r, w *os.File) {
	s.Helper()
	r, w, err := os.Pipe()
	must(s, err)
	return r, w
}

// TestPipeFailures: on each failing way out the pipe is closed, and nothing is left.
func TestPipeFailures(t *testing.T) {
	oneKindAfterTheOther(t, func(t *testing.T) {
		testkit.LeavesNothing(t, patience)
		loop := mustLoop(t, silent)
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
		other := mustLoop(t, silent)
		closed := mustLoop(t, silent)
		must(t, closed.Close())
		run := func(on asyncio.EventLoop, f func(ctx context.Context) error) error {
			return on.RunUntilComplete(asyncio.CreateTask(on, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }))
		}
		cancelled, cancel := context.WithCancel(context.Background())
		cancel()
		for name, c := range map[string]struct {
			how  func(call pipeCall) error
			want error
		}{
			"factory panics": {func(call pipeCall) error {
				return run(loop, func(ctx context.Context) error {
					return call(ctx, loop, func() asyncio.Protocol { panic(errBoom) })
				})
			}, errBoom},
			"factory returns nil": {func(call pipeCall) error {
				return run(loop, func(ctx context.Context) error {
					return call(ctx, loop, func() asyncio.Protocol { return nil })
				})
			}, asyncio.ErrInvalidArgument},
			"factory leaves": {func(call pipeCall) error {
				return run(loop, func(ctx context.Context) error {
					return call(ctx, loop, func() asyncio.Protocol { runtime.Goexit(); return nil })
				})
			}, asyncio.ErrGoexit},
			"ConnectionMade panics": {func(call pipeCall) error {
				return run(loop, func(ctx context.Context) error {
					return call(ctx, loop, func() asyncio.Protocol {
						return &recorder{onMade: func(asyncio.Transport) { panic(errBoom) }}
					})
				})
			}, nil}, // the call is done with it then: its protocol hears of the end
			"context is done": {func(call pipeCall) error {
				return run(loop, func(context.Context) error { return call(cancelled, loop, anyProtocol) })
			}, context.Canceled},
			"another loop's coroutine": {func(call pipeCall) error {
				return run(other, func(ctx context.Context) error { return call(ctx, loop, anyProtocol) })
			}, asyncio.ErrWrongLoop},
			"callback": {func(call pipeCall) (err error) {
				soon(t, loop, func() { err = call(context.Background(), loop, anyProtocol) })
				onePass(t, loop)
				return err
			}, asyncio.ErrAwaitInCallback},
			"closed loop": {func(call pipeCall) error {
				return call(context.Background(), closed, anyProtocol)
			}, asyncio.ErrLoopClosed},
		} {
			t.Run(name, func(t *testing.T) {
				for call := range pipeCalls(loop) {
					r, w, err := os.Pipe()
					must(t, err)
					f := map[string]*os.File{"ConnectReadPipe": r, "ConnectWritePipe": w}[call]
					err = c.how(func(ctx context.Context, l asyncio.EventLoop, factory func() asyncio.Protocol) error {
						_, _, err := pipeCalls(l)[call](ctx, factory, f)
						return err
					})
					if !errors.Is(err, c.want) {
						t.Errorf("%s: %v, want %v", call, err, c.want)
					}
					if isOpen(f) {
						t.Errorf("%s: the pipe is open", call)
					}
					_, _ = r.Close(), w.Close() // one of them is closed
				}
			})
		}
		must(t, run(loop, func(ctx context.Context) error { return asyncio.Sleep(ctx, instant) }))
		must(t, errors.Join(loop.Close(), other.Close()))
	})
}

// pipeCall is one of both calls, with a pipe.
type pipeCall = func(ctx context.Context, l asyncio.EventLoop, factory func() asyncio.Protocol) error
