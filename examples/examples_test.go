// Package examples holds no code: its tests see to it that each example can be found and
// checked. That it prints what stands beside it is a step of .ci/run.
package examples

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\[(\w+)\]\((\w+)\)`)

// TestEachHasItsPlace: each program has a row in the README that says what it teaches, a comment
// on top that begins with its name, and its output beside it.
func TestEachHasItsPlace(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]int{}
	for _, m := range link.FindAllStringSubmatch(string(readme), -1) {
		if m[1] != m[2] {
			t.Errorf("README.md: %s leads to %s", m[1], m[2])
		}
		listed[m[2]]++
	}
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) < 20 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	for _, file := range programs {
		name := filepath.Dir(file)
		if listed[name] != 1 {
			t.Errorf("README.md has %d rows for %s", listed[name], name)
		}
		delete(listed, name)
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		about := strings.TrimPrefix(strings.ToLower(f.Doc.Text()), "command ")
		if !strings.HasPrefix(about, name+" ") {
			t.Errorf("%s: the comment on top begins with %.30q", file, f.Doc.Text())
		}
		if _, err := os.Stat(filepath.Join(name, "output.txt")); err != nil {
			t.Error(err)
		}
	}
	for name := range listed {
		t.Errorf("README.md: there is no program %s", name)
	}
}
