package asyncio_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

var interruptBusyProgram = program("interrupt busy", func() error {
	var c complaints
	r := asyncio.NewRunner()
	loop, err := r.Loop()
	c.must(err)
	_, err = loop.CallLater(instant, interruptSelf)
	c.must(err)
	_, err = asyncio.RunOn(context.Background(), r, func(ctx context.Context) (int, error) {
		for {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				c.check(errors.Is(err, asyncio.ErrCancelled), "the sleep ended with %v", err)
				return 0, asyncio.ErrCancelled
			}
		}
	})
	c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v", err)
	v, err := asyncio.RunOn(context.Background(), r, value("again"))
	c.check(v == "again" && err == nil, "the next run: %v, %v", v, err)
	c.must(r.Close())
	return c.err()
})

var interruptWaitingProgram = program("interrupt waiting", func() error {
	var c complaints
	r := asyncio.NewRunner()
	loop, err := r.Loop()
	c.must(err)
	fut := asyncio.NewFuture[int](loop)
	_, err = loop.CallLater(instant, interruptSelf)
	c.must(err)
	_, err = asyncio.RunOn(context.Background(), r, fut.Await)
	c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v", err)
	c.check(fut.Cancelled(), "%v", fut)

	// What main makes of it is its own affair.
	_, err = loop.CallLater(instant, interruptSelf)
	c.must(err)
	v, err := asyncio.RunOn(context.Background(), r, func(ctx context.Context) (string, error) {
		err := asyncio.Sleep(ctx, forever)
		c.check(errors.Is(err, asyncio.ErrCancelled), "the sleep ended with %v", err)
		return "cleaned up", nil
	})
	c.check(v == "cleaned up" && err == nil, "%v, %v", v, err)

	// One that was cancelled for another reason as well is cancelled.
	_, err = asyncio.RunOn(context.Background(), r, func(ctx context.Context) (int, error) {
		task := asyncio.CurrentTask()
		task.Cancel()
		err := asyncio.Sleep(ctx, forever)
		interruptSelf()
		for task.Cancelling() < 2 {
			_ = asyncio.Sleep(ctx, 0)
		}
		return 0, err
	})
	c.check(errors.Is(err, asyncio.ErrCancelled) && !errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v", err)
	c.must(r.Close())
	return c.err()
})

// noSignalsProgram: where the signal is ignored, as under nohup, it stays so.
var noSignalsProgram = program("no signals", func() error {
	var c complaints
	ignoreInterrupt()
	v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		interruptSelf()
		return 42, asyncio.Sleep(ctx, instant)
	})
	c.check(v == 42 && err == nil, "%v, %v", v, err)
	c.check(interruptIgnored(), "the signal is no longer ignored")
	return c.err()
})

// stubbornProgram does not end when it is cancelled.
var stubbornProgram = program("stubborn", func() error {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		fmt.Println("running")
		for {
			if err := asyncio.Sleep(ctx, forever); err != nil {
				fmt.Println("cancelled")
			}
		}
	})
	return err
})

// stubbornLaterProgram is done, and has a task that does not end.
var stubbornLaterProgram = program("stubborn later", func() error {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			for {
				if err := asyncio.Sleep(ctx, forever); err != nil {
					fmt.Println("running")
				}
			}
		})
		return 0, asyncio.Sleep(ctx, 0)
	})
	return err
})

// withoutProgram has the system's default from the first.
var withoutProgram = program("without signals", func() error {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		fmt.Println("running")
		return 0, asyncio.Sleep(ctx, forever)
	}, asyncio.WithSignals(false))
	return err
})

// elsewhereProgram runs where the signal is not expected, and asks for it.
var elsewhereProgram = program("elsewhere", func() error {
	var c complaints
	done := make(chan error)
	go func() {
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			interruptSelf()
			return 0, asyncio.Sleep(ctx, forever)
		}, asyncio.WithSignals(true))
		done <- err
	}()
	err := <-done
	c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v", err)
	return c.err()
})

// needsInterrupt skips a test where Ctrl-C is ignored, as in the background of a
// shell: programs inherit that, and a run then leaves it so.
func needsInterrupt(t *testing.T) {
	if signal.Ignored(os.Interrupt) {
		t.Skip("the interrupt signal is ignored")
	}
}

func TestInterruptPrograms(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	for id, name := range map[string]string{
		"runners.017a.runner-interrupt-busy":    interruptBusyProgram,
		"runners.017b.runner-interrupt-waiting": interruptWaitingProgram,
		"runners.018.runner-no-signals":         noSignalsProgram,
		"from another goroutine":                elsewhereProgram,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Kinds, func(t *testing.T) { inProgram(t, name) })
		})
	}
}

// TestInterruptEndsProgram: the Ctrl-C after the first ends the program, and so
// does the first once main is done, or if it is not wanted.
func TestInterruptEndsProgram(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	tests := map[string]struct {
		program string
		lines   []string // after each, a Ctrl-C
	}{
		"runners.020.second-interrupt/second": {stubbornProgram, []string{"running", "cancelled"}},
		"runners.020.second-interrupt/late":   {stubbornLaterProgram, []string{"running"}},
		"without signals":                     {withoutProgram, []string{"running"}},
	}
	for id, test := range tests {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			cmd := programCommand(test.program)
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			lines := bufio.NewScanner(out)
			for _, want := range test.lines {
				if !lines.Scan() || lines.Text() != want {
					t.Errorf("it printed %q, want %q", lines.Text(), want)
				}
				must(t, interrupt(cmd))
			}
			for lines.Scan() {
				t.Errorf("it printed %q more", lines.Text())
			}
			_ = cmd.Wait() // the state says it all
			if !endedByInterrupt(cmd.ProcessState) {
				t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
			}
		})
	}
}
