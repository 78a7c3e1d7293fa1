package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestCommentsBeginWithTheName: a comment of a function, a method, a type, a constant or
// a variable begins with its name, exported or not, in tests too, so that who searches
// finds it and nobody wonders what is spoken of. A group may say what it is.
func TestCommentsBeginWithTheName(t *testing.T) {
	t.Parallel()
	left := notYet(t, "comment", misnamedYet)
	for _, s := range contributed(t) {
		for _, decl := range s.file.Decls {
			for _, d := range documented(decl) {
				if d.beginsWithName() {
					continue
				}
				name := s.qualified(d.names[0].Name)
				if !left(name) {
					t.Errorf("%s: the comment of %s begins with %q: begin it with the name", s.fset.Position(d.names[0].Pos()), name, firstWord(d.text))
				}
			}
		}
	}
}

// described is a comment and the names that it is about.
type described struct {
	text  string
	names []*ast.Ident
}

// beginsWithName reports whether it does, or says nothing.
func (d described) beginsWithName() bool {
	first := firstWord(d.text)
	return first == "" || slices.ContainsFunc(d.names, func(n *ast.Ident) bool { return n.Name == first })
}

// documented returns the comments of a declaration. That of a group in parentheses is
// about no name.
func documented(decl ast.Decl) (all []described) {
	add := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		if doc != nil {
			all = append(all, described{doc.Text(), names})
		}
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		add(d.Doc, d.Name)
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		for _, spec := range d.Specs {
			var names []*ast.Ident
			var doc *ast.CommentGroup
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names, doc = []*ast.Ident{spec.Name}, spec.Doc
			case *ast.ValueSpec:
				names, doc = spec.Names, spec.Doc
			}
			if !d.Lparen.IsValid() {
				doc = d.Doc
			}
			add(doc, names...)
		}
	}
	return all
}

// firstWord is what a comment begins with, as far as it could be a name.
func firstWord(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		return text
	}
	return text[:end]
}

// TestFirstWord: a name ends where no letter, digit or underscore is.
func TestFirstWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "x": "x", "Do does": "Do", "f_1: a": "f_1", "a's": "a", "(of b)": ""} {
		if got := firstWord(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestDocumented: the comments of each form of declaration are found, with their names.
func TestDocumented(t *testing.T) {
	t.Parallel()
	s := snippet(t, `
// a
func a() {}

// of the group
const (
	// b
	b = 1
	c = 2 // beside
)

// d
var d, e int

// T
type T struct{}

// m
func (T) m() {}
`)
	var got []string
	for _, decl := range s.file.Decls {
		for _, d := range documented(decl) {
			if !d.beginsWithName() {
				t.Errorf("%q is not of %s", d.text, d.names[0].Name)
			}
			got = append(got, firstWord(d.text))
		}
	}
	if want := []string{"a", "b", "d", "T", "m"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if (described{"What it is.", []*ast.Ident{s.file.Decls[0].(*ast.FuncDecl).Name}}).beginsWithName() {
		t.Error("another word is taken for the name")
	}
}
