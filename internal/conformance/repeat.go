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
			in(name.Package).tests[whole] = true
		}
	}
	for _, p := range r.packages {
		if p.failed && !explained[p.name] {
			in(p.name).all = true
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *Repeat) int { return strings.Compare(a.Package, b.Package) })
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
