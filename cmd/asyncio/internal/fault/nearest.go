package fault

import "strings"

// DidYouMean is the end of an error about a word that nobody knows: the nearest of
// those that are known, if one is near; prefix is what stands before each of them.
func DidYouMean(word, prefix string, known []string) string {
	if best := nearest(word, known); best != "" {
		return " (did you mean " + prefix + best + "?)"
	}
	return ""
}

// nearest is the word that takes the fewest slips to become, the first of several;
// a third of its letters may be wrong, or it may not be typed to its end.
func nearest(word string, known []string) string {
	best, fewest := "", len(word)
	word = strings.ToLower(word)
	for _, k := range known {
		n := slips(word, k)
		if len(word) > 1 && strings.HasPrefix(k, word) {
			n = 1
		}
		if n < fewest && n <= (max(len(word), len(k))+2)/3 {
			best, fewest = k, n
		}
	}
	return best
}

// slips is how many letters must be put in, left out, replaced or swapped with
// their neighbours to make b of a: the distance of optimal string alignment.
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			wrong := 1
			if a[i] == b[j] {
				wrong = 0
			}
			row[j+1] = min(last[j]+wrong, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
