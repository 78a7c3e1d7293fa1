//go:build unix

package asyncio_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

// raise sends the process a signal and waits until Go has told of it.
func raise(c *complaints, sig syscall.Signal) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, sig)
	c.must(syscall.Kill(os.Getpid(), sig))
	<-told
	signal.Stop(told)
}

// signalOrderProgram has several signals come while its loop is busy.
var signalOrderProgram = signalProgram("signal order", func(c *complaints, loop asyncio.EventLoop) {
	var order []string
	for sig, letter := range map[syscall.Signal]string{syscall.SIGUSR1: "1", syscall.SIGUSR2: "2", syscall.SIGHUP: "h"} {
		c.must(loop.AddSignalHandler(sig, func() { order = append(order, letter) }))
	}
	runProgramLoop(c, loop, func(ctx context.Context) {
		for _, sig := range []syscall.Signal{syscall.SIGUSR2, syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
			raise(c, sig)
		}
		c.check(len(order) == 0, "handlers ran while a coroutine did")
		soonTrue(c, ctx, "five handlers", func() bool { return len(order) >= 5 })
	})
	got := strings.Join(order, "")
	c.check(got == "21h12", "the handlers ran in the order %q", got)
})

// signalLoopsProgram has two loops with handlers for one signal.
var signalLoopsProgram = signalProgram("signal for two loops", func(c *complaints, loop asyncio.EventLoop) {
	other, err := programLoop()
	c.must(err)
	var came [2]int
	c.must(loop.AddSignalHandler(syscall.SIGUSR1, func() { came[0]++ }))
	c.must(other.AddSignalHandler(syscall.SIGUSR1, func() { came[1]++ }))
	raise(c, syscall.SIGUSR1)
	runProgramLoop(c, loop, func(ctx context.Context) { soonTrue(c, ctx, "the one", func() bool { return came[0] == 1 }) })
	runProgramLoop(c, other, func(ctx context.Context) { soonTrue(c, ctx, "the other", func() bool { return came[1] == 1 }) })
	c.must(other.Close())
	raise(c, syscall.SIGUSR1)
	runProgramLoop(c, loop, func(ctx context.Context) { soonTrue(c, ctx, "the one again", func() bool { return came[0] == 2 }) })
	c.check(came[1] == 1, "a closed loop's handler ran")
})

// signalIgnoredProgram has a handler for a signal that was ignored, as under nohup.
var signalIgnoredProgram = signalProgram("signal ignored before", func(c *complaints, loop asyncio.EventLoop) {
	signal.Ignore(syscall.SIGHUP)
	came := 0
	c.must(loop.AddSignalHandler(syscall.SIGHUP, func() { came++ }))
	c.must(loop.AddSignalHandler(syscall.SIGUSR1, func() {}))
	raise(c, syscall.SIGUSR1)
	c.must(syscall.Kill(os.Getpid(), syscall.SIGHUP))
	runProgramLoop(c, loop, func(ctx context.Context) { soonTrue(c, ctx, "the handler", func() bool { return came == 1 }) })
	had, err := loop.RemoveSignalHandler(syscall.SIGHUP)
	c.check(had && err == nil, "removing it: %v, %v", had, err)
	c.check(signal.Ignored(syscall.SIGHUP), "the signal is not ignored any more")
	c.must(syscall.Kill(os.Getpid(), syscall.SIGHUP))
})

// signalChannelProgram has a channel of its own beside handlers, which keeps its signals.
var signalChannelProgram = signalProgram("signal and channel", func(c *complaints, loop asyncio.EventLoop) {
	own := make(chan os.Signal, 1)
	signal.Notify(own, syscall.SIGUSR1)
	came := 0
	c.must(loop.AddSignalHandler(syscall.SIGUSR1, func() { came++ }))
	c.must(loop.AddSignalHandler(syscall.SIGUSR2, func() {}))
	c.must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	<-own
	runProgramLoop(c, loop, func(ctx context.Context) { soonTrue(c, ctx, "the handler", func() bool { return came == 1 }) })
	_, err := loop.RemoveSignalHandler(syscall.SIGUSR1)
	c.must(err)
	c.must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	<-own // and the program does not end
	c.check(came == 1, "the handler ran %d times", came)
	signal.Stop(own)
})

// signalChildProgram hears that children have ended, of which os/exec has what it needs.
var signalChildProgram = signalProgram("signal of a child", func(c *complaints, loop asyncio.EventLoop) {
	came := 0
	c.must(loop.AddSignalHandler(syscall.SIGCHLD, func() { came++ }))
	runProgramLoop(c, loop, func(ctx context.Context) {
		for n := range 3 {
			cmd := again.Command()
			cmd.Env = append(os.Environ(), programVariable+"="+quietProgram)
			c.must(cmd.Start())
			soonTrue(c, ctx, "the handler", func() bool { return came == n+1 })
			c.must(cmd.Wait())
		}
	})
})

// quietProgram does nothing.
var quietProgram = program("quiet", func() error { return nil })

// signalRemoveOneProgram removes the handler of Ctrl-C and keeps another one.
var signalRemoveOneProgram = signalProgram("signal handler removed beside others", func(c *complaints, loop asyncio.EventLoop) {
	came := 0
	c.must(loop.AddSignalHandler(os.Interrupt, func() { c.check(false, "a removed handler ran") }))
	c.must(loop.AddSignalHandler(syscall.SIGHUP, func() { came++ }))
	had, err := loop.RemoveSignalHandler(os.Interrupt)
	c.check(had && err == nil, "removing it: %v, %v", had, err)
	raise(c, syscall.SIGHUP)
	runProgramLoop(c, loop, func(ctx context.Context) { soonTrue(c, ctx, "the other handler", func() bool { return came == 1 }) })

	// Ctrl-C is what it was: a runner's.
	_, err = asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		interruptSelf()
		return 0, asyncio.Sleep(ctx, patience)
	})
	c.check(err != nil && strings.Contains(err.Error(), "interrupted"), "the run ended with %v", err)
	raise(c, syscall.SIGHUP)
	runProgramLoop(c, loop, func(ctx context.Context) {
		soonTrue(c, ctx, "the other handler again", func() bool { return came == 2 })
	})
})

func TestSignalUnixPrograms(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	for row, name := range map[string]string{
		"order":                       signalOrderProgram,
		"several loops":               signalLoopsProgram,
		"ignored before":              signalIgnoredProgram,
		"channel beside it":           signalChannelProgram,
		"children":                    signalChildProgram,
		"unix.007.remove-one-of-many": signalRemoveOneProgram,
	} {
		plainRow(t, row, func(t *testing.T) { inProgram(t, name) })
	}
}

// TestSignalHandlers: what runs for a signal is what is there for it then. The signals of
// these tests come to the loop alone, not to the process.
func TestSignalHandlers(t *testing.T) {
	t.Parallel()
	const sig = syscall.SIGUSR1
	row(t, "unix.002.handle-signal-no-handler", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		asyncio.SignalCame(loop, sig)
		passes(t, ctx, 3) // which reports would fail
	})
	row(t, "unix.003.handle-signal-cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.AddSignalHandler(sig, func() { t.Error("a handler ran that was removed before its turn") }))
		asyncio.SignalCame(loop, sig)
		had, err := loop.RemoveSignalHandler(sig)
		must(t, err)
		want(t, "removed", had, true)
		passes(t, ctx, 3)
		had, err = loop.RemoveSignalHandler(sig)
		must(t, err)
		want(t, "still there", had, false)
	})
	row(t, "unix.005.add-stores-handle", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var ran []string
		must(t, loop.AddSignalHandler(sig, func() { ran = append(ran, "first") }))
		for range 2 { // it is kept until it is replaced
			asyncio.SignalCame(loop, sig)
			passes(t, ctx, 3)
		}
		must(t, loop.AddSignalHandler(sig, func() { ran = append(ran, "second") }))
		asyncio.SignalCame(loop, sig)
		passes(t, ctx, 3)
		want(t, "ran", fmt.Sprint(ran), "[first first second]")
	})
}

// TestSignalHandlerSweep removes, replaces and re-enters a handler, closes the loop and fails, in
// each pass around the one in which a signal comes.
func TestSignalHandlerSweep(t *testing.T) {
	t.Parallel()
	const sig, most = syscall.SIGUSR2, 5
	acts := map[string]func(t *testing.T, loop asyncio.EventLoop, note func(string)){
		"remove": func(t *testing.T, loop asyncio.EventLoop, _ func(string)) {
			_, err := loop.RemoveSignalHandler(sig)
			must(t, err)
		},
		"replace": func(t *testing.T, loop asyncio.EventLoop, note func(string)) {
			must(t, loop.AddSignalHandler(sig, func() { note("new") }))
		},
		"anew": func(t *testing.T, loop asyncio.EventLoop, note func(string)) {
			_, err := loop.RemoveSignalHandler(sig)
			must(t, err)
			must(t, loop.AddSignalHandler(sig, func() { note("new") }))
		},
		"close": func(t *testing.T, loop asyncio.EventLoop, _ func(string)) { loop.Stop() },
	}
	// For each act, what runs if it is done before the signal comes, when its handler is
	// scheduled, and later.
	ran := map[string][]string{
		"remove":  {"", "", "old", "old", "old"},
		"replace": {"new", "new", "old", "old", "old"},
		"anew":    {"new", "", "old", "old", "old"},
		"close":   {"", "", "old", "old", "old"},
	}
	for name, act := range acts {
		plainRow(t, name, func(t *testing.T) {
			for at := range most {
				loop := mustLoop(t)
				noReports(t, loop)
				var noted []string
				note := func(what string) { noted = append(noted, what) }
				must(t, loop.AddSignalHandler(sig, func() { note("old") }))
				for pass := range most {
					if pass == at {
						act(t, loop, note)
						if name == "close" {
							break
						}
					}
					if pass == 0 {
						asyncio.SignalCame(loop, sig)
					}
					onePass(t, loop)
				}
				must(t, loop.Close())
				want(t, fmt.Sprintf("what ran, done in pass %d", at), strings.Join(noted, " "), ran[name][at])
			}
		})
	}
}

// TestSignalHandlerFails: a handler that panics or leaves is reported, and stays.
func TestSignalHandlerFails(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": goexit} {
		plainRow(t, name, func(t *testing.T) {
			loop := newLoop(t)
			reported := collectReports(t, loop)
			ran := 0
			must(t, loop.AddSignalHandler(syscall.SIGUSR2, func() { ran++; leave() }))
			for range 2 {
				asyncio.SignalCame(loop, syscall.SIGUSR2)
				asyncio.SignalCame(loop, syscall.SIGUSR2)
				for range 3 {
					loop.Stop()
					_ = loop.RunForever() // a Goexit that ends it is reported
				}
			}
			want(t, "times it ran", ran, 4)
			want(t, "reports", len(reported.all()), 4)
		})
	}
}
