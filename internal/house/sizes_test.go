package house

import (
	"go/ast"
	"strings"
	"testing"
)

// What a file and a function have at most, in lines.
const (
	fileLines     = 600
	functionLines = 60
)

// long are the functions that may be longer, and why.
var long = map[string]string{
	"internal/buffers.TestAgainstModel":        "a random history: all its steps beside their model",
	"proactors.TestThreadEnds":                 "one history of two threads, from beginning to end",
	"proactors/proactortest.testMemoryRunsOut": "one history, from the first byte that is lent to the last that is given back",
}

// TestSizes: a file is one concept, and a function fits on a screen. Of a test each case
// that is a function of its own counts for itself.
func TestSizes(t *testing.T) {
	t.Parallel()
	left := notYet(t, "file or function", longYet)
	met := map[string]bool{}
	for _, s := range contributed(t) {
		if n := s.fset.File(s.file.Pos()).LineCount(); n > fileLines && !left(s.path) {
			t.Errorf("%s has %d lines, %d are allowed: make two of what are two concepts", s.path, n, fileLines)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := s.qualified(f.Name.Name)
			n := s.longest(f)
			switch {
			case n <= functionLines:
			case long[name] != "":
				met[name] = true
			case !left(name):
				t.Errorf("%s: %s has %d lines, %d are allowed: give its parts names, or make two of it", s.fset.Position(f.Pos()), name, n, functionLines)
			}
		}
	}
	for name := range long {
		if !met[name] {
			t.Errorf("%s is not too long: take it off the list long", name)
		}
	}
}

// longest is the number of lines of a function; of a test, of the longest among it and
// the functions in it, each without those in it.
func (s source) longest(f *ast.FuncDecl) int {
	if !s.test && !isSuite(s.dir) {
		return s.lines(f)
	}
	most := 0
	ast.Inspect(f, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			most = max(most, s.ownLines(n))
		}
		return true
	})
	return most
}

// ownLines is how many a function takes without the functions in it, of which the first
// line is also its own.
func (s source) ownLines(function ast.Node) int {
	own := s.lines(function)
	ast.Inspect(function, func(n ast.Node) bool {
		if inner, ok := n.(*ast.FuncLit); ok && n != function {
			own -= s.lines(inner) - 1
			return false
		}
		return true
	})
	return own
}

// lines is how many a node takes.
func (s source) lines(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// isSuite reports whether a folder holds tests for others to run.
func isSuite(dir string) bool {
	return strings.HasSuffix(dir, "test") || strings.HasPrefix(dir, "internal/testkit")
}

// TestLongest: the cases of a test count for themselves, those of other functions do not.
func TestLongest(t *testing.T) {
	t.Parallel()
	s := snippet(t, "func f() {\n\ta()\n\tb(func() {\n\t\tc()\n\t\td()\n\t\te()\n\t})\n}\n")
	f := s.file.Decls[0].(*ast.FuncDecl)
	if n := s.longest(f); n != 8 {
		t.Errorf("a function has %d lines, want 8", n)
	}
	s.test = true
	if n := s.longest(f); n != 5 {
		t.Errorf("the longest of a test has %d lines, want 5", n)
	}
}
