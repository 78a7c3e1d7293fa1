// Package search is what a search for failures needs beside something to try: ways to draw that
// find more in fewer runs, and a way to make small what has been found.
//
// It knows nothing of what it searches: to it a program is a function that fails or does not.
package search

import "slices"

// Shrinker makes lists small that have something fail.
type Shrinker[T any] struct {
	Fails   func([]T) bool // tries a list; must not keep it
	Simpler func(T) []T    // what an element might be replaced with, the simplest first; nil: nothing
	Most    int            // how often Fails may be called
	Runs    int            // how often it was
}

// Shrink returns a list made from one that fails, by leaving elements out (delta debugging, as
// Zeller's ddmin) and then by making those that remain simpler, which fails, too. With runs
// enough none of its elements could be left out alone.
func (s *Shrinker[T]) Shrink(list []T) []T {
	list = slices.Clone(list)
	if len(list) == 0 || s.fails(nil) {
		return nil
	}
	for {
		list = s.leaveOut(list)
		var simpler bool
		if list, simpler = s.simplify(list); !simpler {
			return list
		}
	}
}

// fails tries a list, as long as it may.
func (s *Shrinker[T]) fails(list []T) bool {
	if s.Runs >= s.Most {
		return false
	}
	s.Runs++
	return s.Fails(list)
}

// leaveOut leaves parts out, large ones first.
func (s *Shrinker[T]) leaveOut(list []T) []T {
	for parts := 2; len(list) >= 2; {
		size := (len(list) + parts - 1) / parts
		smaller := s.part(list, size)
		switch {
		case smaller != nil:
			// Of a part that fails alone the halves are next; of a rest, parts of the same size.
			if parts = max(2, min(parts-1, len(smaller))); len(smaller) == size {
				parts = 2
			}
			list = smaller
		case size == 1:
			return list
		default:
			parts = min(2*parts, len(list))
		}
	}
	return list
}

// part finds a part of the list of that size that fails alone, or else one that can be left
// out; nil if there is none.
func (s *Shrinker[T]) part(list []T, size int) []T {
	for from := 0; from < len(list) && 2*size < len(list)+size; from += size {
		if one := list[from:min(from+size, len(list))]; len(one) < len(list) && s.fails(one) {
			return slices.Clone(one)
		}
	}
	if 2*size >= len(list) {
		return nil // what would be left has been tried
	}
	for from := 0; from < len(list); from += size {
		rest := slices.Delete(slices.Clone(list), from, min(from+size, len(list)))
		if s.fails(rest) {
			return rest
		}
	}
	return nil
}

// simplify replaces elements with simpler ones.
func (s *Shrinker[T]) simplify(list []T) ([]T, bool) {
	if s.Simpler == nil {
		return list, false
	}
	any := false
	for i := range list {
		for again := true; again; {
			again = false
			for _, simpler := range s.Simpler(list[i]) {
				changed := slices.Clone(list)
				changed[i] = simpler
				if s.fails(changed) {
					list, any, again = changed, true, true
					break
				}
			}
		}
	}
	return list, any
}
