package results

import (
	"slices"
	"strings"
)

// Replace puts the shapes that a later run has measured, and what it has skipped of them, in the
// place of those that are here. When and how that run was made is kept beside.
func (r *Results) Replace(later *Results) {
	var names []string
	for _, s := range later.Shapes {
		names = append(names, s.Name)
	}
	r.Shapes = slices.DeleteFunc(r.Shapes, func(s Shape) bool { return slices.Contains(names, s.Name) })
	r.Shapes = append(r.Shapes, later.Shapes...)
	r.Skipped = slices.DeleteFunc(r.Skipped, func(s Skipped) bool { return slices.Contains(names, s.shape()) })
	for _, s := range later.Skipped {
		if slices.Contains(names, s.shape()) {
			r.Skip(s.What, s.Why)
		}
	}
	var also []Added
	for _, a := range r.Also {
		a.Shapes = slices.DeleteFunc(a.Shapes, func(name string) bool { return slices.Contains(names, name) })
		if len(a.Shapes) > 0 {
			also = append(also, a)
		}
	}
	r.Also = append(also, Added{names, later.Taken})
}

// shape is the name of the shape of which something was skipped.
func (s Skipped) shape() string {
	name, _, _ := strings.Cut(s.What, ":")
	return name
}
