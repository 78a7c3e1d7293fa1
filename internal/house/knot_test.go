package house

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// knotAtMost is how many files of the root may refer to each other in a circle, all
// with all. It only goes down: whoever cuts the knot lowers it.
const knotAtMost = 27

// TestKnot: of the files of the root for Linux, tests apart, no more than knotAtMost
// refer to each other in a circle: A refers to B if it uses what B declares, methods
// and fields included. With -v it prints what holds the knot together.
func TestKnot(t *testing.T) {
	t.Parallel()
	g := references(t)
	if len(g) < 30 {
		t.Fatalf("only %d files found", len(g))
	}
	knot := slices.MaxFunc(g.circles(), func(a, b []string) int { return len(a) - len(b) })
	t.Logf("the knot has %d of %d files; a file's references to others in it:\n%s", len(knot), len(g), g.describe(knot))
	if len(knot) > knotAtMost {
		t.Errorf("%d files of the root refer to each other in a circle, and %d may: have one of them do without what it uses of a higher one (-v lists that), or move what knows nothing of futures below the root:\n%s",
			len(knot), knotAtMost, strings.Join(knot, "\n"))
	}
	if len(knot) < knotAtMost {
		t.Logf("knotAtMost can be lowered to %d", len(knot))
	}
}

// TestCircles: the sets of files that refer to each other are found.
func TestCircles(t *testing.T) {
	t.Parallel()
	use := func(files ...string) map[string][]string {
		m := map[string][]string{}
		for _, f := range files {
			m[f] = []string{"x"}
		}
		return m
	}
	g := graph{"a": use("b"), "b": use("c", "d"), "c": use("a"), "d": use("e"), "e": use("d"), "f": use("a"), "g": nil}
	var got []string
	for _, circle := range g.circles() {
		got = append(got, strings.Join(circle, ""))
	}
	if slices.Sort(got); !slices.Equal(got, []string{"abc", "de", "f", "g"}) {
		t.Errorf("%q", got)
	}
}

// graph says which names each file uses of which other.
type graph map[string]map[string][]string

// references are those between the files of the root for Linux.
func references(t *testing.T) graph {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		// The run under Wine has none; every other run has.
		t.Skip("there is no go command here") // the rule is read by it; a cross-compiled run has none
	}
	files, export := forLinux(t)
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, f := range files {
		file, err := parser.ParseFile(fset, f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	config := types.Config{
		Importer: importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) { return os.Open(export[p]) }),
		Sizes:    types.SizesFor("gc", "amd64"),
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	pkg, err := config.Check(module, fset, parsed, info)
	if err != nil {
		t.Fatal(err)
	}
	g := graph{}
	for _, f := range files {
		g[filepath.Base(f)] = map[string][]string{}
	}
	for ident, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(fset.Position(ident.Pos()).Filename), filepath.Base(fset.Position(object.Pos()).Filename)
		if from != to && !slices.Contains(g[from][to], object.Name()) {
			g[from][to] = append(g[from][to], object.Name())
		}
	}
	return g
}

// forLinux returns the root's files for Linux and where what they import is, as the
// compiler exports it.
func forLinux(t *testing.T) (files []string, export map[string]string) {
	t.Helper()
	const format = `{{if .DepOnly}}{{.ImportPath}}={{.Export}}{{else}}{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}`
	list := exec.Command("go", "list", "-export", "-deps", "-f", format, ".")
	list.Dir = filepath.Join("..", "..")
	list.Env = append(list.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	export = map[string]string{}
	for line := range bytes.Lines(out) {
		line := strings.TrimSpace(string(line))
		if p, file, ok := strings.Cut(line, "="); ok {
			export[p] = file
		} else if line != "" {
			files = append(files, line)
		}
	}
	return files, export
}

// circles are the largest sets of files of which each refers to each, perhaps by way
// of others: the strongly connected components, by Tarjan's algorithm.
func (g graph) circles() [][]string {
	var (
		all    [][]string
		stack  []string
		number = map[string]int{} // in the order of visits
		lowest = map[string]int{} // that a file leads back to
		visit  func(file string)
	)
	visit = func(file string) {
		number[file] = len(number) + 1
		lowest[file] = number[file]
		stack = append(stack, file)
		for to := range g[file] {
			if number[to] == 0 {
				visit(to)
				lowest[file] = min(lowest[file], lowest[to])
			} else if slices.Contains(stack, to) {
				lowest[file] = min(lowest[file], number[to])
			}
		}
		if lowest[file] == number[file] {
			at := slices.Index(stack, file)
			circle := slices.Sorted(slices.Values(stack[at:]))
			stack = stack[:at]
			all = append(all, circle)
		}
	}
	for file := range g {
		if number[file] == 0 {
			visit(file)
		}
	}
	return all
}

// describe lists what each file of a circle uses of the others in it.
func (g graph) describe(circle []string) string {
	var text strings.Builder
	for _, from := range circle {
		text.WriteString(from + "\n")
		for _, to := range slices.Sorted(maps.Keys(g[from])) {
			if slices.Contains(circle, to) {
				text.WriteString("    " + to + ": " + strings.Join(slices.Sorted(slices.Values(g[from][to])), ", ") + "\n")
			}
		}
	}
	return text.String()
}
