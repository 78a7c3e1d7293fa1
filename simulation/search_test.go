package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/simulation"
)

// failing runs a test of this file that is to fail, in a process of its own, and returns what
// it says.
func failing(t *testing.T, test string, flags ...string) string {
	t.Helper()
	cmd := again.Command(append([]string{"-test.run=^" + test + "$", "-test.v"}, flags...)...)
	cmd.Env = append(os.Environ(), inChild+"=1", "TMPDIR="+t.TempDir(), "TMP="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: "+test) {
		t.Fatalf("%s has not failed: %v\n%s", test, err, out)
	}
	return string(out)
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
		dir := t.TempDir()
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
			out := failing(t, "TestFailsSomehow", "-simulation.html="+t.TempDir(), "-how="+how)
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
