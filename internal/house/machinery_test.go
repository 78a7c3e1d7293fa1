package house

import (
	"bytes"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// machinery are the interfaces by which the parts of the module call each other.
// Whoever calls such a method from outside breaks what it belongs to.
var machinery = []struct{ pkg, name string }{
	{"internal/engine", "Completer"},
	{"internal/coro", "Work"},
}

// TestExportedTypesShowNoMachinery: no exported type of a public package has a
// method, its own or one that embedding brings, that is of the module's inside: it
// implements an interface of the machinery, or nobody outside could name a type
// that it takes or gives.
func TestExportedTypesShowNoMachinery(t *testing.T) {
	t.Parallel()
	pkgs := typed(t)
	var inside []*types.Interface
	for _, m := range machinery {
		inside = append(inside, pkgs[module+"/"+m.pkg].Scope().Lookup(m.name).Type().Underlying().(*types.Interface))
	}
	seen := 0
	for path, pkg := range pkgs {
		if !strings.HasPrefix(path+"/", module+"/") || isInternal(path) || pkg.Name() == "main" {
			continue
		}
		scope := pkg.Scope()
		for _, name := range scope.Names() {
			typ, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || !typ.Exported() || types.IsInterface(typ.Type()) {
				continue
			}
			seen++
			for method := range types.NewMethodSet(types.NewPointer(typ.Type())).Methods() {
				f := method.Obj().(*types.Func)
				if why := ofTheInside(f, inside); f.Exported() && why != "" {
					t.Errorf("%s.%s has the method %s: %s", pkg.Name(), name, f.Name(), why)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d exported types found", seen)
	}
}

// ofTheInside says why a method is none for those outside, "" if it is.
func ofTheInside(f *types.Func, inside []*types.Interface) string {
	for _, i := range inside {
		for m := range i.Methods() {
			if m.Name() == f.Name() && types.Identical(m.Signature(), f.Signature()) {
				return "it is called by the machinery"
			}
		}
	}
	for _, vars := range []*types.Tuple{f.Signature().Params(), f.Signature().Results()} {
		for v := range vars.Variables() {
			if name := unnameable(v.Type()); name != "" {
				return "nobody outside can name " + name
			}
		}
	}
	return ""
}

// unnameable returns the name of a type that nobody outside can name, "" if they
// can.
func unnameable(t types.Type) string {
	switch t := t.(type) {
	case *types.Pointer:
		return unnameable(t.Elem())
	case *types.Slice:
		return unnameable(t.Elem())
	case *types.Chan:
		return unnameable(t.Elem())
	case *types.Named:
		o := t.Obj()
		if o.Pkg() != nil && (!o.Exported() || isInternal(o.Pkg().Path())) {
			return o.Pkg().Name() + "." + o.Name()
		}
	}
	return ""
}

func isInternal(path string) bool { return strings.Contains(path+"/", "/internal/") }

// typed are the packages of the module as the compiler exports them.
func typed(t *testing.T) map[string]*types.Package {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		// The run under Wine has none; every other run has.
		t.Skip("there is no go command here") // the rule is read by it; a cross-compiled run has none
	}
	pkgs, err := exported()
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

var exported = sync.OnceValues(func() (map[string]*types.Package, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "./...")
	list.Dir = filepath.Join("..", "..")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for line := range bytes.Lines(out) {
		p, file, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		if file != "" { // else it is a package of tests alone
			files[p] = file
		}
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) { return os.Open(files[p]) })
	pkgs := map[string]*types.Package{}
	for p := range files {
		if strings.HasPrefix(p+"/", module+"/") {
			if pkgs[p], err = imp.Import(p); err != nil {
				return nil, err
			}
		}
	}
	return pkgs, nil
})
