package house

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// TestNoSystemInConditions: what depends on the system is in files that are built for it;
// runtime.GOOS is for texts. Tests may ask.
func TestNoSystemInConditions(t *testing.T) {
	t.Parallel()
	for _, s := range contributed(t) {
		if s.test {
			continue
		}
		for _, at := range asksForSystem(s.file) {
			t.Errorf("%s: runtime.GOOS decides here: have a file for each system do it, by its name or a build constraint", s.fset.Position(at))
		}
	}
}

// asksForSystem returns where a file compares runtime.GOOS, or looks something up by it.
func asksForSystem(file *ast.File) (found []token.Pos) {
	ask := func(e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "GOOS" && !slices.Contains(found, sel.Pos()) {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "runtime" {
					found = append(found, sel.Pos())
				}
			}
			return true
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				ask(n)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				ask(n.Tag)
			}
		case *ast.IndexExpr:
			ask(n.Index)
		case *ast.IfStmt:
			ask(n.Cond)
		}
		return true
	})
	return found
}

// TestAsksForSystem: each way to decide by the system is found, and a text is none.
func TestAsksForSystem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`func f() { if runtime.GOOS == "linux" {} }`:                1,
		`func f() { if slices.Contains(all, runtime.GOOS) {} }`:     1,
		`func f() { switch runtime.GOOS { case "linux": } }`:        1,
		`func f() { switch { case "linux" != runtime.GOOS: } }`:     1,
		`var linux = runtime.GOOS == "linux"`:                       1,
		`var limit = limits[runtime.GOOS]`:                          1,
		`func f() { if a && (b || runtime.GOOS == "linux") {} }`:    1,
		`func f() { if a == b { fmt.Print("on ", runtime.GOOS) } }`: 0,
		`var text = "on " + runtime.GOOS + "/" + runtime.GOARCH`:    0,
		`func f() { switch { case a: fmt.Print(runtime.GOOS) } }`:   0,
	} {
		if got := len(asksForSystem(snippet(t, text).file)); got != want {
			t.Errorf("%s: found %d times, want %d", text, got, want)
		}
	}
}
