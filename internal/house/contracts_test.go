package house

import (
	"go/ast"
	"strings"
	"testing"
)

// TestContractsStandAtTheInterface: what a method of a loop does is written once, at the
// interface that EventLoop is composed of; the comment at the implementation names that
// interface and nothing else.
func TestContractsStandAtTheInterface(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	var implementations []*ast.FuncDecl
	for _, s := range sources(t) {
		if s.dir != "." || s.test {
			continue
		}
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.GenDecl:
				if s.path == "event_loop.go" {
					methodsOf(d, owner)
				}
			case *ast.FuncDecl:
				if d.Recv != nil && receiver(d) == "baseLoop" {
					implementations = append(implementations, d)
				}
			}
		}
	}
	checked := 0
	for _, d := range implementations {
		of, in := owner[d.Name.Name]
		if !in {
			continue
		}
		checked++
		if want := d.Name.Name + " implements " + of + "."; strings.TrimSpace(d.Doc.Text()) != want {
			t.Errorf("the comment of baseLoop's %s should be %q: what it does is written at %s", d.Name.Name, want, of)
		}
	}
	if checked < 30 {
		t.Errorf("%d methods were found: does the loop have another name by now?", checked)
	}
}

// methodsOf notes which interface has which exported method.
func methodsOf(d *ast.GenDecl, owner map[string]string) {
	for _, spec := range d.Specs {
		typ, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		i, ok := typ.Type.(*ast.InterfaceType)
		if !ok {
			continue
		}
		for _, m := range i.Methods.List {
			for _, name := range m.Names {
				if name.IsExported() {
					owner[name.Name] = typ.Name.Name
				}
			}
		}
	}
}

// receiver returns the name of the type that a method is of.
func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	name, _ := typ.(*ast.Ident)
	if name == nil {
		return "" // of a generic type
	}
	return name.Name
}
