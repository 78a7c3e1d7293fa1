package conformance

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Standing is where one row stands after a test run.
type Standing string

// A row has exactly one standing.
const (
	Proven  Standing = "proven"  // passing tests on every backend that the row needs
	Partly  Standing = "partly"  // passing tests, but not on every such backend
	Failing Standing = "failing" // a test that names the row fails
	Missing Standing = "missing" // no passing test names it, and no exception excuses it
	Unseen  Standing = "not run" // it must be proven on a system for which there are no results
	NotMet  Standing = "not met" // an exception says why not
	Pending Standing = "waiting" // an exception names what has to come first
)

// RowScore is a row of the catalogue and what the tests said about it.
type RowScore struct {
	*Row
	Standing Standing
	On       map[string]bool // backends on which a leaf test passed
	In       map[Run]bool    // runs in which one passed
	Lacks    []string        // backends on which one is still due
	Stale    bool            // listed as not met or waiting, yet tests prove it
}

// AreaScore counts the rows of one area, or of one version.
type AreaScore struct {
	Name      string
	Applies   int
	Count     map[Standing]int
	Proven    int
	Otherwise int // of the proven rows: met otherwise
}

// Report is the score of a whole run.
type Report struct {
	Rows    []*RowScore // those that apply
	Areas   []*AreaScore
	Suites  []*SuiteScore
	InRun   map[Run]int // rows for which a test of the run passed
	Absent  []Run       // runs of which there are no results
	Unknown []string    // ids in tests' names that look like rows but are none
	Past    []string    // ids in tests' names of rows that are superseded
}

// token matches what may be a row's id within a test's name.
var token = regexp.MustCompile(`[a-z0-9_]+\.[0-9]+[a-z]*\.[a-z0-9.-]+`)

// evidence is what the tests that name one row showed.
type evidence struct {
	passed, failed bool
	on             map[string]bool
	in             map[Run]bool
}

// Score sets the results of test runs against the catalogue. A run that is not
// among them is absent: what must be proven there is left out.
func (c *Catalogue) Score(runs map[Run]*Results) *Report {
	found, unknown, past := c.gather(runs)
	report := &Report{Unknown: unknown, Past: past, InRun: map[Run]int{}, Suites: c.scoreSuites(runs)}
	for _, run := range Runs {
		if runs[run] == nil {
			report.Absent = append(report.Absent, run)
		}
	}
	areas := map[string]*AreaScore{}
	for _, name := range c.Areas {
		areas[name] = &AreaScore{Name: name, Count: map[Standing]int{}}
		report.Areas = append(report.Areas, areas[name])
	}
	for _, row := range c.Rows {
		if !row.Applies {
			continue
		}
		s := judge(row, found[row.ID], report.Absent)
		report.Rows = append(report.Rows, s)
		for run := range s.In {
			if s.Standing != Failing {
				report.InRun[run]++
			}
		}
		areas[row.Area].add(s)
	}
	return report
}

// add counts a row.
func (a *AreaScore) add(row *RowScore) {
	a.Applies++
	a.Count[row.Standing]++
	if row.Standing == Proven {
		a.Proven++
		if row.Exception.State == Otherwise {
			a.Otherwise++
		}
	}
}

// gather collects, for each row's id, what the tests that name it showed: any
// failing test counts, of the passing ones only leaves. Ids of no row, and of rows
// that are superseded, come apart.
func (c *Catalogue) gather(runs map[Run]*Results) (found map[string]*evidence, none, old []string) {
	found = map[string]*evidence{}
	unknown, past := map[string]bool{}, map[string]bool{}
	for run, results := range runs {
		for name, t := range results.tests {
			for _, id := range token.FindAllString(name.Test, -1) {
				if c.superseded[id] != "" {
					past[id] = true
					continue
				}
				if c.byID[id] == nil {
					if c.looksLikeRow(id) {
						unknown[id] = true
					}
					continue
				}
				if found[id] == nil {
					found[id] = &evidence{on: map[string]bool{}, in: map[Run]bool{}}
				}
				found[id].add(run, name.Test, t)
			}
		}
	}
	return found, slices.Sorted(maps.Keys(unknown)), slices.Sorted(maps.Keys(past))
}

// add counts a test of the run.
func (e *evidence) add(run Run, name string, t *test) {
	switch {
	case t.failed:
		e.failed = true
	case t.passed && !t.parent && !t.excused:
		e.passed = true
		e.in[run] = true
		for _, element := range strings.Split(name, "/") {
			if b, ok := backendOf(run, element); ok {
				e.on[b.Name] = true
			}
		}
	}
}

// looksLikeRow tells a mistyped id from other words with dots, by the word
// that it begins with.
func (c *Catalogue) looksLikeRow(id string) bool {
	word, _, _ := strings.Cut(id, ".")
	return slices.ContainsFunc(c.Rows, func(r *Row) bool { return strings.HasPrefix(r.ID, word+".") })
}

func judge(row *Row, e *evidence, absent []Run) *RowScore {
	s := &RowScore{Row: row}
	if e == nil {
		e = &evidence{}
	}
	s.On, s.In = e.on, e.in
	unseen := 0
	for _, name := range row.Backends {
		if b, _ := backend(name); slices.Contains(absent, b.Run) {
			unseen++
		} else if !e.on[name] {
			s.Lacks = append(s.Lacks, name)
		}
	}
	nowhere := unseen > 0 && unseen == len(row.Backends)
	switch state := row.Exception.State; {
	case e.failed:
		s.Standing = Failing
	case e.passed && len(s.Lacks) == 0 && !nowhere:
		s.Standing = Proven
		s.Stale = state == Unmet || state == Waiting
	case state == Unmet:
		s.Standing = NotMet
	case state == Waiting:
		s.Standing = Pending
	case nowhere:
		s.Standing = Unseen
	case e.passed:
		s.Standing = Partly
	default:
		s.Standing = Missing
	}
	return s
}

// ByVersion counts the rows by the version that they came with.
func (r *Report) ByVersion() []*AreaScore {
	var scores []*AreaScore
	for _, version := range append([]string{oldest}, newer...) {
		s := &AreaScore{Name: version, Count: map[Standing]int{}}
		for _, row := range r.Rows {
			if row.Since == version {
				s.add(row)
			}
		}
		if s.Applies > 0 {
			scores = append(scores, s)
		}
	}
	return scores
}

// Total adds up the areas.
func (r *Report) Total() *AreaScore {
	t := &AreaScore{Name: "total", Count: map[Standing]int{}}
	for _, a := range r.Areas {
		t.Applies += a.Applies
		t.Proven += a.Proven
		t.Otherwise += a.Otherwise
		for s, n := range a.Count {
			t.Count[s] += n
		}
	}
	return t
}

// BackendScore counts the rows that must be proven on one backend.
type BackendScore struct {
	Name        string
	Due, Proven int
}

// ByBackend counts, for each backend that any row needs, how many rows need it
// and on how many of them it passed. Rows that wait or cannot be met are left out.
func (r *Report) ByBackend() []BackendScore {
	var scores []BackendScore
	for _, b := range Backends() {
		name := b.Name
		s := BackendScore{Name: name}
		if slices.Contains(r.Absent, b.Run) {
			continue
		}
		for _, row := range r.Rows {
			if !slices.Contains(row.Backends, name) || row.Standing == NotMet || row.Standing == Pending {
				continue
			}
			s.Due++
			if row.On[name] && row.Standing != Failing {
				s.Proven++
			}
		}
		if s.Due > 0 {
			scores = append(scores, s)
		}
	}
	return scores
}
