package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// Suite is a set of tests that has to pass as a whole on each backend named.
type Suite struct {
	Name     string
	Folder   string // of the package
	Tests    string // what the tests' names begin with
	Backends []string
}

// loadSuites reads the suites; lines of the same name are one suite.
func (c *Catalogue) loadSuites() error {
	return c.readOptional(suitesFile, []string{"suite", "folder", "tests", "backends"}, func(f []string) error {
		backends, err := parseBackends(f[3])
		if err != nil {
			return fmt.Errorf("%s: %w", f[0], err)
		}
		c.Suites = append(c.Suites, Suite{f[0], f[1], f[2], backends})
		return nil
	})
}

// Verdict is how a suite went on one backend.
type Verdict string

// What can be said of a suite.
const (
	Passes Verdict = "passes"
	Fails  Verdict = "fails"
	NotRun Verdict = "not run"
)

// SuiteScore is how one suite went on each backend that it is to pass on.
type SuiteScore struct {
	Name string
	On   map[string]Verdict
}

// scoreSuites says how the suites went, on the backends of the runs that there are.
func (c *Catalogue) scoreSuites(runs map[Run]*Results) []*SuiteScore {
	var scores []*SuiteScore
	for _, s := range c.Suites {
		if len(scores) == 0 || scores[len(scores)-1].Name != s.Name {
			scores = append(scores, &SuiteScore{s.Name, map[string]Verdict{}})
		}
		on := scores[len(scores)-1].On
		for _, name := range s.Backends {
			if b, _ := backend(name); runs[b.Run] != nil {
				on[name] = s.verdict(b, runs[b.Run])
			}
		}
	}
	return scores
}

// verdict looks at the suite's leaf tests that speak of the backend.
func (s Suite) verdict(b Backend, r *Results) Verdict {
	verdict := NotRun
	for name, t := range r.tests {
		if t.parent || folderOf(Module, name.Package) != s.Folder || !strings.HasPrefix(name.Test, s.Tests) ||
			!slices.Contains(strings.Split(name.Test, "/"), b.Element) {
			continue
		}
		switch {
		case t.failed:
			return Fails
		case t.passed:
			verdict = Passes
		}
	}
	return verdict
}

// suiteComplaints says which suites have not passed where they are to.
func (r *Report) suiteComplaints() []string {
	var all []string
	for _, s := range r.Suites {
		for _, b := range Backends() {
			if v := s.On[b.Name]; v == Fails || v == NotRun {
				all = append(all, fmt.Sprintf("%s on %s: %s", s.Name, b.Name, v))
			}
		}
	}
	return all
}
