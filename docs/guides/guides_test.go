// Package guides holds no code: its tests keep the guides true. What stands in them as Go is
// part of the examples of this folder or of contrib/, which are built and run; the names in
// their tables are there; their links lead somewhere.
package guides

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides are the guides' texts, and that of the README, by file name.
func guides(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.md")
	if err != nil || len(names) < 11 {
		t.Fatalf("%d guides, %v", len(names), err)
	}
	names = append(names, filepath.Join("..", "..", "README.md"))
	all := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

// unindented is a text whose lines have no white space around them, and no empty lines.
func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestCodeIsBuilt: each block of Go in a guide stands, line for line, in a file of the
// repository that is built and, as an example or a test, run.
func TestCodeIsBuilt(t *testing.T) {
	var built []string
	for _, root := range []string{".", filepath.Join("..", "..", "contrib")} {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
				return err
			}
			text, err := os.ReadFile(p)
			built = append(built, unindented(string(text)))
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	found := 0
	for name, text := range guides(t) {
	blocks:
		for _, m := range goBlock.FindAllStringSubmatch(text, -1) {
			found++
			want := unindented(m[1])
			for _, b := range built {
				if strings.Contains("\n"+b, "\n"+want) {
					continue blocks
				}
			}
			t.Errorf("%s: no file has this code:\n%s", name, m[1])
		}
	}
	if found < 10 {
		t.Errorf("only %d blocks of code", found)
	}
}

// TestEveryNameOfAsyncio: the public names of Python's asyncio, the methods of its loops
// and of what else there is among them, all have their line in the guide.
func TestEveryNameOfAsyncio(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("testdata", "asyncio_names.txt"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, row := range rows(guides(t)["from-asyncio.md"]) {
		for _, code := range codes(row[0]) {
			name, _, _ := strings.Cut(code, "(")
			told[name] = true
		}
	}
	names := strings.Fields(string(list))
	if len(names) < 150 {
		t.Errorf("only %d names are looked for", len(names))
	}
	for _, name := range names {
		if !told[name] {
			t.Errorf("from-asyncio.md does not tell what %s is", name)
		}
	}
}

// rows are the rows of all tables, by cells.
func rows(text string) (all [][]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) >= 2 {
			all = append(all, cells)
		}
	}
	return all
}

var code = regexp.MustCompile("`([^`]+)`")

// codes is what is between backquotes.
func codes(cell string) (all []string) {
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

var goName = regexp.MustCompile(`^(?:[A-Za-z]+\.)*([A-Z][A-Za-z]*)\b`)

// others are the packages of the standard library that the tables name.
var others = regexp.MustCompile(`^(context|errors|http|io|iter|net|os|runtime|signal|slog|sync|syscall|time|tls)\.`)

// TestGoNames: what the second column of a table calls by a Go name is exported here.
func TestGoNames(t *testing.T) {
	exported := map[string]bool{}
	for _, dir := range []string{".", "streams", "locks", "queues", "subprocess", "nethttp", "selectors", "proactors", "asynciotest", "simulation", "loopgroup"} {
		exports(t, filepath.Join("..", "..", dir), exported)
	}
	checked := 0
	for name, text := range guides(t) {
		for _, row := range rows(text) {
			for _, c := range codes(row[1]) {
				m := goName.FindStringSubmatch(c)
				if m == nil || others.MatchString(c) {
					continue
				}
				if checked++; !exported[m[1]] {
					t.Errorf("%s: nothing is called %s, of %q", name, m[1], c)
				}
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d names were looked for", checked)
	}
}

// exports notes the exported names that the files of a folder declare, with methods and
// fields.
func exports(t *testing.T, dir string, all map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				all[n.Name.Name] = true
				return false
			case *ast.TypeSpec:
				all[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, name := range n.Names {
					all[name.Name] = true
				}
			case *ast.Field:
				for _, name := range n.Names {
					all[name.Name] = true
				}
			}
			return true
		})
	}
}

var block = regexp.MustCompile("(?s)```.*?```")

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestLinks: what a guide refers to is there.
func TestLinks(t *testing.T) {
	for name, text := range guides(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(block.ReplaceAllString(text, ""), ""), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestTableOfFigures: the README's figures are those of the page.
func TestTableOfFigures(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", "performance", "readme_table.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(table)); !strings.Contains(guides(t)[filepath.Join("..", "..", "README.md")], "\n\n"+want+"\n\n") {
		t.Error("README.md has not the table of docs/performance/readme_table.md: copy it")
	}
}
