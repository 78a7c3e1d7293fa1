package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// status is how a command ended.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
func (s status) ExitCode() int { return int(s) }

// eventsOf are the events of package m/p with tests given as "action name"; the last word
// is how the package ended, and "" that it did not.
func eventsOf(tests []string, ended string) string {
	var b strings.Builder
	for _, s := range tests {
		action, name, _ := strings.Cut(s, " ")
		fmt.Fprintf(&b, `{"Action":"output","Package":"m/p","Test":%q,"Output":"said by %s\n"}`+"\n", name, name)
		if action != "output" {
			fmt.Fprintf(&b, `{"Action":%q,"Package":"m/p","Test":%q}`+"\n", action, name)
		}
	}
	if ended != "" {
		fmt.Fprintf(&b, `{"Action":"output","Package":"m/p","Output":"%s m/p\n"}`+"\n"+`{"Action":%q,"Package":"m/p"}`+"\n", ended, ended)
	}
	return b.String()
}

// run is what one run of the tests prints, and how it ends.
type run struct {
	events string
	err    error
}

func TestTwice(t *testing.T) {
	t.Parallel()
	six := []string{"fail A", "fail B", "fail C", "fail D", "fail E", "fail F"}
	race := `{"Action":"output","Package":"m/p","Test":"A","Output":"WARNING: DATA RACE\n"}` + "\n"
	broken := `{"Action":"output","Package":"m/p","Output":"panic: broken invariant: one owner\n"}` + "\n"
	unbuilt := `{"Action":"build-fail","ImportPath":"m/p [m/p.test]"}` + "\n" + `{"Action":"fail","Package":"m/p"}` + "\n"
	for _, tt := range []struct {
		name   string
		list   string
		runs   []run // none after the last may be asked for
		good   bool
		want   []string // lines, or their beginnings, of what is printed; the last is the last
		again  string   // the arguments of the second run
		events string   // what must be in the events; "" for nothing more
		not    string   // what must not be there
	}{
		{name: "passes", runs: []run{{eventsOf([]string{"pass A"}, "pass"), nil}}, good: true,
			want: []string{"1 passed, 0 failed, 0 skipped"}},
		{name: "fails once", good: true, again: "-run ^(S)$ m/p", events: `"Action":"pass","Package":"m/p","Test":"S/a"`, not: `"Action":"fail"`,
			runs: []run{{eventsOf([]string{"pass A", "fail S/a", "fail S"}, "fail"), status(1)}, {eventsOf([]string{"pass S/a", "pass S"}, "pass"), nil}},
			want: []string{"FAILED ONCE, run again: p S/a", "said by S/a", "-- with the second run", "2 passed, 0 failed, 0 skipped; FAILED ONCE, RUN TWICE: p S/a"}},
		{name: "fails twice", again: "-run ^(A)$ m/p",
			runs: []run{{eventsOf([]string{"fail A", "pass B"}, "fail"), status(1)}, {eventsOf([]string{"fail A"}, "fail"), status(1)}},
			want: []string{"fails and is not listed: p A", "1 passed, 1 failed, 0 skipped; FAILED ONCE, RUN TWICE: p A"}},
		{name: "another one fails the second time", again: "-run ^(S)$ m/p",
			runs: []run{{eventsOf([]string{"fail S/a", "pass S/b", "fail S"}, "fail"), status(1)}, {eventsOf([]string{"pass S/a", "fail S/b", "fail S"}, "fail"), status(1)}},
			want: []string{"fails and is not listed: p S/b", "1 passed, 1 failed, 0 skipped; FAILED ONCE, RUN TWICE: p S/a"}},
		{name: "panics once", good: true, again: "-run . m/p",
			runs: []run{{eventsOf([]string{"pass A", "output B"}, "fail"), status(1)}, {eventsOf([]string{"pass A", "pass B"}, "pass"), nil}},
			want: []string{"--- did not end: m/p B", "2 passed, 0 failed, 0 skipped; FAILED ONCE, RUN TWICE: p as a whole"}},
		{name: "panics twice", again: "-run . m/p",
			runs: []run{{eventsOf([]string{"output B"}, "fail"), status(1)}, {eventsOf([]string{"output B"}, "fail"), status(1)}},
			want: []string{"did not end: p B", "0 passed, 0 failed, 0 skipped; FAILED ONCE, RUN TWICE: p as a whole"}},
		{name: "as listed", list: "p A because\n", good: true,
			runs: []run{{eventsOf([]string{"fail A", "pass B"}, "fail"), status(1)}}, want: []string{"1 passed, 1 failed, 0 skipped; what failed is listed"}},
		{name: "listed and passes", list: "p A because\n",
			runs: []run{{eventsOf([]string{"pass A"}, "pass"), nil}}, want: []string{"listed, but does not fail: p A", "1 passed, 0 failed, 0 skipped"}},
		{name: "too many", runs: []run{{eventsOf(six, "fail"), status(1)}},
			want: []string{"NOT RUN AGAIN, for it stands: 6 tests failed, which is more than 5", "0 passed, 6 failed, 0 skipped"}},
		{name: "a race", runs: []run{{race + eventsOf([]string{"fail A"}, "fail"), status(1)}},
			want: []string{`NOT RUN AGAIN, for it stands: m/p A: "WARNING: DATA RACE"`, "0 passed, 1 failed, 0 skipped"}},
		{name: "a broken invariant", runs: []run{{broken + eventsOf([]string{"output A"}, "fail"), status(1)}},
			want: []string{`NOT RUN AGAIN, for it stands: m/p: "broken invariant:"`, "0 passed, 0 failed, 0 skipped"}},
		{name: "does not build", runs: []run{{unbuilt, status(1)}},
			want: []string{"NOT RUN AGAIN, for it stands: m/p [m/p.test] does not build", "0 passed, 0 failed, 0 skipped"}},
		{name: "killed", runs: []run{{eventsOf([]string{"fail A"}, ""), status(124)}},
			want: []string{"the tests did not come to their end: exit status 124", "0 passed, 1 failed, 0 skipped"}},
		{name: "killed before anything failed", runs: []run{{eventsOf([]string{"pass A"}, ""), status(124)}},
			want: []string{"the tests did not come to their end: exit status 124", "1 passed, 0 failed, 0 skipped"}},
		{name: "killed the second time", again: "-run ^(A)$ m/p",
			runs: []run{{eventsOf([]string{"fail A"}, "fail"), status(1)}, {eventsOf([]string{"pass A"}, ""), status(124)}},
			want: []string{"the tests did not come to their end: exit status 124", "1 passed, 0 failed, 0 skipped; FAILED ONCE, RUN TWICE: p A"}},
		{name: "is not there the second time", again: "-run ^(A)$ m/p",
			runs: []run{{eventsOf([]string{"fail A"}, "fail"), status(1)}, {eventsOf(nil, "pass"), nil}},
			want: []string{"was not run again: m/p A", "0 passed, 0 failed, 0 skipped; FAILED ONCE, RUN TWICE: p A"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x, err := ReadExpected(strings.NewReader(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			var asked []string
			twice := Twice{Packages: []string{"./..."}, Module: "m", Expected: x, Limit: 5, Run: func(out io.Writer, arguments ...string) error {
				asked = append(asked, strings.Join(arguments, " "))
				if len(asked) > len(tt.runs) {
					return errors.New("no such run")
				}
				r := tt.runs[len(asked)-1]
				_, _ = io.WriteString(out, r.events)
				return r.err
			}}
			var events, report bytes.Buffer
			good, err := twice.Do(&events, &report)
			if err != nil || good != tt.good {
				t.Errorf("good %t, %v", good, err)
			}
			if want := strings.TrimSuffix("./...|"+tt.again, "|"); strings.Join(asked, "|") != want {
				t.Errorf("asked for %q, want %s", asked, want)
			}
			printed := "\n" + report.String()
			for _, line := range tt.want {
				if !strings.Contains(printed, "\n"+line) {
					t.Errorf("no line %q", line)
				}
			}
			if !strings.HasSuffix(printed, "\n"+tt.want[len(tt.want)-1]+"\n") {
				t.Errorf("the last line is not %q", tt.want[len(tt.want)-1])
			}
			if !strings.Contains(events.String(), tt.events) || tt.not != "" && strings.Contains(events.String(), tt.not) {
				t.Errorf("the events lack %s or have %q:\n%s", tt.events, tt.not, events.String())
			}
			if t.Failed() {
				t.Logf("printed:%s", printed)
			}
		})
	}
}
