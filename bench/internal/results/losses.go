package results

import (
	"cmp"
	"slices"
	"strings"
)

// Loss is a cell in which one of ours needs more than somebody else.
type Loss struct {
	Shape, Cell, Measure, Contender string
	To                              []Behind // the worst first
}

// Behind is who needs less, and how many times as much we need.
type Behind struct {
	Contender string
	Ratio     Spread
}

// Ours tells whether a contender is one of this library's.
func Ours(contender string) bool {
	return strings.HasPrefix(contender, "asyncio") || slices.Contains([]string{"Sleep0", "Future", "FutureMadeInTurn"}, contender)
}

// Bare tells whether a contender is no more than the system's calls: a bare loop in C or Go, or a
// bare coroutine switch. Whatever offers more needs more.
func Bare(contender string) bool {
	return strings.HasPrefix(contender, "c-") || contender == "rawepoll" || contender == "iter.Pull"
}

// least is by how much the median must exceed the other's, and the lower quartile must lie above
// it: what differs by less has not been told apart.
const least = 1.01

// Lost tells whether a ratio is a loss and no noise.
func Lost(s Spread) bool { return s.N > 0 && s.Median >= least && s.Low > 1 }

// headlines are the measures by which a shape is won or lost.
func headlines(shape, cell string) []string {
	switch shape {
	case "instructions":
		return []string{Instructions}
	case "system calls":
		return []string{Calls}
	case "memory":
		return []string{Untouched, Used}
	case "primitives":
		return []string{Operation}
	}
	if strings.HasPrefix(cell, "1x") {
		return []string{CPU, P50, P99}
	}
	return []string{CPU}
}

// Losses are all cells that are lost to others that are as against holds, the worst first.
func (r *Results) Losses(against func(contender string) bool) []Loss {
	var all []Loss
	for _, s := range r.Shapes {
		for _, c := range s.Cells {
			for _, measure := range headlines(s.Name, c.Name) {
				for _, row := range c.Rows {
					if !Ours(row.Contender) {
						continue
					}
					if to := c.behind(row.Contender, measure, against); len(to) > 0 {
						all = append(all, Loss{s.Name, c.Name, measure, row.Contender, to})
					}
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Loss) int { return cmp.Compare(b.To[0].Ratio.Median, a.To[0].Ratio.Median) })
	return all
}

// behind are those that one of ours loses to.
func (c *Cell) behind(ours, measure string, against func(string) bool) (to []Behind) {
	for _, other := range c.Rows {
		if Ours(other.Contender) || !against(other.Contender) {
			continue
		}
		if ratio := c.Ratio(ours, other.Contender, measure); Lost(ratio) {
			to = append(to, Behind{other.Contender, ratio})
		}
	}
	slices.SortStableFunc(to, func(a, b Behind) int { return cmp.Compare(b.Ratio.Median, a.Ratio.Median) })
	return to
}

// Compared is how many pairs of one of ours and another were compared, by the same rule.
func (r *Results) Compared(against func(contender string) bool) (pairs int) {
	for _, s := range r.Shapes {
		for _, c := range s.Cells {
			for _, measure := range headlines(s.Name, c.Name) {
				for _, a := range c.Rows {
					for _, b := range c.Rows {
						if Ours(a.Contender) && !Ours(b.Contender) && against(b.Contender) && c.Ratio(a.Contender, b.Contender, measure).N > 0 {
							pairs++
						}
					}
				}
			}
		}
	}
	return pairs
}
