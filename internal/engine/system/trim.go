package system

import "maps"

// trimFrom is how many entries a table has had at least that is made smaller.
const trimFrom = 1024

// Trim makes an engine's table of descriptors small again when most of what it has had has left
// it: a map of Go's keeps the memory of the most that it ever had.
type Trim[V any] struct{ most int }

// After returns the table to go on with, after something was deleted. The copy costs as much as an
// eighth of the deletions before it.
func (t *Trim[V]) After(m map[uintptr]V) map[uintptr]V {
	t.most = max(t.most, len(m)+1)
	if t.most < trimFrom || len(m) > t.most/8 {
		return m
	}
	t.most = len(m)
	next := make(map[uintptr]V, len(m))
	maps.Copy(next, m)
	return next
}
