package simulation_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestCheckPasses: runs of one seed are the same, in each mode.
func TestCheckPasses(t *testing.T) {
	for _, mode := range []string{simulation.Even, simulation.Priorities, simulation.Swarm, simulation.Mixed} {
		for seed := range uint64(5) {
			simulation.Check(t, func(w *simulation.World) { counting(&counter{})(w) }, simulation.WithSeed(seed), simulation.WithMode(mode))
		}
	}
}

// TestCheckNames: of runs that part, Check names the first event that differs.
func TestCheckNames(t *testing.T) {
	t.Parallel()
	out := failing(t, "TestPartsSomewhere")
	for _, want := range []string{
		"simulation: Check: seed 1: the runs part at event ", "both runs:", "then the first:", "but the second:",
		"0.003000000  odd  turn    #4", "0.004000000  odd  turn    #4", "another time",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

var runsMade int

// TestPartsSomewhere does not do the same in its second run. TestCheckNames runs it.
func TestPartsSomewhere(t *testing.T) {
	onlyInChild(t)
	simulation.Check(t, func(w *simulation.World) {
		runsMade++
		w.Host("odd").Start(func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, 2*time.Millisecond); err != nil {
				return err
			}
			return asyncio.Sleep(ctx, time.Duration(runsMade)*time.Millisecond)
		})
		if err := w.Run(); err != nil {
			w.Error(err)
		}
	})
}

// TestSameFingerprint: a seed gives the same fingerprint a hundred times, on one processor and
// on two, in a bubble and, where it is by Run, outside of one.
func TestSameFingerprint(t *testing.T) {
	var sum uint64
	var said string
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i := range 100 {
		runtime.GOMAXPROCS(1 + i%2)
		var now uint64
		err := simulation.Run(11, func(w *simulation.World) {
			counting(&counter{})(w)
			now = w.Hash()
		}, simulation.WithMode(simulation.Swarm))
		if i == 0 {
			sum, said = now, fmt.Sprint(err)
		}
		if now != sum || fmt.Sprint(err) != said {
			t.Fatalf("run %d: fingerprint %016x, %v; want %016x, %s", i, now, err, sum, said)
		}
	}
	t.Logf("%016x", sum)
}
