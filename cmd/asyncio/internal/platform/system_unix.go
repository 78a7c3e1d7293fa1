//go:build unix

package platform

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/reuseport"
)

// examineLimits asks for what the process may have. The Go runtime has raised the
// limit as far as it goes when the program started.
func examineLimits() limitsReport {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return limitsReport{}
	}
	return limitsReport{finite(uint64(l.Cur)), finite(uint64(l.Max))}
}

// finite is 0 for what stands for no limit: the greatest number, signed or not.
func finite(n uint64) uint64 {
	if n >= 1<<63-1 {
		return 0
	}
	return n
}

// harmlessSignal is one that a program ignores that says nothing.
const harmlessSignal = syscall.SIGWINCH

func sendHarmlessSignal() error { return syscall.Kill(os.Getpid(), harmlessSignal) }

// systemSignals sends this process a signal that harms nobody.
func systemSignals() error {
	came := make(chan os.Signal, 1)
	signal.Notify(came, harmlessSignal)
	defer signal.Stop(came)
	if err := sendHarmlessSignal(); err != nil {
		return err
	}
	select {
	case <-came:
		return nil
	case <-time.After(trialTime):
		return errors.New("a signal did not come")
	}
}

// trySignal has a loop hear of such a signal.
func trySignal(ctx context.Context, loop asyncio.EventLoop) error {
	came := asyncio.NewFuture[struct{}](loop)
	err := loop.AddSignalHandler(harmlessSignal, func() {
		if !came.Done() {
			_ = came.SetResult(struct{}{})
		}
	})
	if err != nil {
		return err
	}
	if err = sendHarmlessSignal(); err == nil {
		_, err = came.Await(ctx)
	}
	_, removed := loop.RemoveSignalHandler(harmlessSignal)
	return errors.Join(err, removed)
}

// systemReusePort has two sockets listen on one port.
func systemReusePort() error {
	config := net.ListenConfig{Control: reuseport.Control}
	one, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer one.Close()
	two, err := config.Listen(context.Background(), "tcp4", one.Addr().String())
	if err != nil {
		return err
	}
	return two.Close()
}
