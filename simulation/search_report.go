package simulation

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/internal/search"
)

// mostShrinking is how many runs are made to make a failure small. The flag -simulation.shrink
// limits their time.
const mostShrinking = 200

// report tells of the seed that fails: runs it again, makes it small, writes its trace.
func (s *searching) report(found *jobNews, pkg string) {
	s.t.Helper()
	again, err := s.again(found.Seed, "", "", "")
	switch {
	case err != nil:
		s.t.Fatalf("simulation: with seed %d: %s\nIt cannot be run again: %v", found.Seed, found.Message, err)
	case again == nil:
		s.t.Fatalf("simulation: seed %d fails, and does not when it is run once more: what it does is not drawn from its seed alone; simulation.Check finds where its runs part.\n%s",
			found.Seed, found.Message)
	}
	faults, runs := s.shrink(found.Seed, len(again.Plan))
	command := againCommand(s.t.Name(), pkg, found.Seed, s.mode, faults)
	dir, err := traceFolder(s.t)
	last := again
	if err == nil {
		var told *jobNews
		if told, err = s.again(found.Seed, faults, dir, command); told != nil {
			last = told
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "simulation: %s fails, after %d seeds: %s\n", describe(found.Seed, s.mode, faults), found.Seed-s.first+1, strings.TrimRight(last.Message, "\n"))
	if n := len(again.Plan); n > 0 {
		fmt.Fprintf(&b, "%d of %d planned faults are needed for it, as %d further runs show", len(last.Plan), n, runs)
		for _, fault := range last.Plan {
			fmt.Fprintf(&b, "\n    %s", fault)
		}
		b.WriteString("\n")
	}
	if err != nil {
		fmt.Fprintf(&b, "there is no trace: %v\n", err)
	} else if last.Page != "" {
		fmt.Fprintf(&b, "its trace: %s\n      and: %s\n", last.Page, last.Text)
	}
	fmt.Fprintf(&b, "to repeat it:\n    %s", command)
	s.t.Error(b.String())
}

// again runs a seed once more; the result is nil if it does not fail.
func (s *searching) again(seed uint64, faults, trace, command string) (*jobNews, error) {
	j := job{Test: s.t.Name(), First: seed, Count: 1, Faults: faults, Trace: trace, Command: command}
	news, err := s.process(context.Background(), j)
	if news != nil && news.Message == "" {
		return nil, err // it has told of its trace alone
	}
	return news, err
}

// shrink finds the faults that a failure needs, as of the flag -simulation.faults, and how many
// runs that took. Where all are needed, or none were planned, the flag is "".
func (s *searching) shrink(seed uint64, planned int) (faults string, runs int) {
	if planned == 0 {
		return "", 0
	}
	until := time.Now().Add(flags.shrink)
	sh := search.Shrinker[keptFault]{
		Most:    mostShrinking,
		Simpler: keptFault.shorter,
		Fails: func(list []keptFault) bool {
			if time.Now().After(until) {
				return false
			}
			news, err := s.again(seed, chosenFaults(list), "", "")
			return err == nil && news != nil
		},
	}
	all := make([]keptFault, planned)
	for i := range all {
		all[i] = keptFault{number: i, parts: 1}
	}
	return chosenFaults(sh.Shrink(all)), sh.Runs
}

// traceFolder is where traces are to be: the folder that -simulation.html says, or that for the
// test's artifacts if these are kept, or a new one for temporary files.
func traceFolder(t interface {
	Name() string
	ArtifactDir() string
}) (string, error) {
	switch kept := flag.Lookup("test.artifacts"); {
	case flags.html != "":
		return filepath.Abs(flags.html)
	case kept != nil && kept.Value.String() == "true":
		return t.ArtifactDir(), nil
	}
	return os.MkdirTemp("", "simulation-")
}
