// Package house holds no code: its tests are the house rules that a machine
// can check, over all files of the module whatever system they are built for.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/go-asyncio/asyncio"

// source is one Go file of the module.
type source struct {
	path string // slash-separated, from the module's root
	dir  string // its folder, "." for the root package
	test bool
	file *ast.File
	fset *token.FileSet
}

// sources are all Go files of this module: not those of modules of their own below it.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found", len(all))
	}
	return all
}

// contributed are all Go files of the modules under contrib, and sources with them: the
// rules of how a file is written are theirs, too.
func contributed(t *testing.T) []source {
	t.Helper()
	more, err := parsedContributed()
	if err != nil {
		t.Fatal(err)
	}
	if len(more) == 0 {
		t.Fatal("no files found under contrib")
	}
	return append(slices.Clip(sources(t)), more...)
}

var (
	parsed            = sync.OnceValues(func() ([]source, error) { return parseUnder(".", false) })
	parsedContributed = sync.OnceValues(func() ([]source, error) { return parseUnder("contrib", true) })
)

// parseUnder parses the Go files under a folder, with those of modules below it or without.
func parseUnder(folder string, modules bool) ([]source, error) {
	root := filepath.Join("..", "..")
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(root, folder), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || !modules && exists(filepath.Join(p, "go.mod"))) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), f, fset})
		return nil
	})
	return all, err
}

// qualified is a name that a file declares, with the folder before it.
func (s source) qualified(name string) string {
	if s.dir == "." {
		return name
	}
	return s.dir + "." + name
}

// snippet is a file with the given text, for the tests of rules.
func snippet(t *testing.T, text string) source {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "snippet.go", "package snippet\n"+text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{"snippet/snippet.go", "snippet", false, f, fset}
}

// exists reports whether a file is there.
func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// imports are the paths that a file imports; those of this module are given
// as folders, "." for the root package.
func (s source) imports() []string {
	var list []string
	for _, spec := range s.file.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		if p == module {
			p = "."
		}
		list = append(list, strings.TrimPrefix(p, module+"/"))
	}
	return list
}
