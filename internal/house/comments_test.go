package house

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// TestExportedNamesHaveComments: every exported function, type, variable,
// constant and method says what it is. A group of constants or variables may
// say it once; methods that an interface of the standard library fixes need
// not repeat it.
func TestExportedNamesHaveComments(t *testing.T) {
	t.Parallel()
	for _, s := range contributed(t) {
		if s.test {
			continue
		}
		for _, decl := range s.file.Decls {
			for _, name := range bare(decl) {
				t.Errorf("%s: %s has no comment", s.fset.Position(name.Pos()), name.Name)
			}
		}
	}
}

// TestPackagesHaveComments: one file of each package introduces it.
func TestPackagesHaveComments(t *testing.T) {
	t.Parallel()
	introduced := map[string]bool{}
	for _, s := range contributed(t) {
		if s.file.Name.Name != "main" || !s.test {
			introduced[s.dir] = introduced[s.dir] || s.file.Doc != nil
		}
	}
	for dir, ok := range introduced {
		if !ok {
			t.Errorf("no file of %s has a package comment", dir)
		}
	}
}

// bare returns the exported names of a declaration that lack a comment.
func bare(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv) && !fixedByStandardLibrary(d.Name.Name)) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && spec.Doc == nil && spec.Name.IsExported() {
					names = append(names, spec.Name)
				}
			case *ast.ValueSpec:
				if d.Doc != nil || spec.Doc != nil || spec.Comment != nil || d.Tok == token.IMPORT {
					continue
				}
				for _, name := range spec.Names {
					if name.IsExported() {
						names = append(names, name)
					}
				}
			}
		}
		return names
	}
	return nil
}

func exportedReceiver(recv *ast.FieldList) bool {
	t := recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func fixedByStandardLibrary(name string) bool {
	return slices.Contains([]string{"String", "Error", "Unwrap", "Is", "Set"}, name)
}
