package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// signalProgram is a program with a loop; Ctrl-C it presses itself, since signals are for
// a whole process. Nothing may be left of it but what the system has.
func signalProgram(name string, f func(c *complaints, loop asyncio.EventLoop)) string {
	return program(name, func() error {
		var c complaints
		before := testkit.Snapshot()
		loop, err := programLoop()
		if err != nil {
			return err
		}
		f(&c, loop)
		c.must(loop.Close())
		c.must(before.Left(patience))
		return c.err()
	})
}

// runProgramLoop runs f as a coroutine.
func runProgramLoop(c *complaints, loop asyncio.EventLoop, f func(ctx context.Context)) {
	c.must(loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		f(ctx)
		return nil
	})))
}

// soonTrue waits in a coroutine until cond holds.
func soonTrue(c *complaints, ctx context.Context, what string, cond func() bool) {
	for began := time.Now(); !cond(); {
		if time.Since(began) > patience {
			c.check(false, "waited in vain: %s", what)
			return
		}
		c.must(asyncio.Sleep(ctx, instant))
	}
}

// handlerLifeProgram handles Ctrl-C, and then does not any more: the one that comes then
// ends it.
var handlerLifeProgram = signalProgram("signal handler life", func(c *complaints, loop asyncio.EventLoop) {
	came := 0
	runProgramLoop(c, loop, func(ctx context.Context) {
		c.must(loop.AddSignalHandler(os.Interrupt, func() { came++ }))
		interruptSelf()
		soonTrue(c, ctx, "the handler", func() bool { return came == 1 })
		had, err := loop.RemoveSignalHandler(os.Interrupt)
		c.check(had && err == nil, "removing it: %v, %v", had, err)
		had, err = loop.RemoveSignalHandler(os.Interrupt)
		c.check(!had && err == nil, "removing it again: %v, %v", had, err)
		for _, complaint := range *c {
			fmt.Println(complaint)
		}
		fmt.Println("removed")
		c.must(asyncio.Sleep(ctx, forever))
	})
})

// handlerClosedProgram closes the loop that has handlers, and is ended by what they would
// have got.
var handlerClosedProgram = signalProgram("signal handlers closed", func(c *complaints, loop asyncio.EventLoop) {
	c.must(loop.AddSignalHandler(os.Interrupt, func() {}))
	c.must(loop.AddSignalHandler(syscall.SIGTERM, func() {}))
	c.must(loop.Close())
	had, err := loop.RemoveSignalHandler(os.Interrupt)
	c.check(!had && err == nil, "removing a handler of a closed loop: %v, %v", had, err)
	c.check(errors.Is(loop.AddSignalHandler(os.Interrupt, func() {}), asyncio.ErrLoopClosed), "a closed loop takes a handler")
	for _, complaint := range *c {
		fmt.Println(complaint)
	}
	fmt.Println("removed")
	time.Sleep(forever) // until the signal ends the program
})

// TestSignalHandlerLife: what held before a handler holds again after it.
func TestSignalHandlerLife(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	for row, name := range map[string]string{
		"events.010b.signal-handler-lifecycle": handlerLifeProgram,
		"unix.010.close-removes-all":           handlerClosedProgram,
	} {
		plainRowOn(t, row, testkit.Unpinned, func(t *testing.T) {
			cmd := programCommand(name)
			m, _ := mechanismOf(t)
			cmd.Env = append(cmd.Env, mechanismVariable+"="+m.Name)
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			line := make([]byte, 1024)
			n, err := out.Read(line)
			must(t, err)
			want(t, "it says", strings.TrimSpace(string(line[:n])), "removed")
			must(t, interrupt(cmd))
			_ = cmd.Wait() // the state says it all
			if !endedByInterrupt(cmd.ProcessState) {
				t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
			}
		})
	}
}

// plainRowOn is plainRow on the mechanisms that a filter takes.
func plainRowOn(t *testing.T, id string, which func(testkit.Mechanism) bool, f func(t *testing.T)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		overLoops(t, which, f)
	})
}

// signalWakesProgram gets a signal while it sleeps.
var signalWakesProgram = signalProgram("signal wakes", func(c *complaints, loop asyncio.EventLoop) {
	came := 0
	c.must(loop.AddSignalHandler(os.Interrupt, func() { came++; loop.Stop() }))
	late, err := loop.CallLater(time.Minute, func() { c.check(false, "the signal did not wake the loop"); loop.Stop() })
	c.must(err)
	go func() {
		time.Sleep(10 * instant) // so that the loop sleeps, as a rule; it must be woken in any case
		interruptSelf()
	}()
	c.must(loop.RunForever())
	c.check(came == 1, "the handler ran %d times", came)
	c.check(late.Cancel(), "the timer ran")
})

// signalArgumentsProgram gives its handler arguments, as Go does.
var signalArgumentsProgram = signalProgram("signal arguments", func(c *complaints, loop asyncio.EventLoop) {
	var got []any
	handle := func(args ...any) { got = append(got, args...); loop.Stop() }
	word, number := "one", 2
	c.must(loop.AddSignalHandler(os.Interrupt, func() { handle(word, number) }))
	_, err := loop.CallSoon(interruptSelf)
	c.must(err)
	c.must(loop.RunForever())
	c.check(len(got) == 2 && got[0] == "one" && got[1] == 2, "the handler got %v", got)
})

// runnerYieldsProgram has a handler for Ctrl-C while a runner runs, whose it is without.
var runnerYieldsProgram = program("runner yields to handler", func() error {
	var c complaints
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		loop, err := asyncio.GetRunningLoop()
		c.must(err)
		came := 0
		c.must(loop.AddSignalHandler(os.Interrupt, func() { came++ }))
		for n := range 2 {
			interruptSelf()
			soonTrue(&c, ctx, "the handler", func() bool { return came == n+1 })
		}
		task := asyncio.CurrentTask()
		c.check(task.Cancelling() == 0, "the main task is being cancelled, though there is a handler")
		had, err := loop.RemoveSignalHandler(os.Interrupt)
		c.check(had && err == nil, "removing it: %v, %v", had, err)
		interruptSelf()
		err = asyncio.Sleep(ctx, patience)
		c.check(errors.Is(err, asyncio.ErrCancelled), "without a handler it is not interrupted: %v", err)
		c.check(came == 2, "the handler ran %d times", came)
		return 0, err
	})
	c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v", err)
	return c.err()
})

func TestSignalPrograms(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	for row, name := range map[string]string{
		"events.011.signal-wakes-select": signalWakesProgram,
		"events.012.signal-handler-args": signalArgumentsProgram,
		"a runner yields to a handler":   runnerYieldsProgram,
	} {
		plainRowOn(t, row, testkit.Unpinned, func(t *testing.T) { inProgram(t, name) })
	}
}

// TestSignalRefused: what is no signal and what no handler gets is refused, and nothing
// is kept of it.
func TestSignalRefused(t *testing.T) {
	t.Parallel()
	nothing := func() {}
	plainRowOn(t, "events.010a.signal-handler-sigkill", testkit.Unpinned, func(t *testing.T) {
		loop := newLoop(t)
		err := loop.AddSignalHandler(os.Kill, nothing)
		wantError(t, err, asyncio.ErrInvalidArgument)
		want(t, "the error", strings.Contains(err.Error(), "AddSignalHandler") && strings.Contains(err.Error(), "cannot be caught"), true)
		had, err := loop.RemoveSignalHandler(os.Kill)
		want(t, "removed", had, false)
		must(t, err)
	})
	plainRow(t, "unix.001.check-signal", func(t *testing.T) {
		loop := newLoop(t)
		for _, sig := range []os.Signal{nil, syscall.Signal(0), syscall.Signal(-1), syscall.Signal(1 << 20), foreignSignal{}} {
			wantError(t, loop.AddSignalHandler(sig, nothing), asyncio.ErrInvalidArgument)
			_, err := loop.RemoveSignalHandler(sig)
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
		wantError(t, loop.AddSignalHandler(os.Interrupt, nil), asyncio.ErrInvalidArgument)
		had, err := loop.RemoveSignalHandler(os.Interrupt)
		want(t, "removed", had, false)
		must(t, err)
	})
}

// foreignSignal is an os.Signal that is none of the system's.
type foreignSignal struct{ _ []int }

func (foreignSignal) String() string { return "foreign" }
func (foreignSignal) Signal()        {}

// TestSignalWrongGoroutine: handlers are the loop's.
func TestSignalWrongGoroutine(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			elsewhere(func() {
				wantError(t, loop.AddSignalHandler(syscall.SIGTERM, func() {}), asyncio.ErrWrongGoroutine)
				_, err := loop.RemoveSignalHandler(syscall.SIGTERM)
				wantError(t, err, asyncio.ErrWrongGoroutine)
			})
		})
	})
}
