package house

import (
	"go/types"
	"strings"
	"testing"
)

// TestExportedTypesAreOfUse: whoever has what the functions of the public packages
// take and give has a use for each exported type: some function takes or gives it,
// or it is what some function takes. A type that waits for what is not built yet is
// not exported before.
func TestExportedTypesAreOfUse(t *testing.T) {
	t.Parallel()
	w := walk{pkgs: map[*types.Package]bool{}, met: map[types.Type]bool{}}
	var list []*types.TypeName
	for path, pkg := range typed(t) {
		if strings.HasPrefix(path+"/", module+"/") && !isInternal(path) && pkg.Name() != "main" {
			w.pkgs[pkg] = true
		}
	}
	for pkg := range w.pkgs {
		for _, name := range pkg.Scope().Names() {
			switch o := pkg.Scope().Lookup(name); o := o.(type) {
			case *types.TypeName:
				if o.Exported() && !o.IsAlias() {
					list = append(list, o)
				}
			case *types.Func, *types.Var, *types.Const:
				if o.Exported() {
					w.meet(o.Type())
				}
			}
		}
	}
	for _, o := range list {
		name := o.Pkg().Name() + "." + o.Name()
		if !w.met[o.Type()] && !w.servesAny(o.Type()) && !isError(o.Type()) && ofUse[name] == "" {
			t.Errorf("%s: no exported function takes or gives it, or what it implements", name)
		}
	}
}

// ofUse are the types that no function leads to, and what they are for.
var ofUse = map[string]string{
	"asyncio.AbstractServer":      "what code asks for that serves with any server",
	"asyncio.TLSCipher":           "GetExtraInfo gives it",
	"asyncio.PeerCredentials":     "GetExtraInfo gives them",
	"asyncio.UnimplementedServer": "to be embedded in an AbstractServer",
	"asyncio.BufferedProtocol":    "transports look for it in a Protocol",
	"asyncio.LendingProtocol":     "transports look for it in a Protocol",
	"asyncio.DataKeeper":          "who has a Transport looks for it",
	"asyncio.KeptData":            "a DataKeeper gives it",
	"asyncio.VirtualClock":        "loops look for it in a Clock",
	"asyncio.FlowControl":         "transports look for it in a DatagramProtocol",
	"asyncio.Waiter":              "its zero value is ready",
	"asyncio.Waiters":             "its zero value is ready",
	"asyncio.Wakeup":              "Waiters give one",
	"simulation.FS":               "what a program asks for that writes to any disk",
	"locks.Event":                 "its zero value is ready",
	"nethttp.Transport":           "its zero value is ready; an http.Client takes it",
	"proactors.Keeper":            "proactors are asked for it",
	"proactors.Meter":             "proactors are asked for it",
	"proactors.Post":              "a Poster takes them",
	"proactors.Poster":            "proactors are asked for it",
	"proactors.Usage":             "what a Meter gives",
}

// isError reports whether a type is an error: functions give such as plain errors.
func isError(t types.Type) bool {
	return types.Implements(types.NewPointer(t), types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// walk meets the types of the public packages that functions lead to.
type walk struct {
	pkgs map[*types.Package]bool
	met  map[types.Type]bool
}

func (w walk) meet(t types.Type) {
	switch t := t.(type) {
	case *types.Named:
		if origin := t.Origin(); !w.met[origin] && w.pkgs[origin.Obj().Pkg()] {
			w.met[origin] = true
			w.meet(origin.Underlying())
			for m := range types.NewMethodSet(types.NewPointer(origin)).Methods() {
				if m.Obj().Exported() {
					w.meet(m.Type())
				}
			}
		}
		for a := range t.TypeArgs().Types() {
			w.meet(a)
		}
	case *types.Alias:
		w.meet(types.Unalias(t))
	case *types.TypeParam:
		w.meet(t.Constraint())
	case *types.Signature:
		for p := range t.TypeParams().TypeParams() {
			w.meet(p.Constraint())
		}
		for v := range t.Params().Variables() {
			w.meet(v.Type())
		}
		for v := range t.Results().Variables() {
			w.meet(v.Type())
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				w.meet(f.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			w.meet(m.Type())
		}
		for e := range t.EmbeddedTypes() {
			w.meet(e)
		}
	case interface{ Elem() types.Type }: // pointers, slices, maps, channels
		w.meet(t.Elem())
		if m, ok := t.(*types.Map); ok {
			w.meet(m.Key())
		}
	}
}

// servesAny reports whether a type implements an interface that some function
// leads to.
func (w walk) servesAny(t types.Type) bool {
	for met := range w.met {
		if i, ok := met.Underlying().(*types.Interface); ok && i.NumMethods() > 0 && met != t && types.Implements(types.NewPointer(t), i) {
			return true
		}
	}
	return false
}
