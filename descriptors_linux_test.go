package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
	"golang.org/x/sys/unix"
)

// constructors are all ways to make a loop on this system.
var constructors = map[string]func() (asyncio.EventLoop, error){
	"select":           overSelector(func() (selectors.Selector, error) { return selectors.NewSelectSelector() }),
	"poll":             overSelector(func() (selectors.Selector, error) { return selectors.NewPollSelector() }),
	"epoll":            overSelector(func() (selectors.Selector, error) { return selectors.NewEpollSelector() }),
	"default-selector": overSelector(func() (selectors.Selector, error) { return nil, nil }),
	"default":          asyncio.NewEventLoop,
	"uring":            overProactor(proactors.NewIOUringProactor),
	"uring-pinned":     overProactor(proactors.NewPinnedIOUringProactor, asyncio.WithPinnedThread()),
	"default-proactor": overProactor(func() (proactors.Proactor, error) { return nil, nil }),
}

func overSelector(open func() (selectors.Selector, error)) func() (asyncio.EventLoop, error) {
	return func() (asyncio.EventLoop, error) {
		s, err := open()
		if err != nil {
			return nil, err
		}
		l, err := asyncio.NewSelectorEventLoop(s)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

func overProactor(open func() (proactors.Proactor, error), opts ...asyncio.LoopOption) func() (asyncio.EventLoop, error) {
	return func() (asyncio.EventLoop, error) {
		p, err := open()
		if err != nil {
			return nil, err
		}
		l, err := asyncio.NewProactorEventLoop(p, opts...)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// runtimeNeeds are what makes the Go runtime want its poller.
var runtimeNeeds = map[string]func() error{
	"a Go timer": func() error {
		fired := make(chan struct{})
		time.AfterFunc(time.Millisecond, func() { close(fired) })
		<-fired
		return nil
	},
	"a context with a timeout": func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return nil
	},
	"the collector": func() error {
		runtime.GC()
		debug.FreeOSMemory()
		return nil
	},
	"a file": func() error {
		if _, err := os.Open(os.DevNull); !errors.Is(err, syscall.EMFILE) {
			return fmt.Errorf("opening a file: %v", err)
		}
		return nil
	},
}

// loopNeeds are what a loop that has no descriptor left must do all the same, or
// fail to do with an error. They are coroutines.
var loopNeeds = map[string]func(ctx context.Context, loop asyncio.EventLoop) error{
	"a sleep":     func(ctx context.Context, _ asyncio.EventLoop) error { return asyncio.Sleep(ctx, time.Millisecond) },
	"a callback":  func(ctx context.Context, _ asyncio.EventLoop) error { return asyncio.Sleep(ctx, 0) },
	"the context": sleepCutShort,
	"a wake-up from another goroutine": func(ctx context.Context, loop asyncio.EventLoop) error {
		woken := asyncio.NewFuture[int](loop)
		go func() { _, _ = loop.CallSoonThreadsafe(func() { _ = woken.SetResult(1) }) }()
		_, err := woken.Await(ctx)
		return err
	},
	"a thread": func(ctx context.Context, _ asyncio.EventLoop) error {
		_, err := asyncio.ToThread(ctx, func() (int, error) { return 1, nil })
		return err
	},
	"a look-up": func(ctx context.Context, loop asyncio.EventLoop) error {
		for _, host := range []string{"localhost:80", "example.invalid:80"} {
			if _, err := loop.GetAddrInfo(ctx, "tcp", host); err == nil && host != "localhost:80" {
				return errors.New("example.invalid was found")
			}
		}
		return nil
	},
	"a connection": func(ctx context.Context, loop asyncio.EventLoop) error {
		_, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:1", nil)
		if !errors.Is(err, syscall.EMFILE) {
			return fmt.Errorf("connecting: %v", err)
		}
		return nil
	},
	"a server": func(ctx context.Context, loop asyncio.EventLoop) error {
		_, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
		if !errors.Is(err, syscall.EMFILE) {
			return fmt.Errorf("serving: %v", err)
		}
		return nil
	},
	"a report": func(_ context.Context, loop asyncio.EventLoop) error {
		loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "a report that is to be seen"})
		return nil
	},
}

func sleepCutShort(ctx context.Context, _ asyncio.EventLoop) error {
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := asyncio.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a sleep with a timeout: %v", err)
	}
	return nil
}

// crowded are programs that make a loop, use all descriptors up, and then do one
// thing for the first time; full are those that make it when none is left.
var crowded, full = map[string]string{}, map[string]string{}

func init() {
	for kind, make := range constructors {
		for need, f := range runtimeNeeds {
			crowded[kind+"/"+need] = program("crowded/"+kind+"/"+need, func() error {
				return inCrowd(make, func(context.Context, asyncio.EventLoop) error { return f() })
			})
		}
		for need, f := range loopNeeds {
			crowded[kind+"/"+need] = program("crowded/"+kind+"/"+need, func() error { return inCrowd(make, f) })
		}
		full[kind] = program("full/"+kind, func() error { return makeWithoutRoom(make) })
	}
}

func inCrowd(makeLoop func() (asyncio.EventLoop, error), f func(context.Context, asyncio.EventLoop) error) error {
	loop, err := makeLoop()
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Print(notHere, err)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := takeAllDescriptors(); err != nil {
		return err
	}
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx, loop) })
	return errors.Join(loop.RunUntilComplete(task), loop.Close())
}

// makeWithoutRoom makes a loop with one more descriptor free each time. Until it
// can, it says why it cannot, and what it has taken is given back.
func makeWithoutRoom(makeLoop func() (asyncio.EventLoop, error)) error {
	inherited := usedDescriptors()
	poller := 2 // what the runtime keeps, if it has not made it yet
	if runtimePolls() {
		poller = 0
	}
	hogs, err := takeAllDescriptors()
	if err != nil {
		return err
	}
	for free := range 12 {
		loop, err := makeLoop()
		switch {
		case err == nil:
			time.AfterFunc(time.Hour, func() {}).Stop()
			if err := loop.Close(); err != nil {
				return err
			}
			if free == 0 || usedDescriptors() != len(hogs)-free+inherited+poller {
				return fmt.Errorf("made with %d free, and closed: %d descriptors are in use", free, usedDescriptors())
			}
			return nil
		case errors.Is(err, errors.ErrUnsupported):
			fmt.Print(notHere, err)
			return nil
		case !errors.Is(err, syscall.EMFILE) || !strings.HasPrefix(err.Error(), "asyncio: New") && !strings.HasPrefix(err.Error(), "selectors: ") && !strings.HasPrefix(err.Error(), "proactors: "):
			return fmt.Errorf("with %d free: %w", free, err)
		}
		if err := syscall.Close(hogs[free]); err != nil {
			return err
		}
	}
	return errors.New("it was never made")
}

// usedDescriptors counts those below the limit that takeAllDescriptors sets. It
// needs none, and nothing that the runtime makes.
func usedDescriptors() (n int) {
	for fd := range 64 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

// runtimePolls tells whether the runtime has made its poller: a package that reads a file
// while it is imported causes it, as x/sys/cpu does on some processors.
func runtimePolls() bool {
	for fd := range 64 {
		if file, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); file == "anon_inode:[eventpoll]" {
			return true
		}
	}
	return false
}

// notHere is what a program prints that lacks what its test is about.
const notHere = "not on this machine: "

// TestCrowdedProcess: when the descriptors are used up, no loop's program ends, and whatever it does
// then it does or says that it cannot.
func TestCrowdedProcess(t *testing.T) {
	t.Parallel()
	for name, p := range crowded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := runHere(t, p)
			if strings.HasSuffix(name, "/a report") && !strings.Contains(out, "a report that is to be seen") {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// TestNoRoomForALoop: a loop that cannot be made says so.
func TestNoRoomForALoop(t *testing.T) {
	t.Parallel()
	for name, p := range full {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runHere(t, p)
		})
	}
}

// runHere runs a program and returns what it prints. The test is skipped if the machine
// lacks what the program is about.
func runHere(t *testing.T, name string) string {
	t.Helper()
	out, err := programCommand(name).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %.300s", err, out)
	}
	if why, lacks := strings.CutPrefix(string(out), notHere); lacks {
		t.Skip(why) // a kernel or a container without that mechanism
	}
	return string(out)
}
