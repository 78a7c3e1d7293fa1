package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Repeat is what of one package is to be run once more: some tests, or all.
type Repeat struct {
	Package string
	tests   map[string]bool // by the names of whole tests, not of subtests
	all     bool
	failed  []string // what failed, by its own name
}

// Names are what failed, with the package's folder before each.
func (r *Repeat) Names(module string) (names []string) {
	folder := folderOf(module, r.Package)
	if r.all {
		return []string{folder + " as a whole"}
	}
	for _, name := range r.failed {
		names = append(names, folder+" "+name)
	}
	return names
}

// Pattern is what `go test -run` is to be given.
func (r *Repeat) Pattern() string {
	if r.all {
		return "."
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.tests)) {
		names = append(names, regexp.QuoteMeta(name))
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// Repeats returns what failed without being listed, by package: of a package that did
// not come to its end everything, for nobody knows what it had still to run.
func (x *Expected) Repeats(r *Results, module string) []*Repeat {
	found := map[string]*Repeat{}
	in := func(name string) *Repeat {
		if found[name] == nil {
			found[name] = &Repeat{Package: name, tests: map[string]bool{}}
		}
		return found[name]
	}
	explained := map[string]bool{}
	for _, name := range r.names() {
		t := r.tests[name]
		whole, _, _ := strings.Cut(name.Test, "/")
		switch {
		case !t.passed && !t.skipped && !t.failed:
			in(name.Package).all = true
		case !t.failed:
		case t.parent && r.failedBelow(name), x.find(folderOf(module, name.Package), name.Test) != nil:
			explained[name.Package] = true
		default:
			explained[name.Package] = true
			again := in(name.Package)
			again.tests[whole] = true
			again.failed = append(again.failed, name.Test)
		}
	}
	for _, p := range r.packages {
		if p.failed && !explained[p.name] {
			in(p.name).all = true
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *Repeat) int { return strings.Compare(a.Package, b.Package) })
}

// final are reports that are true however seldom they come: no second run takes one back.
var final = []string{"WARNING: DATA RACE", "fatal error: concurrent map", "broken invariant: "}

// Final tells why nothing may be run once more: a report that stands, a package that does
// not build, or more tests that failed than the limit, 0 for none. It is empty if all may.
func (r *Results) Final(repeats []*Repeat, limit int) (reasons []string) {
	stands := func(name string, output []string) {
		said := strings.Join(output, "")
		for _, report := range final {
			if strings.Contains(said, report) {
				reasons = append(reasons, fmt.Sprintf("%s: %q", name, strings.TrimSpace(report)))
			}
		}
	}
	for _, name := range r.names() {
		stands(name.Package+" "+name.Test, r.tests[name].output)
	}
	for _, p := range r.packages {
		stands(p.name, p.output)
		if p.unbuilt {
			reasons = append(reasons, p.name+" does not build")
		}
	}
	failed := 0
	for _, again := range repeats {
		failed += len(again.Names(""))
	}
	if limit > 0 && failed > limit {
		reasons = append(reasons, fmt.Sprintf("%d tests failed, which is more than %d", failed, limit))
	}
	return reasons
}

// ranAgain returns what of a Repeat a second run has not brought to an end.
func (r *Results) ranAgain(again *Repeat) (missing []string) {
	if p := r.byName[again.Package]; p == nil || !p.passed && !p.failed {
		return []string{again.Package}
	}
	for whole := range again.tests {
		t := r.tests[testName{again.Package, whole}]
		if !again.all && (t == nil || !t.passed && !t.failed && !t.skipped) {
			missing = append(missing, again.Package+" "+whole)
		}
	}
	slices.Sort(missing)
	return missing
}

// CopyWithout copies the events of `go test -json` but those of what is to be run once
// more.
func CopyWithout(out io.Writer, in io.Reader, repeats []*Repeat) error {
	w := bufio.NewWriter(out)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if !repeated(line, repeats) {
			w.Write(line)
		}
		if err == io.EOF {
			return w.Flush()
		}
		if err != nil {
			return fmt.Errorf("conformance: copying test output: %w", err)
		}
	}
}

func repeated(line []byte, repeats []*Repeat) bool {
	var e event
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &e) != nil {
		return false
	}
	whole, _, _ := strings.Cut(e.Test, "/")
	return slices.ContainsFunc(repeats, func(r *Repeat) bool {
		return r.Package == e.Package && (r.all || whole == "" || r.tests[whole])
	})
}
