package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestShrink: of any list those elements remain that are needed together, and no others.
func TestShrink(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		list := r.Perm(1 + r.IntN(60))
		needed := slices.Clone(list[:r.IntN(min(5, len(list))+1)])
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		calls := 0
		s := Shrinker[int]{Most: 100000, Fails: func(l []int) bool {
			calls++
			for _, n := range needed {
				if !slices.Contains(l, n) {
					return false
				}
			}
			return true
		}}
		before := slices.Clone(list)
		got := s.Shrink(list)
		if !slices.Equal(list, before) {
			t.Fatal("the list itself was changed")
		}
		if calls != s.Runs {
			t.Fatalf("%d runs counted, %d made", s.Runs, calls)
		}
		if at := places(list, got); !slices.IsSorted(at) {
			t.Fatalf("seed %d: another order: %v of %v", seed, got, list)
		}
		slices.Sort(got)
		slices.Sort(needed)
		if !slices.Equal(got, needed) {
			t.Fatalf("seed %d: %v, want %v", seed, got, needed)
		}
		if limit := 1 + 8*(len(needed)+1)*(len(needed)+8); calls > limit {
			t.Errorf("seed %d: %d runs for %d of %d, want at most %d", seed, calls, len(needed), len(list), limit)
		}
	}
}

// places are where in a list the elements of a part of it stand.
func places(list, part []int) (at []int) {
	for _, n := range part {
		at = append(at, slices.Index(list, n))
	}
	return at
}

// TestShrinkOddly: whatever fails, the result fails, and no element of it can be left out
// alone; predicates need not be monotonous.
func TestShrinkOddly(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := make([]int, 2+r.IntN(30))
		for i := range list {
			list[i] = r.IntN(100)
		}
		modulus := 2 + r.IntN(5)
		odd := func(l []int) bool {
			sum := 0
			for _, n := range l {
				sum += n
			}
			return len(l) > 0 && sum%modulus == 0
		}
		if !odd(list) {
			continue
		}
		s := Shrinker[int]{Most: 100000, Fails: odd}
		got := s.Shrink(list)
		if !odd(got) {
			t.Fatalf("seed %d: %v does not fail", seed, got)
		}
		for i := range got {
			if odd(slices.Delete(slices.Clone(got), i, i+1)) {
				t.Fatalf("seed %d: of %v the element %d can be left out", seed, got, got[i])
			}
		}
	}
}

// TestSimpler: elements that remain are made simpler as far as that fails.
func TestSimpler(t *testing.T) {
	t.Parallel()
	s := Shrinker[int]{
		Most: 1000,
		Simpler: func(n int) []int {
			if n <= 0 {
				return nil
			}
			return []int{n / 2, n - 1}
		},
		Fails: func(l []int) bool {
			return slices.ContainsFunc(l, func(n int) bool { return n >= 13 }) && slices.ContainsFunc(l, func(n int) bool { return n < 0 })
		},
	}
	if got := s.Shrink([]int{5, 1000, 6, -1, 7, 2000}); !slices.Equal(got, []int{-1, 13}) && !slices.Equal(got, []int{13, -1}) {
		t.Errorf("got %v", got)
	}
}

// TestShrinkIsBounded: not one run more is made than may be, and what is returned has failed.
func TestShrinkIsBounded(t *testing.T) {
	t.Parallel()
	list := rand.New(rand.NewPCG(1, 1)).Perm(64)
	for most := range 80 {
		var last []int
		s := Shrinker[int]{Most: most, Simpler: func(n int) []int { return []int{n - 1} }}
		calls := 0
		s.Fails = func(l []int) bool {
			calls++
			if slices.Contains(l, 3) && slices.Contains(l, 60) {
				last = slices.Clone(l)
				return true
			}
			return false
		}
		got := s.Shrink(list)
		if last == nil {
			last = list
		}
		if calls > most || !slices.Equal(got, last) {
			t.Fatalf("%d runs of %d; %v, want %v", calls, most, got, last)
		}
	}
	if got := (&Shrinker[int]{Most: 10, Fails: func([]int) bool { return true }}).Shrink(list); len(got) != 0 {
		t.Errorf("what fails without any needs %v", got)
	}
}
