package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// faultChoice says which of the faults that were planned happen: all, or those that the flag
// -simulation.faults names. They have numbers, from 0, in the order in which they were planned.
type faultChoice struct {
	all     bool
	some    []keptFault
	planned int      // how many there were so far
	told    []string // those that happen, as they are told
}

// keptFault is one of those that happen.
type keptFault struct {
	number int
	parts  int // it lasts for this part of its time
}

// noFaults is the choice of none.
const noFaults = "none"

// chooseFaults reads a choice: "" is all faults; else it is "none" or a list as of chosenFaults.
func chooseFaults(text string) (faultChoice, error) {
	switch text {
	case "":
		return faultChoice{all: true}, nil
	case noFaults:
		return faultChoice{}, nil
	}
	var c faultChoice
	for word := range strings.SplitSeq(text, ",") {
		number, parts, divided := strings.Cut(word, "/")
		k := keptFault{parts: 1}
		var err error
		if k.number, err = strconv.Atoi(number); err == nil && divided {
			k.parts, err = strconv.Atoi(parts)
		}
		if err != nil || k.number < 0 || k.parts < 1 {
			return c, fmt.Errorf("simulation: -simulation.faults=%s: it is %q, or numbers of faults with commas between them, each with a slash and a divisor of its duration if it is to be shorter: 0,3/4", text, noFaults)
		}
		c.some = append(c.some, k)
	}
	return c, nil
}

// chosenFaults is a choice as chooseFaults reads it.
func chosenFaults(list []keptFault) string {
	if len(list) == 0 {
		return noFaults
	}
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = strconv.Itoa(k.number)
		if k.parts > 1 {
			words[i] += "/" + strconv.Itoa(k.parts)
		}
	}
	return strings.Join(words, ",")
}

// next is asked about each fault that is planned, which would last for d, and tells whether it
// happens, and for how long. tell describes it.
func (c *faultChoice) next(d time.Duration, tell func(d time.Duration) string) (time.Duration, bool) {
	number := c.planned
	c.planned++
	if !c.all {
		i := slices.IndexFunc(c.some, func(k keptFault) bool { return k.number == number })
		if i < 0 {
			return 0, false
		}
		d /= time.Duration(c.some[i].parts)
	}
	c.told = append(c.told, tell(d))
	return d, true
}

// mostParts is the part of its time that a fault lasts at least.
const mostParts = 1024

// shorter are the faults that are simpler than one: shorter ones.
func (k keptFault) shorter() (simpler []keptFault) {
	for _, by := range []int{16, 2} {
		if k.parts*by <= mostParts {
			simpler = append(simpler, keptFault{k.number, k.parts * by})
		}
	}
	return simpler
}
