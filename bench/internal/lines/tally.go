package lines

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tally adds up which lines of which objects are touched.
type tally struct {
	program Program
	objects map[Object]*touchedObject
}

// touchedObject is an object, with who touches it.
type touchedObject struct {
	lines   float64         // over all turns
	words   map[uint64]bool // of 8 bytes, by offset
	touches map[uint64]int  // by instruction
}

// objectKind are objects of one description.
type objectKind struct {
	lines float64
	words map[uint64]string // by offset; the field's name
	typed bool
	where map[string]map[string]bool // lines of source by function
}

func newTally(p Program) *tally { return &tally{p, make(map[Object]*touchedObject)} }

// add enters those lines of a turn that count.
func (t *tally) add(turn *Turn, counts func(line uint64) bool) {
	type part struct{ line, base uint64 }
	seen := make(map[part]bool)
	for touch := range turn.touches {
		if !counts(touch.line()) {
			continue
		}
		object := t.program.Object(touch.address)
		o := t.objects[object]
		if o == nil {
			o = &touchedObject{words: make(map[uint64]bool), touches: make(map[uint64]int)}
			t.objects[object] = o
		}
		o.touches[touch.pc]++
		if p := (part{touch.line(), object.Base}); !seen[p] {
			seen[p] = true
			o.lines++
		}
		for at := touch.address &^ 7; at < touch.address+uint64(touch.size); at += 8 {
			o.words[at-object.Base] = true
		}
	}
}

// result is what was entered, by the kind of object, the most first.
func (t *tally) result(messages int) []ObjectLines {
	kinds := make(map[string]*objectKind)
	for object, o := range t.objects {
		first, methods, where := t.who(o)
		name, field := t.program.Type(object, methods)
		description := object.describe() + ", " + name
		if name == "" {
			description = object.describe() + ", in " + short(first)
		}
		k := kinds[description]
		if k == nil {
			k = &objectKind{words: make(map[uint64]string), where: make(map[string]map[string]bool), typed: name != ""}
			kinds[description] = k
		}
		k.lines += o.lines
		for offset := range o.words {
			if object.Size > 0 {
				k.words[offset] = field(offset)
			}
		}
		for function, sources := range where {
			if k.where[function] == nil {
				k.where[function] = make(map[string]bool)
			}
			maps.Copy(k.where[function], sources)
		}
	}
	all := make([]ObjectLines, 0, len(kinds))
	for description, k := range kinds {
		all = append(all, ObjectLines{description, k.lines / float64(messages), k.bytes(), k.who()})
	}
	slices.SortFunc(all, func(a, b ObjectLines) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Object, b.Object))
	})
	return all
}

// who touches an object: the function that does it most, those that do it themselves, and lines of source.
func (t *tally) who(o *touchedObject) (first string, methods []string, where map[string]map[string]bool) {
	times, itself := make(map[string]int), make(map[string]bool)
	where = make(map[string]map[string]bool)
	for pc, n := range o.touches {
		function, source, inlined := t.program.Where(pc)
		times[function] += n
		itself[function] = itself[function] || !inlined
		if where[function] == nil {
			where[function] = make(map[string]bool)
		}
		where[function][source] = true
	}
	all := slices.SortedFunc(maps.Keys(times), func(a, b string) int { return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b)) })
	first = all[0]
	return first, slices.DeleteFunc(all, func(function string) bool { return !itself[function] }), where
}

// bytes tells the fields that are touched, or the runs of bytes where no fields are known.
func (k *objectKind) bytes() []string {
	var all []string
	offsets := slices.Sorted(maps.Keys(k.words))
	for i := 0; i < len(offsets); {
		first := i
		for i++; !k.typed && i < len(offsets) && offsets[i] == offsets[i-1]+8; i++ {
		}
		if k.typed {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s", offsets[first], k.words[offsets[first]])))
		} else {
			all = append(all, fmt.Sprintf("%d-%d", offsets[first], offsets[i-1]+7))
		}
	}
	return all
}

// who tells functions with their lines of source.
func (k *objectKind) who() []string {
	var all []string
	for _, function := range slices.Sorted(maps.Keys(k.where)) {
		text, file := short(function), ""
		for _, source := range slices.Sorted(maps.Keys(k.where[function])) {
			name, line, _ := strings.Cut(source, ":")
			switch {
			case source == "":
			case name == file:
				text += "," + line
			default:
				text += " " + source
			}
			file = name
		}
		all = append(all, text)
	}
	return all
}

// describe tells an object's size and place.
func (o Object) describe() string {
	if o.Size == 0 {
		return o.Region
	}
	return fmt.Sprintf("%d B of %s", o.Size, o.Region)
}
