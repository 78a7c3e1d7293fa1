package results

import "slices"

// Spread is a median, and the quartiles between which half of the rounds lie.
type Spread struct {
	Median, Low, High float64
	N                 int // rounds, 0 if there is no figure
}

// Of is the spread of values.
func Of(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Spread{quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75), len(sorted)}
}

// quantile interpolates between the two values next to its place.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	part := at - float64(below)
	return sorted[below]*(1-part) + sorted[below+1]*part
}

// Spread is that of a measure, of no rounds if the row has none of it.
func (r *Row) Spread(measure string) Spread {
	if r == nil {
		return Spread{}
	}
	return Of(r.Values[measure])
}

// Ratio is the spread of a contender's figures as multiples of another's, round by round, so that
// what slowed both in a round cancels out. There is none where the rounds do not match.
func (c *Cell) Ratio(contender, to, measure string) Spread {
	a, b := c.Row(contender), c.Row(to)
	if a == nil || b == nil || len(a.Values[measure]) != len(b.Values[measure]) {
		return Spread{}
	}
	var ratios []float64
	for i, v := range a.Values[measure] {
		if b.Values[measure][i] <= 0 {
			return Spread{}
		}
		ratios = append(ratios, v/b.Values[measure][i])
	}
	return Of(ratios)
}
