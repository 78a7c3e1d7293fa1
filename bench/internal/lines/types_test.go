package lines

import (
	"debug/dwarf"
	"slices"
	"testing"
)

// structs are types of a program: a part, and two that have it.
func structs() *types {
	part := &dwarf.StructType{StructName: "a/p.part", CommonType: dwarf.CommonType{ByteSize: 24}, Field: []*dwarf.StructField{
		{Name: "x", Type: &dwarf.UintType{BasicType: dwarf.BasicType{CommonType: dwarf.CommonType{ByteSize: 8}}}},
		{Name: "y", Type: &dwarf.UintType{BasicType: dwarf.BasicType{CommonType: dwarf.CommonType{ByteSize: 8}}}, ByteOffset: 16},
	}}
	t := &types{byName: make(map[string]*dwarf.StructType)}
	whole := func(name string, size int64) *dwarf.StructType {
		return &dwarf.StructType{StructName: name, CommonType: dwarf.CommonType{ByteSize: size}, Field: []*dwarf.StructField{{Name: "part", Type: part, ByteOffset: 32}}}
	}
	t.all = []*dwarf.StructType{part, whole("a/p.small", 64), whole("a/p.large", 600)}
	for _, s := range t.all {
		t.byName[s.StructName] = s
	}
	return t
}

// TestTypeIsFoundByMethods has objects that the methods of a part touch.
func TestTypeIsFoundByMethods(t *testing.T) {
	t.Parallel()
	all, methods := structs(), []string{"main.main", "a/p.(*part).Do.func1", "a/p.(*part).Do"}
	for _, test := range []struct {
		object Object
		want   string
	}{
		{Object{Size: 24}, "a/p.part"}, {Object{Size: 64}, "a/p.small"}, {Object{Size: 640, Header: 8}, "a/p.large"}, {Object{Size: 320}, ""},
	} {
		got := ""
		if s := all.find(test.object, methods); s != nil {
			got = s.StructName
		}
		if got != test.want {
			t.Errorf("%d bytes are of %q, want %q", test.object.Size, got, test.want)
		}
	}
	if got := fieldAt(all.byName["a/p.small"], 48); got != "part.y" {
		t.Errorf("at 48 is %q", got)
	}
}

func TestReceivers(t *testing.T) {
	t.Parallel()
	got := receivers([]string{"example.com/v2/p.(*T).Do", "p.T.Do.func1", "main.main"})
	if want := []string{"example.com/v2/p.T", "p.T"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
