package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are the standings in the order in which tables show them.
var columns = []Standing{Proven, Partly, Failing, Missing, Unseen, Pending, NotMet}

// Print writes the table of areas and the one of backends as plain text.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "%-20s %7s", "area", "applies")
	for _, s := range columns {
		fmt.Fprintf(w, " %8s", s)
	}
	fmt.Fprintf(w, " %10s\n", "otherwise")
	line := func(name string, a *AreaScore) {
		fmt.Fprintf(w, "%-20s %7d", name, a.Applies)
		for _, s := range columns {
			fmt.Fprintf(w, " %8d", a.Count[s])
		}
		fmt.Fprintf(w, " %10d\n", a.Otherwise)
	}
	for _, a := range append(r.Areas, r.Total()) {
		line(a.Name, a)
	}
	for _, v := range r.ByVersion() {
		line("as of "+v.Name, v)
	}
	for _, b := range r.ByBackend() {
		fmt.Fprintf(w, "on %-15s %4d of %4d rows\n", b.Name, b.Proven, b.Due)
	}
	for _, run := range Runs {
		if slices.Contains(r.Absent, run) {
			fmt.Fprintf(w, "NOT CHECKED: there are no results of the %s run; nothing is said of %s\n", run, strings.Join(backendsOf(run), ", "))
		} else {
			fmt.Fprintf(w, "in the %-7s run: %4d rows\n", run, r.InRun[run])
		}
	}
	for _, s := range r.Suites {
		fmt.Fprintf(w, "%-30s", s.Name)
		for _, b := range r.ByBackend() {
			if v := s.On[b.Name]; v != "" {
				fmt.Fprintf(w, "  %s %s", b.Name, v)
			}
		}
		fmt.Fprintln(w)
	}
}

// List writes the rows of an area, or of all, that are not proven, each with
// its standing and what is lacking.
func (r *Report) List(w io.Writer, area string) {
	for _, row := range r.Rows {
		if row.Standing == Proven || area != row.Area && area != "all" {
			continue
		}
		standing := string(row.Standing)
		if row.Standing == Partly {
			standing += " (not on " + strings.Join(row.Lacks, ", ") + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", row.ID, standing, row.Behaviour)
	}
}

// Complaints are the reasons for which a run of the scorer fails.
func (r *Report) Complaints(c *Catalogue) []string {
	var all []string
	for _, row := range r.Rows {
		if row.Standing == Failing {
			all = append(all, row.ID+": a test that names it fails")
		}
		if row.Stale {
			all = append(all, fmt.Sprintf("%s is proven; take its line (%s) out of %s", row.ID, row.Exception.State, exceptionsFile))
		}
	}
	for _, id := range r.Unknown {
		all = append(all, id+" in a test's name is no row")
	}
	for _, id := range r.Past {
		by := c.superseded[id]
		if by == "-" {
			by = "nothing"
		}
		all = append(all, fmt.Sprintf("%s in a test's name is superseded by %s (%s)", id, by, supersededFile))
	}
	fallen := func(name string, proven int) {
		if want := c.Thresholds[name]; proven < want {
			all = append(all, fmt.Sprintf("%s: %d rows proven, %d were proven before", name, proven, want))
		}
	}
	for _, a := range r.Areas {
		fallen(a.Name, a.Proven+a.Count[Unseen])
	}
	for _, b := range r.ByBackend() {
		fallen("on "+b.Name, b.Proven)
	}
	for _, run := range Runs {
		if !slices.Contains(r.Absent, run) {
			fallen("in "+string(run), r.InRun[run])
		}
	}
	return append(all, r.suiteComplaints()...)
}

// backendsOf names the backends that are looked for in a run.
func backendsOf(run Run) (names []string) {
	for _, b := range Backends() {
		if b.Run == run {
			names = append(names, b.Name)
		}
	}
	return names
}
