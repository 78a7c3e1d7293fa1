package house

import (
	"cmp"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"testing"
)

// TestNothingStartsByItself: an import starts no goroutine: no init function and no
// package variable does, nor a function of the same package that one of them calls.
func TestNothingStartsByItself(t *testing.T) {
	t.Parallel()
	folders := map[string][]source{}
	for _, s := range contributed(t) {
		key := s.dir
		if s.test {
			key += " (tests)"
		}
		folders[key] = append(folders[key], s)
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		for at, function := range startedByImport(folders[name]) {
			if mayStart[function] == "" {
				t.Errorf("%s: a goroutine that an import starts: start it when it is first needed", folders[name][0].fset.Position(at))
			}
		}
	}
}

// mayStart are the functions that may all the same, and why.
var mayStart = map[string]string{
	"agree": "waits for its goroutine: how identities are read is known before the first is",
}

// startedByImport returns where the goroutines are started that come with a package, and
// by which function; "" is init or a variable.
func startedByImport(files []source) map[token.Pos]string {
	found := map[token.Pos]string{}
	functions := map[string]*ast.FuncDecl{}
	type body struct {
		ast.Node
		function string
	}
	var now []body // what runs when the package is initialized
	for _, s := range files {
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					now = append(now, body{d.Body, ""})
				} else if d.Recv == nil && d.Body != nil {
					functions[d.Name.Name] = d
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						for _, e := range v.Values {
							now = append(now, body{e, ""})
						}
					}
				}
			}
		}
	}
	for len(now) > 0 {
		next := now[0]
		now = now[1:]
		ast.Inspect(next.Node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				found[n.Pos()] = next.function
			case *ast.FuncLit:
				return false // it runs when it is called
			case *ast.CallExpr:
				switch f := n.Fun.(type) {
				case *ast.FuncLit:
					now = append(now, body{f.Body, next.function})
				case *ast.Ident:
					if d := functions[f.Name]; d != nil {
						delete(functions, f.Name)
						now = append(now, body{d.Body, f.Name})
					}
				}
			}
			return true
		})
	}
	return found
}

// TestStartedByImport: what runs when a package is imported is told from what may run later.
func TestStartedByImport(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"func init() { go f() }":                                           "init",
		"func init() { func() { go f() }() }":                              "init",
		"var x = g()\nfunc g() int { h(); return 1 }\nfunc h() { go f() }": "h",
		"var x = func() int { go f(); return 1 }()":                        "init",
		"var x = func() { go f() }":                                        "",
		"func init() { y = func() { go f() } }":                            "",
		"func g() { go f() }":                                              "",
		"type T struct{}\nfunc (T) init() { go f() }":                      "",
	} {
		got := ""
		for _, function := range startedByImport([]source{snippet(t, text)}) {
			got = cmp.Or(function, "init")
		}
		if got != want {
			t.Errorf("%s: by %q, want %q", text, got, want)
		}
	}
}
