package asyncio_test

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// cancelSweep is what testdata/cancellations/sweep.py printed under CPython 3.14.2.
//
//go:embed testdata/cancellations/sweep.txt
var cancelSweep []byte

// sweepWork is a coroutine of three waits that answers to a cancellation in one of
// several ways.
func sweepWork(how string) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		for range 3 {
			err := asyncio.Sleep(ctx, 0)
			if err == nil {
				continue
			}
			switch how {
			case "breaks":
				return 0, errBoom
			case "lingers":
				if e := asyncio.Sleep(ctx, 0); e != nil {
					return 0, e
				}
			case "insists":
				return 0, nil
			}
			return 0, err
		}
		if how == "fails" {
			return 0, errBoom
		}
		return 0, nil
	}
}

type sweepConstruct func(ctx context.Context, how string) error

func sweepGroup(ctx context.Context, how string) error {
	return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, sweepWork(how))
		_, err := sweepWork("plain")(ctx)
		return err
	})
}

var sweepConstructs = map[string]sweepConstruct{
	"group": sweepGroup,
	"timeout": func(ctx context.Context, how string) error {
		return asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := sweepWork(how)(ctx)
			return err
		})
	},
	"wait_for": func(ctx context.Context, how string) error {
		_, err := asyncio.WaitFor(ctx, forever, sweepWork(how))
		return err
	},
	"wait_for_task": func(ctx context.Context, how string) error {
		_, err := asyncio.WaitForOf(ctx, forever, asyncio.Go(ctx, sweepWork(how)))
		return err
	},
	"shield": func(ctx context.Context, how string) error {
		_, err := asyncio.Shield(ctx, asyncio.Go(ctx, sweepWork(how)))
		return err
	},
	"gather": func(ctx context.Context, how string) error {
		_, err := asyncio.GatherOf(ctx, asyncio.Go(ctx, sweepWork(how)), asyncio.Go(ctx, sweepWork("plain")))
		return err
	},
	"completed": func(ctx context.Context, how string) error {
		for _, err := range asyncio.AsCompleted(ctx, asyncio.Go(ctx, sweepWork(how))) {
			return err
		}
		return nil
	},
	"overdue": func(ctx context.Context, how string) error {
		return asyncio.Timeout(ctx, 0, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return sweepGroup(ctx, how) })
	},
}

func sweepWords(err error) string {
	if group, ok := err.(*asyncio.GroupError); ok {
		var parts []string
		for _, e := range group.Errors {
			parts = append(parts, sweepWords(e))
		}
		return "group(" + strings.Join(parts, " ") + ")"
	}
	switch {
	case err == nil:
		return "well"
	case isError[*asyncio.TimeoutError](err):
		return "timeout"
	case isError[*asyncio.CancelledError](err):
		return "cancelled"
	}
	return strings.ToLower(err.Error())
}

func isError[E error](err error) bool { _, ok := err.(E); return ok }

// TestCancelSweep cancels a task that is in each construct, in each pass, once and
// twice, while what it holds goes on, fails, breaks, lingers or insists: all ends as
// in asyncio.
func TestCancelSweep(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.OrSimulated(testkit.Kinds), func(t *testing.T) {
		loop := newLoop(t)
		collectReports(t, loop)
		runIn(t, loop, func(ctx context.Context) {
			wrong := 0
			for line := range bytes.Lines(cancelSweep) {
				var name, how string
				var first, second int
				text := strings.TrimSpace(string(line))
				if _, err := fmt.Sscanf(text, "%s %s %d %d ->", &name, &how, &first, &second); err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				_, recorded, _ := strings.Cut(text, "-> ")
				if got := playSweep(ctx, sweepConstructs[name], how, first, second); got != recorded && wrong < 20 {
					wrong++
					t.Errorf("%s %s, cancelled in pass %d and %d later: %s, want %s", name, how, first, second, got, recorded)
				}
			}
		})
	})
}

func playSweep(ctx context.Context, construct sweepConstruct, how string, first, second int) string {
	var lines []string
	task := asyncio.GoErr(ctx, func(ctx context.Context) error {
		lines = append(lines, sweepWords(construct(ctx, how)))
		lines = append(lines, fmt.Sprint(asyncio.CurrentTask().Cancelling()))
		lines = append(lines, sweepWords(asyncio.Sleep(ctx, 0)))
		return nil
	})
	give := func(n int) {
		for range n {
			_ = asyncio.Sleep(ctx, 0) // nobody cancels this one
		}
	}
	give(first)
	task.Cancel()
	if second > 0 {
		give(second)
		task.Cancel()
	}
	_, _ = task.Await(ctx) // what it saw is in lines
	if lines == nil {
		return "never begun"
	}
	return strings.Join(lines, " ")
}
