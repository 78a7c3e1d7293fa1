package fault

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"listen", "loop", "loops", "grace", "quiet"}
	for word, want := range map[string]string{
		"lisen": "listen", "listne": "listen", "LISTEN": "listen", "lop": "loop", "loopss": "loops",
		"q": "", "qu": "quiet", "gr": "grace", "": "", "x": "", "verbose": "", "selector": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"abc", "abcd", 1}, {"abc", "xbc", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3}, {"kitten", "sitting", 3},
	} {
		if got := slips(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
