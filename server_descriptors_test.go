//go:build linux

package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"golang.org/x/sys/unix"
)

// TestOutOfDescriptors lets a process really run out of descriptors while
// clients wait: they are served when there are descriptors again.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Selectors, func(t *testing.T) { inProgram(t, outOfDescriptorsProgram) })
}

var outOfDescriptorsProgram = program("out-of-descriptors", outOfDescriptors)

func outOfDescriptors() error {
	loop, err := programLoop()
	if err != nil {
		return err
	}
	var reported failures
	loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		reported.all, reported.last = append(reported.all, c), loop.Time()
	})
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, starveServer(ctx, loop, &reported)
	})
	return errors.Join(loop.RunUntilComplete(task), loop.Close())
}

// failures are what the loop reported, and when it last did.
type failures struct {
	all  []asyncio.ExceptionContext
	last time.Duration
}

func starveServer(ctx context.Context, loop asyncio.EventLoop, reported *failures) error {
	const clients = 3
	made := 0
	server, err := loop.CreateServer(ctx, func() asyncio.Protocol { made++; return &asyncio.BaseProtocol{} }, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	for range clients { // they wait in the system's queue while this holds the loop
		c, err := net.Dial("tcp", server.Addrs()[0].String())
		if err != nil {
			return err
		}
		defer c.Close()
	}
	hogs, err := takeAllDescriptors()
	if err != nil {
		return err
	}
	deadline := loop.Time() + 20*time.Second
	for len(reported.all) == 0 && loop.Time() < deadline {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	if len(reported.all) != 1 || reported.all[0].Message != "socket.accept() out of system resource" || !errors.Is(reported.all[0].Err, syscall.EMFILE) {
		return fmt.Errorf("reported %+v", reported.all)
	}
	if made != 0 || !server.IsServing() {
		return fmt.Errorf("%d accepted, serving %v", made, server.IsServing())
	}
	for _, fd := range hogs {
		unix.Close(fd)
	}
	for made < clients && loop.Time() < deadline {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	if made != clients || len(reported.all) != 1 {
		return fmt.Errorf("%d of %d clients accepted, reported %+v", made, clients, reported.all)
	}
	if rest := loop.Time() - reported.last; rest < 900*time.Millisecond {
		return fmt.Errorf("accepting went on after %v", rest)
	}
	server.Close()
	server.AbortClients()
	return server.WaitClosed(ctx)
}

// takeAllDescriptors lowers the limit of this process and uses it up.
func takeAllDescriptors() ([]int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	limit.Cur = 64
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	var fds []int
	for {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.EMFILE) {
			return fds, nil
		}
		if err != nil {
			return fds, err
		}
		fds = append(fds, fd)
	}
}
