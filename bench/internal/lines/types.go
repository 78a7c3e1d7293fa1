package lines

import (
	"debug/dwarf"
	"path"
	"regexp"
	"slices"
	"strings"
)

// types are the structs of a program in Go.
type types struct {
	all    []*dwarf.StructType
	byName map[string]*dwarf.StructType
}

func readTypes(debug *dwarf.Data) (*types, error) {
	t := &types{byName: make(map[string]*dwarf.StructType)}
	for r := debug.Reader(); ; {
		entry, err := r.Next()
		if err != nil {
			return nil, err
		}
		if entry == nil {
			return t, nil
		}
		if entry.Tag != dwarf.TagStructType {
			continue
		}
		typ, err := debug.Type(entry.Offset)
		if err != nil {
			return nil, err
		}
		if s, ok := typ.(*dwarf.StructType); ok && s.StructName != "" && t.byName[s.StructName] == nil {
			t.all = append(t.all, s)
			t.byName[s.StructName] = s
		}
	}
}

// method finds the type that a method is of: PATH.(*TYPE).NAME or PATH.TYPE.NAME.
var method = regexp.MustCompile(`^(.*?)\.\(?\*?([^().]+)\)?\.[^.]+`)

// receivers are the types of which functions are methods.
func receivers(functions []string) []string {
	var all []string
	for _, function := range functions {
		folder, rest := path.Split(function)
		if m := method.FindStringSubmatch(rest); m != nil && !strings.HasPrefix(m[2], "func") {
			all = append(all, folder+m[1]+"."+m[2])
		}
	}
	return all
}

// find is the type of an object that methods touch: the receiver's if its size is right, or the only one of
// the right size that has a receiver in it.
func (t *types) find(o Object, functions []string) *dwarf.StructType {
	names := receivers(functions)
	fits := func(s *dwarf.StructType) bool {
		size, room := uint64(s.ByteSize), o.Size-o.Header
		return size <= room && room-size < max(16, room/8)
	}
	for _, name := range names {
		if s := t.byName[name]; s != nil && fits(s) {
			return s
		}
	}
	for _, name := range names {
		var holders []*dwarf.StructType
		for _, s := range t.all {
			if fits(s) && holds(s, name) {
				holders = append(holders, s)
			}
		}
		if len(holders) == 1 {
			return holders[0]
		}
	}
	return nil
}

// holds tells whether a struct has another in it.
func holds(s *dwarf.StructType, name string) bool {
	return slices.ContainsFunc(s.Field, func(f *dwarf.StructField) bool {
		inner, ok := structOf(f.Type)
		return ok && (inner.StructName == name || holds(inner, name))
	})
}

// structOf is a type's struct, if it is one by some name.
func structOf(t dwarf.Type) (*dwarf.StructType, bool) {
	for {
		switch u := t.(type) {
		case *dwarf.TypedefType:
			t = u.Type
		case *dwarf.StructType:
			return u, true
		default:
			return nil, false
		}
	}
}

// offset is where a field of a struct is.
func (t *types) offset(name, field string) (uint64, bool) {
	s := t.byName[name]
	if s == nil {
		return 0, false
	}
	for _, f := range s.Field {
		if f.Name == field {
			return uint64(f.ByteOffset), true
		}
	}
	return 0, false
}

// short is a type's name without the folders of its package.
func short(name string) string {
	head, arguments, generic := strings.Cut(name, "[")
	head = path.Base(head)
	if generic {
		return head + "[" + arguments
	}
	return head
}

// fieldAt is the path of the field at an offset.
func fieldAt(t *dwarf.StructType, offset int64) string {
	for i := len(t.Field) - 1; i >= 0; i-- {
		f := t.Field[i]
		if f.ByteOffset > offset {
			continue
		}
		if inner, ok := structOf(f.Type); ok && inner.StructName != "string" && !strings.HasPrefix(inner.StructName, "[]") {
			if deeper := fieldAt(inner, offset-f.ByteOffset); deeper != "" {
				return f.Name + "." + deeper
			}
		}
		if f.Type.Size() > 0 && f.ByteOffset+f.Type.Size() <= offset {
			return ""
		}
		return f.Name
	}
	return ""
}
