package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Results is what `go test -json` reported, added up over any number of runs.
type Results struct {
	tests    map[testName]*test
	packages []*packageRun
	byName   map[string]*packageRun
}

type testName struct{ Package, Test string }

// test is one test or subtest. A test that ran twice may have passed and failed.
type test struct {
	passed, failed, skipped bool
	parent                  bool // it has subtests: it proves nothing by itself
	excused                 bool // it failed as expected: it says nothing
	output                  []string
}

// said is what the test itself printed, without the frame of the go command.
func (t *test) said() string {
	var b strings.Builder
	for _, line := range t.output {
		if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(strings.TrimLeft(line, " "), "--- ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// packageRun is what was said about a package as a whole.
type packageRun struct {
	name           string
	passed, failed bool
	unbuilt        bool // it, or its tests, did not compile
	output         []string
}

// event is one line of test2json's output.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

// NewResults returns results of no test.
func NewResults() *Results {
	return &Results{tests: map[testName]*test{}, byName: map[string]*packageRun{}}
}

// Read adds the output of one `go test -json` run. Lines that are no events
// (what the go command prints around them) are passed over.
func (r *Results) Read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if bytes.HasPrefix(line, []byte("{")) {
			var e event
			if json.Unmarshal(line, &e) == nil {
				r.add(e)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("conformance: reading test output: %w", err)
		}
	}
	r.markParents()
	return nil
}

func (r *Results) add(e event) {
	if e.Test == "" {
		r.addPackage(e)
		return
	}
	name := testName{e.Package, e.Test}
	t := r.tests[name]
	if t == nil {
		t = &test{}
		r.tests[name] = t
	}
	switch e.Action {
	case "pass":
		t.passed = true
	case "fail":
		t.failed = true
	case "skip":
		t.skipped = true
	case "output":
		t.output = append(t.output, e.Output)
	}
}

func (r *Results) addPackage(e event) {
	name := e.Package
	if name == "" {
		name = e.ImportPath
	}
	p := r.byName[name]
	if p == nil {
		p = &packageRun{name: name}
		r.byName[name] = p
		r.packages = append(r.packages, p)
	}
	switch e.Action {
	case "pass", "skip":
		p.passed = true
	case "fail":
		p.failed = true
	case "build-fail":
		p.failed, p.unbuilt = true, true
	case "output", "build-output":
		p.output = append(p.output, e.Output)
	}
}

func (r *Results) markParents() {
	for name, t := range r.tests {
		if !t.passed && !t.failed && !t.skipped {
			continue
		}
		for i, c := range name.Test {
			if c != '/' {
				continue
			}
			if parent := r.tests[testName{name.Package, name.Test[:i]}]; parent != nil {
				parent.parent = true
			}
		}
	}
}

// Empty tells whether no test was run.
func (r *Results) Empty() bool { return len(r.tests) == 0 }

// Failed tells whether any test or package failed, or nothing was run at all.
func (r *Results) Failed() bool {
	if len(r.packages) == 0 {
		return true
	}
	for _, t := range r.tests {
		if t.failed {
			return true
		}
	}
	return slices.ContainsFunc(r.packages, func(p *packageRun) bool { return p.failed })
}

// Summary prints what `go test` without -json prints about packages, the whole
// output of failed tests, the reason of each skipped one, and how many leaf
// tests passed, failed and were skipped.
func (r *Results) Summary(w io.Writer) {
	var passed, failed, skipped int
	for _, name := range r.names() {
		t := r.tests[name]
		t.printFailed(w, name)
		if t.skipped {
			fmt.Fprintf(w, "--- skipped: %s %s\n%s", name.Package, name.Test, t.said())
		}
		switch {
		case t.parent:
		case t.failed:
			failed++
		case t.passed:
			passed++
		case t.skipped:
			skipped++
		}
	}
	for _, p := range r.packages {
		p.print(w)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
}

// printFailed prints all that a test said, if it failed.
func (t *test) printFailed(w io.Writer, name testName) {
	if t.failed {
		fmt.Fprintf(w, "--- failed: %s %s\n%s", name.Package, name.Test, strings.Join(t.output, ""))
	}
}

// print prints the line of a package, and of one that failed all that it said.
func (p *packageRun) print(w io.Writer) {
	for _, line := range p.output {
		if p.failed || strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") {
			fmt.Fprint(w, line)
		}
	}
}

// Failures prints what failed, as Summary does, what did not come to its end, and nothing
// else.
func (r *Results) Failures(w io.Writer) {
	for _, name := range r.names() {
		t := r.tests[name]
		t.printFailed(w, name)
		if !t.passed && !t.skipped && !t.failed {
			fmt.Fprintf(w, "--- did not end: %s %s\n%s", name.Package, name.Test, strings.Join(t.output, ""))
		}
	}
	for _, p := range r.packages {
		if p.failed {
			p.print(w)
		}
	}
}

// names are all tests, in the order of the alphabet.
func (r *Results) names() []testName {
	return slices.SortedFunc(maps.Keys(r.tests), func(a, b testName) int {
		return strings.Compare(a.Package+" "+a.Test, b.Package+" "+b.Test)
	})
}
