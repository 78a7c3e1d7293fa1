package asyncio_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// openPipes counts the handles of pipes of this process, as testkit.OpenFiles does sockets.
// Nobody waits in a pipe that is not overlapped while it counts: the question would wait, too.
func openPipes() (n int) {
	const many = 1024
	for h, last := windows.Handle(4), windows.Handle(0); h < last+4*many; h += 4 {
		if windows.GetNamedPipeInfo(h, nil, nil, nil, nil) == nil {
			n++
			last = h
		}
	}
	return n
}

// proactor is the scene's loop, nil of a selector, which has no pipes with names.
func (s *scene) proactor() *asyncio.ProactorEventLoop {
	l, _ := s.loop.EventLoop.(*asyncio.ProactorEventLoop)
	return l
}

// namedPipeMakers are the calls that are for named pipes.
var namedPipeMakers = map[string]maker{
	"pipe-server": func(ctx context.Context, s *scene) (func(), error) {
		server, err := s.proactor().StartServingPipe(ctx, s.protocol, pipeName())
		if err != nil {
			return nil, err
		}
		return func() {
			if server.Close() != nil { // the loop is another goroutine's now, or is being closed
				_, _ = s.loop.CallSoonThreadsafe(func() { _ = server.Close() })
			}
		}, nil
	},
	"pipe-connection": func(ctx context.Context, s *scene) (func(), error) {
		name := pipeName()
		return s.openingPipe(ctx, name, s.instance(name))
	},
	"pipe-connection-that-tries-again": func(ctx context.Context, s *scene) (func(), error) {
		name := pipeName()
		taken := s.instance(name)
		defer sock.Close(taken)
		first, err := sock.DialPipe(name)
		must(s, err)
		defer sock.Close(first)
		var free lateInstance
		defer free.close()
		time.AfterFunc(3*time.Millisecond, func() { free.open(name) })
		return s.openingPipe(ctx, name, sock.Invalid)
	},
}

// openingPipe opens a pipe that is served by an instance of the test's, which ends then.
func (s *scene) openingPipe(ctx context.Context, name string, instance uintptr) (release func(), err error) {
	if instance != sock.Invalid {
		defer sock.Close(instance)
	}
	return aborting(s.proactor().CreatePipeConnection(ctx, s.protocol, name))
}

// instance is one that waits for somebody who opens the pipe.
func (s *scene) instance(name string) uintptr {
	s.Helper()
	fd, err := sock.ServePipe(name, false)
	must(s, err)
	return fd
}

// lateInstance is an instance that comes later, or never.
type lateInstance struct {
	mu     sync.Mutex
	fd     uintptr
	opened bool
	over   bool
}

func (i *lateInstance) open(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.over {
		fd, err := sock.ServePipe(name, false)
		i.fd, i.opened = fd, err == nil
	}
}

func (i *lateInstance) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	if i.opened {
		_ = sock.Close(i.fd)
	}
}

// overProactors has a sweep count pipes, and leave out loops that have none.
func overProactors(s *scene) {
	loop := mustLoop(s, silent)
	_, able := loop.(*asyncio.ProactorEventLoop)
	must(s, loop.Close())
	if !able {
		// The calls are methods of a loop over a proactor alone.
		s.Skip("a selector has no pipes with names")
	}
	s.pipes = openPipes
}

// TestNamedPipeOwnership is TestOwnership for named pipes.
func TestNamedPipeOwnership(t *testing.T) {
	sweepOwnership(t, namedPipeMakers, overProactors)
}

// TestNamedPipeOwnershipInTime is TestOwnershipInTime for named pipes.
func TestNamedPipeOwnershipInTime(t *testing.T) {
	leaveInTime(t, namedPipeMakers, overProactors)
}

// TestNamedPipeFailures: whatever the factory or the protocol does, on the side that opens
// and on the one that serves, both ends are closed, the server goes on, and nothing is left.
func TestNamedPipeFailures(t *testing.T) {
	oneKindAfterTheOther(t, func(t *testing.T) {
		s := newScene(t)
		overProactors(s)
		s.open()
		bad := map[string]func() asyncio.Protocol{
			"factory panics":         func() asyncio.Protocol { panic(errBoom) },
			"factory returns nil":    func() asyncio.Protocol { return nil },
			"factory leaves":         func() asyncio.Protocol { runtime.Goexit(); return nil },
			"ConnectionMade panics":  func() asyncio.Protocol { return &recorder{onMade: func(asyncio.Transport) { panic(errBoom) }} },
			"ConnectionMade leaves":  func() asyncio.Protocol { return &recorder{onMade: func(asyncio.Transport) { runtime.Goexit() }} },
			"ConnectionMade aborts":  func() asyncio.Protocol { return &recorder{onMade: asyncio.Transport.Abort} },
			"ConnectionMade cancels": func() asyncio.Protocol { return &recorder{onMade: func(t asyncio.Transport) { _ = t.Close() }} },
		}
		try := func(f func(ctx context.Context) error) error {
			return s.loop.RunUntilComplete(asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) }))
		}
		run := func(f func(ctx context.Context) error) {
			t.Helper()
			must(t, try(f))
		}
		for name, factory := range bad {
			pipe := pipeName()
			next := s.protocol
			var server *asyncio.PipeServer
			run(func(ctx context.Context) (err error) {
				server, err = s.proactor().StartServingPipe(ctx, func() asyncio.Protocol { return next() }, pipe)
				return err
			})
			err := try(func(ctx context.Context) error { // the side that opens
				tr, _, err := s.proactor().CreatePipeConnection(ctx, factory, pipe)
				if tr != nil {
					tr.Abort()
				}
				return err
			})
			if fails := strings.HasPrefix(name, "factory"); fails != (err != nil) {
				t.Errorf("%s: %v", name, err)
			}
			run(func(ctx context.Context) error { // the side that serves
				next = factory
				lost := asyncio.NewFuture[struct{}](s.loop)
				r := &recorder{onLost: func(error) { _ = lost.SetResult(struct{}{}) }}
				if _, _, err := s.proactor().CreatePipeConnection(ctx, func() asyncio.Protocol { return r }, pipe); err != nil {
					return err
				}
				_, err := lost.Await(ctx)
				return err
			})
			next = s.protocol
			run(func(ctx context.Context) error { // and it goes on
				tr, _, err := s.proactor().CreatePipeConnection(ctx, s.protocol, pipe)
				if err == nil {
					err = tr.Close()
				}
				return err
			})
			must(t, server.Close())
			s.settles(name, 0)
			if _, err := os.Stat(pipe); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: the name is left: %v", name, err)
			}
		}
		must(t, s.loop.Close())
	})
}
