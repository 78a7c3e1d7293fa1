package conformance

import (
	"strings"
	"testing"
)

func TestExpected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		list  string
		tests []string
		want  string // a word of the complaint; none: all is as expected
	}{
		{"as listed", "p B because\np S/* because\n", []string{"pass A", "fail B", "fail S", "fail S/a", "fail S/b"}, ""},
		{"nothing listed, nothing fails", "# none\n\n", []string{"pass A", "skip B"}, ""},
		{"not listed", "p B because\n", []string{"fail A", "fail B"}, "not listed: p A"},
		{"of another package", "q B because\n", []string{"fail B"}, "not listed: p B"},
		{"passes", "p A because\np B because\n", []string{"pass A", "fail B"}, "does not fail: p A"},
		{"skipped", "p A because\n", []string{"skip A"}, "does not fail: p A"},
		{"one of a pattern passes", "p S/* because\n", []string{"fail S", "fail S/a", "pass S/b"}, "does not fail: p S/b"},
		{"was not run", "p B because\n", []string{"pass A"}, "no such test failed: p B"},
		{"did not end", "", []string{"output A"}, "did not end: p A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x, err := ReadExpected(strings.NewReader(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			good := x.Check(results(t, tt.tests...), "m", &b)
			if good != (tt.want == "") || !strings.Contains(b.String(), tt.want) {
				t.Errorf("%v: %s", good, b.String())
			}
		})
	}
}

// TestExpectedCannotBeAPackage: one that was killed names no test.
func TestExpectedCannotBeAPackage(t *testing.T) {
	t.Parallel()
	r := NewResults()
	if err := r.Read(strings.NewReader(`{"Action":"fail","Package":"m/p"}`)); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if (&Expected{}).Check(r, "m", &b) || !strings.Contains(b.String(), "as a whole: m/p") {
		t.Error(b.String())
	}
	if (&Expected{}).Check(NewResults(), "m", &b) {
		t.Error("nothing was run, and that is good")
	}
}

func TestExpectedRefuses(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"p B", "p [ because"} {
		if _, err := ReadExpected(strings.NewReader(list)); err == nil {
			t.Errorf("%q is accepted", list)
		}
	}
}
