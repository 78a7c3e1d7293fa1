package trace

import (
	"fmt"
	"strings"
)

// shown is how many events are told before a difference and after it.
const shown = 8

// Baseline is what a run leaves for another one to be compared with.
type Baseline struct {
	sums  []uint64 // after each event
	first []Event  // the first events
}

// Remember has the recorder make a Baseline, with the first events, at most limit of them:
// beyond that a difference is found, but the baseline's side of it is not told.
func (r *Recorder) Remember(limit int) *Baseline {
	b := &Baseline{}
	r.cmp = &comparison{base: b, limit: limit, making: true}
	return b
}

// Compare has the recorder compare what it hears of with a baseline.
func (r *Recorder) Compare(b *Baseline) { r.cmp = &comparison{base: b} }

// Difference is where the run went another way than the baseline; nil while there is none.
// ended says that nothing more comes: that the baseline had more is a difference then.
func (r *Recorder) Difference(ended bool) *Difference {
	c := r.cmp
	if c == nil || c.making {
		return nil
	}
	if c.diff == nil && ended && c.met < len(c.base.sums) {
		c.differ()
	}
	return c.diff
}

// comparison makes a baseline, or compares with one.
type comparison struct {
	base   *Baseline
	making bool
	limit  int
	met    int
	last   [shown]Event // a ring
	diff   *Difference
}

// meet takes one event, and the sum with it.
func (c *comparison) meet(sum uint64, e Event) {
	if c.making {
		c.base.sums = append(c.base.sums, sum)
		if len(c.base.first) < c.limit {
			c.base.first = append(c.base.first, e)
		}
		return
	}
	if c.diff == nil {
		if c.met < len(c.base.sums) && c.base.sums[c.met] == sum {
			c.last[c.met%shown] = e
			c.met++
			return
		}
		c.differ()
	}
	if len(c.diff.Now) < shown {
		c.diff.Now = append(c.diff.Now, e)
	}
}

// differ begins a difference at the event after those that were met.
func (c *comparison) differ() {
	d := &Difference{Number: c.met, Forgotten: c.met < len(c.base.sums) && c.met >= len(c.base.first)}
	for i := max(0, c.met-shown); i < c.met; i++ {
		d.Before = append(d.Before, c.last[i%shown])
	}
	if c.met < len(c.base.first) {
		d.Then = c.base.first[c.met:min(len(c.base.first), c.met+shown)]
	}
	c.diff = d
}

// Difference is where two runs part.
type Difference struct {
	Number    int     // how many events are the same before it
	Before    []Event // the last of those
	Then, Now []Event // what comes in the one and in the other; none: it ends
	Forgotten bool    // Then is not known, since the run was so long
}

// String tells of the difference: the events before it, and then those of each run.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the runs part at event %d", d.Number+1)
	if len(d.Then) > 0 && len(d.Now) > 0 {
		fmt.Fprintf(&b, " (%s)", differing(d.Then[0], d.Now[0]))
	}
	b.WriteString("\n  both runs:\n")
	var t Text
	for _, several := range [][]Event{d.Before, d.Then, d.Now} {
		t.measure(several)
	}
	t.lines(&b, "    ", d.Before)
	b.WriteString("  then the first:\n")
	switch {
	case d.Forgotten:
		b.WriteString("    (not kept: the run was too long)\n")
	case len(d.Then) == 0:
		b.WriteString("    (ends)\n")
	}
	t.lines(&b, "    ", d.Then)
	b.WriteString("  but the second:\n")
	if len(d.Now) == 0 {
		b.WriteString("    (ends)\n")
	}
	t.lines(&b, "    ", d.Now)
	return b.String()
}

// differing says in what two events differ.
func differing(a, b Event) string {
	var all []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"time", a.When == b.When}, {"host", a.Host == b.Host}, {"kind", a.What == b.What}, {"peer", a.Peer == b.Peer},
		{"number", a.ID == b.ID}, {"size", a.Size == b.Size}, {"bytes", a.Sum == b.Sum}, {"text", a.Text == b.Text},
	} {
		if !part.same {
			all = append(all, part.name)
		}
	}
	return "another " + strings.Join(all, ", ")
}
