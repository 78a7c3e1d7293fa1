package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
	"github.com/go-asyncio/asyncio/simulation"
)

// failing runs a test of this file that is to fail, in a process of its own, and returns what
// it says.
func failing(t *testing.T, test string, flags ...string) string {
	t.Helper()
	out, err := child(t, test, flags...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: "+test) {
		t.Fatalf("%s has not failed: %v\n%s", test, err, out)
	}
	return string(out)
}

// child is a process that runs a test of this file which may fail.
func child(t *testing.T, test string, flags ...string) *exec.Cmd {
	cmd := again.Command(append([]string{"-test.run=^" + test + "$", "-test.v"}, flags...)...)
	dir := folder.New(t)
	cmd.Env = append(os.Environ(), inChild+"=1", "TMPDIR="+dir, "TMP="+dir)
	return cmd
}

var (
	repeats = regexp.MustCompile(`(?m)^\s+go test (\S+) -run '\^(\w+)\$' (-simulation\.seed=.*)$`)
	pageOf  = regexp.MustCompile(`its trace: (\S+\.html)\n\s+and: (\S+\.txt)\n`)
	counted = regexp.MustCompile(`counted \d+, want 15`)
)

// TestSearchFinds: a search finds the planted race, from wherever it starts; what it prints
// repeats it each time; the trace is where it says.
func TestSearchFinds(t *testing.T) {
	t.Parallel()
	for _, first := range []int{1, 1_000_000} {
		dir := folder.New(t)
		out := failing(t, "TestPlantedRace", fmt.Sprintf("-simulation.from=%d", first), "-simulation.html="+dir)
		command := repeats.FindStringSubmatch(out)
		message := counted.FindString(out)
		if command == nil || message == "" || command[1] != "github.com/go-asyncio/asyncio/simulation" || command[2] != "TestPlantedRace" {
			t.Fatalf("no command: %s", out)
		}
		files := pageOf.FindStringSubmatch(out)
		if files == nil || filepath.Dir(files[1]) != dir {
			t.Fatalf("no trace: %s", out)
		}
		text, err := os.ReadFile(files[2])
		if err != nil || !strings.Contains(string(text), "→ counter  #") {
			t.Errorf("%v: %.300s", err, text)
		}
		page, err := os.ReadFile(files[1])
		if err != nil || !strings.Contains(string(page), message) || !strings.Contains(string(page), strings.Fields(command[3])[0]) {
			t.Errorf("%v: the page lacks %q or the command", err, message)
		}
		for range 3 {
			again := failing(t, "TestPlantedRace", strings.Fields(command[3])...)
			if got := counted.FindString(again); got != message {
				t.Fatalf("the repeated run says %q, the first %q\n%s", got, message, again)
			}
		}
	}
}

// TestSearchIsInOrder: of the seeds that fail the lowest is told, whichever process is first.
func TestSearchIsInOrder(t *testing.T) {
	t.Parallel()
	for range 3 {
		if out := failing(t, "TestFailsFrom"); !strings.Contains(out, "seed 37, mode even fails, after 37 seeds") {
			t.Error(out)
		}
	}
}

// TestFailsFrom fails with seed 37 and all above. TestSearchIsInOrder runs it.
func TestFailsFrom(t *testing.T) {
	onlyInChild(t)
	simulation.Search(t, func(w *simulation.World) {
		if w.Seed() >= 37 {
			w.Errorf("too high")
		}
	}, simulation.WithSeeds(500), simulation.WithMode(simulation.Even))
}

// TestSearchSurvives: however a run fails, its seed is told.
func TestSearchSurvives(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"error": "[0s] it is so", "fatal": "[0s] it is so", "panic": "panic: it is so", "exit": "the process has ended: exit status 7",
		"own": "search_test.go", "ownFatal": "search_test.go", "host": "[1ms] it is so", "deadlock": "deadlock",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if strings.Contains("exit deadlock own ownFatal", how) && os.Getenv(again.Emulator) != "" {
				t.Skip("under an emulator the search starts no processes, and what ends or fails the test itself is not one run's") // natively it is tried
			}
			out := failing(t, "TestFailsSomehow", "-simulation.html="+folder.New(t), "-how="+how)
			if !strings.Contains(out, "seed 5, mode mixed fails, after 5 seeds") || !strings.Contains(out, want) ||
				!strings.Contains(out, "-simulation.seed=5 -simulation.mode=mixed -how="+how+"\n") {
				t.Errorf("%s", out)
			}
		})
	}
}

var how = flag.String("how", "", "how TestFailsSomehow fails")

// TestFailsSomehow fails with seed 5, in the way that the flag -how says. TestSearchSurvives
// runs it.
func TestFailsSomehow(t *testing.T) {
	onlyInChild(t)
	simulation.Search(t, func(w *simulation.World) {
		if w.Seed() != 5 {
			return
		}
		switch *how {
		case "error":
			w.Errorf("it is so")
		case "fatal":
			w.Fatalf("it is so")
		case "panic":
			panic("it is so")
		case "exit":
			os.Exit(7)
		case "own":
			t.Error("it is so")
		case "ownFatal":
			t.Fatal("it is so")
		case "deadlock":
			<-make(chan bool)
		case "host":
			w.Host("a").Start(func(ctx context.Context) error {
				if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
				w.Fatalf("it is so")
				return nil
			})
			_ = w.Run()
		}
	}, simulation.WithSeeds(20))
}

// TestBlocksForEver: a host that waits for a channel fails its test, and the program goes on.
func TestBlocksForEver(t *testing.T) {
	t.Parallel()
	out := failing(t, "TestBlocks")
	if strings.Contains(out, "panic: ") || !strings.Contains(out, "these stay until the program ends") || strings.Count(out, "search_test.go:") == 0 {
		t.Error(out)
	}
}

// TestBlocks waits for ever. TestBlocksForEver runs it.
func TestBlocks(t *testing.T) {
	onlyInChild(t)
	simulation.Test(t, func(w *simulation.World) {
		w.Host("a").Start(func(context.Context) error {
			<-make(chan bool)
			return nil
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
	})
}

// TestSearchShrinks: of the faults that were planned those are told that a failure needs, as
// short as it needs them, and the command has these alone happen.
func TestSearchShrinks(t *testing.T) {
	t.Parallel()
	out := failing(t, "TestFailsByFaults", "-simulation.html="+folder.New(t), "-simulation.shrink=1h")
	const want = "2 of 6 planned faults are needed for it"
	if !strings.Contains(out, want) || !strings.Contains(out, "at 200ms for 62.5ms: pause a\n") || !strings.Contains(out, "at 500ms for 976.562µs: crash b\n") {
		t.Fatalf("%s", out)
	}
	command := repeats.FindStringSubmatch(out)
	if command == nil || !strings.Contains(command[3], "-simulation.faults=1/16,4/1024") {
		t.Fatalf("the command has no faults: %s", out)
	}
	again := failing(t, "TestFailsByFaults", strings.Fields(command[3])...)
	if !strings.Contains(again, "a stood still and b fell") {
		t.Errorf("repeated: %s", again)
	}
	fewer := strings.Fields(strings.Replace(command[3], "1/16,4/1024", "1/16", 1))
	if out, err := child(t, "TestFailsByFaults", fewer...).CombinedOutput(); err != nil {
		t.Errorf("without one of them: %v\n%s", err, out)
	}
}

// TestFailsByFaults fails if host a stands still for a while, and b crashes. TestSearchShrinks
// runs it.
func TestFailsByFaults(t *testing.T) {
	onlyInChild(t)
	simulation.Search(t, func(w *simulation.World) {
		a, b := w.Host("a"), w.Host("b")
		var longest time.Duration
		a.Start(func(ctx context.Context) error {
			loop, err := asyncio.GetRunningLoop()
			for err == nil {
				before := loop.Time()
				err = asyncio.Sleep(ctx, 10*time.Millisecond)
				longest = max(longest, loop.Time()-before)
			}
			return err
		})
		starts := 0
		b.Start(func(ctx context.Context) error {
			starts++
			return asyncio.Sleep(ctx, time.Minute)
		})
		ab, second := []*simulation.Host{a, b}, time.Second
		w.Faults(
			simulation.Fault{Kind: simulation.FaultPartition, At: second / 10, For: second, Hosts: ab[:1]},
			simulation.Fault{Kind: simulation.FaultPause, At: second / 5, For: second, Hosts: ab[:1]},
			simulation.Fault{Kind: simulation.FaultPause, At: second / 5, For: second, Hosts: ab[1:]},
			simulation.Fault{Kind: simulation.FaultStall, At: second / 5, For: second, Hosts: ab},
			simulation.Fault{Kind: simulation.FaultCrash, At: second / 2, For: second, Hosts: ab[1:]},
			simulation.Fault{Kind: simulation.FaultLoss, At: second, For: second, Hosts: ab[:1], Share: 0.5},
		)
		w.RunFor(4 * time.Second)
		if longest > 60*time.Millisecond && starts > 1 {
			w.Errorf("a stood still and b fell")
		}
	}, simulation.WithMode(simulation.Even))
}
