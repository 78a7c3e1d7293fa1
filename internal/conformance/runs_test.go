package conformance

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// onWindows is a catalogue with rows that must be proven on Windows, one of them
// nowhere else, and its score.
func onWindows(t *testing.T, runs map[Run]*Results) (*Report, *Catalogue) {
	t.Helper()
	c, err := catalogue(t,
		"backends.tsv", "match\tbackends\twhy\nio\tepoll,windows-select,iocp\tsockets\npure.001.order\tiocp\tonly there\n",
		"threshold.tsv", "what\tproven\npure\t1\non iocp\t2\nin windows\t2\n",
		"suites.tsv", "suite\tfolder\ttests\tbackends\nall\tp\tT/\tepoll,iocp\n")
	if err != nil {
		t.Fatal(err)
	}
	return c.Score(runs), c
}

func standings(r *Report) map[string]string {
	m := map[string]string{}
	for _, row := range r.Rows {
		m[row.ID] = strings.TrimSpace(string(row.Standing) + " " + strings.Join(row.Lacks, ","))
	}
	return m
}

func TestWindowsRun(t *testing.T) {
	t.Parallel()
	native := results(t, "pass T/epoll/io.001.read", "pass T/select/io.002a.write", "pass T/iocp/pure.001.order")
	t.Run("absent", func(t *testing.T) {
		t.Parallel()
		r, c := onWindows(t, map[Run]*Results{Native: native})
		want := map[string]string{
			"io.001.read": "proven", "io.002a.write": "partly epoll", "pure.001.order": "not run",
			"pure.002.later": "waiting", "pure.003.never": "not met",
		}
		if got := standings(r); !reflect.DeepEqual(got, want) {
			t.Errorf("standings %v, want %v", got, want)
		}
		if got := r.Complaints(c); len(got) != 0 {
			t.Errorf("complaints %q", got)
		}
		var b strings.Builder
		r.Print(&b)
		if !strings.Contains(b.String(), "NOT CHECKED: there are no results of the windows run; nothing is said of windows-select, iocp\n") {
			t.Errorf("printed:\n%s", b.String())
		}
		if err := c.RaiseThresholds(r); err != nil || c.Thresholds["on iocp"] != 2 || c.Thresholds["in windows"] != 2 {
			t.Errorf("thresholds %v, %v", c.Thresholds, err)
		}
	})
	t.Run("present", func(t *testing.T) {
		t.Parallel()
		r, c := onWindows(t, map[Run]*Results{
			Native:  native,
			Windows: results(t, "pass T/select/io.001.read", "pass T/iocp/io.001.read", "pass T/iocp/pure.001.order"),
		})
		want := map[string]string{
			"io.001.read": "proven", "io.002a.write": "partly epoll,windows-select,iocp", "pure.001.order": "proven",
			"pure.002.later": "waiting", "pure.003.never": "not met",
		}
		if got := standings(r); !reflect.DeepEqual(got, want) {
			t.Errorf("standings %v, want %v", got, want)
		}
		if got, want := r.ByBackend(), []BackendScore{{"epoll", 2, 1}, {"windows-select", 2, 1}, {"iocp", 3, 2}}; !reflect.DeepEqual(got, want) {
			t.Errorf("by backend %v, want %v", got, want)
		}
		if r.InRun[Windows] != 2 || r.InRun[Native] != 3 {
			t.Errorf("in runs %v", r.InRun)
		}
		if got := r.Complaints(c); len(got) != 0 {
			t.Errorf("complaints %q", got)
		}
	})
	t.Run("fallen", func(t *testing.T) {
		t.Parallel()
		r, c := onWindows(t, map[Run]*Results{Native: native, Windows: results(t, "pass T/select/io.001.read")})
		want := []string{
			"pure: 0 rows proven, 1 were proven before",
			"on iocp: 0 rows proven, 2 were proven before",
			"in windows: 1 rows proven, 2 were proven before",
			"all on iocp: not run",
		}
		if got := r.Complaints(c); !reflect.DeepEqual(got, want) {
			t.Errorf("complaints %q, want %q", got, want)
		}
	})
}

func TestExcuse(t *testing.T) {
	t.Parallel()
	x, err := ReadExpected(strings.NewReader("p T/a Wine\np T/b/* Wine\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := results(t, "fail T", "fail T/a", "fail T/b", "fail T/b/x", "fail T/b/y", "fail U", "fail U/a", "fail V", "pass V/a")
	x.Excuse(r, Module)
	var failed []string
	for _, name := range r.names() {
		if r.tests[name].failed {
			failed = append(failed, name.Test)
		}
	}
	if want := []string{"U", "U/a", "V"}; !slices.Equal(failed, want) {
		t.Errorf("%q still count as failed, want %q", failed, want)
	}
}

func TestSuites(t *testing.T) {
	t.Parallel()
	c, err := catalogue(t, "suites.tsv", "suite\tfolder\ttests\tbackends\nall\tp\tT/\tselect,epoll,uring,iocp\n")
	if err != nil {
		t.Fatal(err)
	}
	r := c.Score(native(t, "pass T/select/a", "fail T/epoll/a", "pass T/epoll/b", "skip T/uring/a", "pass U/uring/a"))
	want := map[string]Verdict{"select": Passes, "epoll": Fails, "uring": NotRun}
	if len(r.Suites) != 1 || !reflect.DeepEqual(r.Suites[0].On, want) {
		t.Errorf("suites %+v, want %v", r.Suites, want)
	}
	complaints := r.Complaints(c)
	for _, s := range []string{"all on epoll: fails", "all on uring: not run"} {
		if !slices.Contains(complaints, s) {
			t.Errorf("complaints %q lack %q", complaints, s)
		}
	}
}
