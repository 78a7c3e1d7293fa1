package conformance

import (
	"fmt"
	"strings"
	"testing"
)

func TestRepeats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		list  string
		tests []string
		want  string
	}{
		{"nothing", "", []string{"pass A", "skip B"}, ""},
		{"as listed", "p S/a because\n", []string{"pass A", "fail S", "fail S/a"}, ""},
		{"not listed", "p B because\n", []string{"fail A", "fail B", "pass C"}, "p ^(A)$"},
		{"a subtest", "", []string{"fail S", "fail S/a", "pass S/b", "fail T"}, "p ^(S|T)$"},
		{"listed beside one that is not", "p S/a because\n", []string{"fail S", "fail S/a", "fail S/b"}, "p ^(S)$"},
		{"did not end", "", []string{"fail A", "output B"}, "p ."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x, err := ReadExpected(strings.NewReader(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range x.Repeats(results(t, tt.tests...), "m") {
				got = append(got, r.Package+" "+r.Pattern())
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// TestRepeatsOfAPackage: what was killed before any test is run as a whole.
func TestRepeatsOfAPackage(t *testing.T) {
	t.Parallel()
	r := NewResults()
	if err := r.Read(strings.NewReader(`{"Action":"fail","Package":"m/p"}`)); err != nil {
		t.Fatal(err)
	}
	if got := (&Expected{}).Repeats(r, "m"); len(got) != 1 || got[0].Pattern() != "." {
		t.Errorf("got %v", got)
	}
}

func TestCopyWithout(t *testing.T) {
	t.Parallel()
	var events strings.Builder
	for _, name := range []string{"m/p A", "m/p A/a", "m/p B", "m/p ", "m/q A", "m/q "} {
		pkg, test, _ := strings.Cut(name, " ")
		fmt.Fprintf(&events, `{"Action":"fail","Package":%q,"Test":%q}`+"\n", pkg, test)
	}
	events.WriteString("what the go command says\n")
	for _, tt := range []struct {
		repeat *Repeat
		want   int // lines
	}{
		{&Repeat{Package: "m/p", tests: map[string]bool{"A": true}}, 4},
		{&Repeat{Package: "m/p", all: true}, 3},
		{&Repeat{Package: "m/r", all: true}, 7},
	} {
		var rest strings.Builder
		if err := CopyWithout(&rest, strings.NewReader(events.String()), []*Repeat{tt.repeat}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(rest.String(), "\n"); got != tt.want {
			t.Errorf("without %v %s: %d lines, want %d:\n%s", tt.repeat.Package, tt.repeat.Pattern(), got, tt.want, rest.String())
		}
	}
}
