package conformance

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// Module is the module whose tests are counted.
const Module = "github.com/go-asyncio/asyncio"

// Expected are tests that are known to fail somewhere for a reason that is not
// ours, and the reason: a list that is checked as strictly as the tests are.
type Expected struct {
	list []*expectation
}

// expectation is one line: a package's folder and a pattern of path.Match for a
// test's whole name.
type expectation struct {
	folder, pattern, reason string
	met                     bool
}

// ReadExpected reads such a list: on each line a package's folder ("." for the
// module's root), a test's name or a pattern of path.Match for it, and the reason.
// Empty lines and those that begin with # are passed over.
func ReadExpected(in io.Reader) (*Expected, error) {
	x := &Expected{}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 3 {
			return nil, fmt.Errorf("conformance: expected failures, line %d: a folder, a test and a reason are wanted: %q", n, line)
		}
		if _, err := path.Match(words[1], ""); err != nil {
			return nil, fmt.Errorf("conformance: expected failures, line %d: %w", n, err)
		}
		x.list = append(x.list, &expectation{folder: words[0], pattern: words[1], reason: strings.Join(words[2:], " ")})
	}
	return x, lines.Err()
}

// ReadExpectedFiles reads such lists from files and adds them up; of no file it is empty.
func ReadExpectedFiles(names ...string) (*Expected, error) {
	all := &Expected{}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		x, err := ReadExpected(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all.list = append(all.list, x.list...)
	}
	return all, nil
}

// Check compares the results with the list, prints what differs from it and
// reports whether nothing does: every test that failed is listed, and every line
// names a test that failed and none that did not. A test that failed with one of its
// subtests needs no line. A package that failed without a failed test of its own (it
// was killed, or did not compile) cannot be expected.
func (x *Expected) Check(r *Results, module string, w io.Writer) bool {
	good := len(r.packages) > 0
	complain := func(format string, args ...any) {
		good = false
		fmt.Fprintf(w, format+"\n", args...)
	}
	explained := map[string]bool{}
	for _, name := range r.names() {
		t, folder := r.tests[name], folderOf(module, name.Package)
		e := x.find(folder, name.Test)
		switch {
		case t.failed && t.parent && r.failedBelow(name):
		case t.failed && e == nil:
			complain("fails and is not listed: %s %s", folder, name.Test)
		case !t.failed && (t.passed || t.skipped) && !t.parent && e != nil:
			complain("listed, but does not fail: %s %s (%s)", folder, name.Test, e.reason)
		case t.failed:
			e.met = true
		case !t.passed && !t.skipped:
			complain("did not end: %s %s", folder, name.Test)
		}
		if t.failed {
			explained[name.Package] = true
		}
	}
	for _, p := range r.packages {
		if p.failed && !explained[p.name] {
			complain("fails as a whole: %s", p.name)
		}
	}
	for _, e := range x.list {
		if !e.met {
			complain("listed, but no such test failed: %s %s (%s)", e.folder, e.pattern, e.reason)
		}
	}
	return good
}

// Excuse has the tests that failed as the list expects say nothing: they count
// neither as failed nor as passed, nor do those that failed with nothing but
// such subtests.
func (x *Expected) Excuse(r *Results, module string) {
	names := r.names()
	slices.SortStableFunc(names, func(a, b testName) int { // subtests before their parents
		return strings.Count(b.Test, "/") - strings.Count(a.Test, "/")
	})
	below := map[testName]bool{} // parents of what is excused
	for _, name := range names {
		t := r.tests[name]
		if !t.failed || t.parent && (r.failedBelow(name) || !below[name]) ||
			!t.parent && x.find(folderOf(module, name.Package), name.Test) == nil {
			continue
		}
		t.failed, t.excused = false, true
		if i := strings.LastIndexByte(name.Test, '/'); i >= 0 {
			below[testName{name.Package, name.Test[:i]}] = true
		}
	}
}

func (x *Expected) find(folder, test string) *expectation {
	i := slices.IndexFunc(x.list, func(e *expectation) bool {
		if e.folder != folder {
			return false
		}
		match, _ := path.Match(e.pattern, test)
		return match
	})
	if i < 0 {
		return nil
	}
	return x.list[i]
}

func folderOf(module, pkg string) string {
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}

// failedBelow tells whether a subtest of the test failed.
func (r *Results) failedBelow(name testName) bool {
	for sub, t := range r.tests {
		if t.failed && sub.Package == name.Package && strings.HasPrefix(sub.Test, name.Test+"/") {
			return true
		}
	}
	return false
}
