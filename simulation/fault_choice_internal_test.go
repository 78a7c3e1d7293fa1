package simulation

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaultChoice: what a choice is written as is read as that choice, and those faults happen.
func TestFaultChoice(t *testing.T) {
	t.Parallel()
	for _, list := range [][]keptFault{nil, {{0, 1}}, {{0, 1}, {3, 4}, {7, 1024}}} {
		c, err := chooseFaults(chosenFaults(list))
		if err != nil || c.all || !slices.Equal(c.some, list) {
			t.Errorf("%v became %v, %v", list, c, err)
		}
		var got []keptFault
		for i := range 10 {
			d, happens := c.next(1024*time.Second, func(d time.Duration) string { return d.String() })
			if happens {
				got = append(got, keptFault{i, int(1024 * time.Second / d)})
			}
		}
		if !slices.Equal(got, list) || len(c.told) != len(list) || c.planned != 10 {
			t.Errorf("of %v there are %v: %v", list, got, c.told)
		}
	}
	if c, err := chooseFaults(""); err != nil || !c.all {
		t.Errorf("all: %v, %v", c, err)
	}
	for _, wrong := range []string{",", "x", "1/", "1/0", "-1", "1/x", "1;2"} {
		if _, err := chooseFaults(wrong); err == nil || !strings.Contains(err.Error(), "-simulation.faults="+wrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for k := (keptFault{0, 1}); ; {
		simpler := k.shorter()
		if len(simpler) == 0 {
			break
		}
		if k = simpler[len(simpler)-1]; k.parts > mostParts {
			t.Fatal(k)
		}
	}
}
