package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// catalogue makes a small catalogue of two areas on disk and loads it. More
// files may be given as name, text pairs; they replace the ones made here.
func catalogue(t *testing.T, more ...string) (*Catalogue, error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // file by file: Wine 8 lacks what os.RemoveAll begins with
		newer, _ := filepath.Glob(filepath.Join(dir, newerFolder, "*"))
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range append(append(newer, files...), dir) {
			if err := os.Remove(name); err != nil {
				t.Error(err)
			}
		}
	})
	files := map[string]string{
		"io.tsv": "id\tsource\tbehaviour\tapplies\tgo_note\n" +
			"io.001.read\tx\treads\tyes\t\n" +
			"io.002a.write\tx\twrites\tadapt\tby hand\n" +
			"io.003.text\tx\ttext\tno\tPython-only\n",
		"pure.tsv": "id\tsource\tbehaviour\tapplies\tgo_note\n" +
			"pure.001.order\tx\tkeeps order\tyes\t\n" +
			"pure.002.later\tx\tcomes later\tyes\t\n" +
			"pure.003.never\tx\tcannot be\tyes\t\n",
		"backends.tsv": "match\tbackends\twhy\nio\tselect,epoll\tsockets\nio.002a.write\tepoll\tonly there\n",
		"exceptions.tsv": "id\tstate\treason\npure.002.later\twaiting\tdatagrams\n" +
			"pure.003.never\tunmet\tno such thing in Go\npure.001.order\totherwise\tanother queue\n",
		"threshold.tsv": "what\tproven\nio\t1\n",
	}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	if err := os.Mkdir(filepath.Join(dir, newerFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Load(dir)
}

// results are those of tests given as "action name".
func results(t *testing.T, tests ...string) *Results {
	t.Helper()
	var b strings.Builder
	b.WriteString("go: downloading something\n")
	for _, s := range tests {
		action, name, _ := strings.Cut(s, " ")
		fmt.Fprintf(&b, `{"Action":"run","Package":"p","Test":%q}`+"\n", name)
		fmt.Fprintf(&b, `{"Action":"output","Package":"p","Test":%q,"Output":"=== RUN %s\n"}`+"\n", name, name)
		fmt.Fprintf(&b, `{"Action":"output","Package":"p","Test":%q,"Output":"said by %s\n"}`+"\n", name, name)
		fmt.Fprintf(&b, `{"Action":%q,"Package":"p","Test":%q}`+"\n", action, name)
	}
	b.WriteString(`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}` + "\n" + `{"Action":"pass","Package":"p"}`)
	r := NewResults()
	if err := r.Read(strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	return r
}

// native are the results of a native run, and none of Windows.
func native(t *testing.T, tests ...string) map[Run]*Results {
	t.Helper()
	return map[Run]*Results{Native: results(t, tests...)}
}

func score(t *testing.T, tests ...string) (*Report, *Catalogue) {
	t.Helper()
	c, err := catalogue(t)
	if err != nil {
		t.Fatal(err)
	}
	return c.Score(native(t, tests...)), c
}

func TestStanding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		tests []string
		row   string
		want  Standing
		lacks []string
	}{
		{"no test", nil, "io.001.read", Missing, []string{"select", "epoll"}},
		{"every backend", []string{"pass T/select/io.001.read", "pass T/io.001.read/epoll"}, "io.001.read", Proven, nil},
		{"one backend", []string{"pass T/select/io.001.read"}, "io.001.read", Partly, []string{"epoll"}},
		{"backend is a whole element", []string{"pass T/io.001.read/select", "pass T/io.001.read/epoll2"}, "io.001.read", Partly, []string{"epoll"}},
		{"rule for a row", []string{"pass T/epoll/io.002a.write"}, "io.002a.write", Proven, nil},
		{"skipped leaf", []string{"pass T/select/io.001.read", "skip T/epoll/io.001.read"}, "io.001.read", Partly, []string{"epoll"}},
		{"only skipped subtests", []string{"pass T/pure.001.order", "skip T/pure.001.order/a"}, "pure.001.order", Missing, nil},
		{"parent and passing leaf", []string{"pass T/pure.001.order", "pass T/pure.001.order/a"}, "pure.001.order", Proven, nil},
		{"failing leaf", []string{"pass A/pure.001.order", "fail B/pure.001.order"}, "pure.001.order", Failing, nil},
		{"failing parent", []string{"pass T/pure.001.order/a", "fail T/pure.001.order"}, "pure.001.order", Failing, nil},
		{"passed once, failed once", []string{"pass T/pure.001.order", "fail T/pure.001.order"}, "pure.001.order", Failing, nil},
		{"suffix", []string{"pass T/pure.001.order_twice"}, "pure.001.order", Proven, nil},
		{"longer word", []string{"pass T/pure.001.ordering"}, "pure.001.order", Missing, nil},
		{"waiting", nil, "pure.002.later", Pending, nil},
		{"unmet", nil, "pure.003.never", NotMet, nil},
		{"waiting but proven", []string{"pass T/pure.002.later"}, "pure.002.later", Proven, nil},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			report, _ := score(t, tt.tests...)
			for _, row := range report.Rows {
				if row.ID == tt.row && (row.Standing != tt.want || !reflect.DeepEqual(row.Lacks, tt.lacks)) {
					t.Errorf("%s is %s, lacks %v; want %s, %v", tt.row, row.Standing, row.Lacks, tt.want, tt.lacks)
				}
			}
		})
	}
}

func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	report, _ := score(t, "pass T/pure.001.order", "pass T/select/io.001.read", "fail T/epoll/io.002a.write")
	total := report.Total()
	sum := 0
	for _, n := range total.Count {
		sum += n
	}
	if total.Applies != 5 || sum != 5 {
		t.Errorf("%d rows apply and %d are counted, want 5", total.Applies, sum)
	}
	if total.Proven != 1 || total.Otherwise != 1 {
		t.Errorf("%d proven, %d otherwise; want 1, 1", total.Proven, total.Otherwise)
	}
	want := []BackendScore{{"select", 1, 1}, {"epoll", 2, 0}}
	if got := report.ByBackend(); !reflect.DeepEqual(got, want) {
		t.Errorf("by backend: %v, want %v", got, want)
	}
}

func TestComplaints(t *testing.T) {
	t.Parallel()
	report, c := score(t, "fail T/io.001.read", "pass T/pure.002.later", "pass T/pure.009.typo", "pass T/127.0.0.1")
	want := []string{
		"io.001.read: a test that names it fails",
		"pure.002.later is proven; take its line (waiting) out of exceptions.tsv",
		"pure.009.typo in a test's name is no row",
		"io: 0 rows proven, 1 were proven before",
	}
	if got := report.Complaints(c); !reflect.DeepEqual(got, want) {
		t.Errorf("complaints:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThresholdsOnlyRise(t *testing.T) {
	t.Parallel()
	c, err := catalogue(t, "threshold.tsv", "what\tproven\nio\t2\npure\t0\non windows-select\t4\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RaiseThresholds(c.Score(native(t, "pass T/pure.001.order"))); err != nil {
		t.Fatal(err)
	}
	again, err := Load(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"io": 2, "pure": 1, "on windows-select": 4, "in native": 1}; !reflect.DeepEqual(again.Thresholds, want) {
		t.Errorf("thresholds %v, want %v", again.Thresholds, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, text, want string }{
		{"io.tsv", "id\tsource\tbehaviour\tapplies\tgo_note\nio.001.read\tx\ty\tperhaps\t\n", `applies is "perhaps"`},
		{"io.tsv", "id\tsource\tbehaviour\tapplies\tgo_note\npure.001.order\tx\ty\tyes\t\n", "pure.001.order stands twice"},
		{"io.tsv", "id\tsource\tbehaviour\n", "3 fields, want 5"},
		{"backends.tsv", "match\tbackends\twhy\nio\tselekt\t\n", `unknown backend "selekt"`},
		{"backends.tsv", "match\tbackends\twhy\nnowhere\tselect\t\n", "nowhere is no area and no row"},
		{"exceptions.tsv", "id\tstate\treason\nio.009.no\tunmet\tx\n", "io.009.no is no row"},
		{"exceptions.tsv", "id\tstate\treason\nio.003.text\tunmet\tx\n", "io.003.text does not apply"},
		{"exceptions.tsv", "id\tstate\treason\nio.001.read\tlater\tx\n", `state is "later"`},
		{"exceptions.tsv", "id\tstate\treason\nio.001.read\tunmet\t\n", "has no reason"},
		{"threshold.tsv", "what\tproven\nio\tmany\n", `"many" is no number`},
	} {
		_, err := catalogue(t, tt.file, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: error %v, want %q", tt.file, tt.text, err, tt.want)
		}
	}
}

// newerTables are an area that has rows from before, one that has none, and what is
// superseded.
var newerTables = []string{
	"v315/pure.tsv", "id\tsource\tbehaviour\tapplies\tgo_note\tsince\n" +
		"pure.701.order-anew\tx\tkeeps another order\tyes\t\t3.12\n" +
		"pure.702.text\tx\ttext\tno\tPython-only\t3.14\n",
	"v315/graph.tsv", "id\tsource\tbehaviour\tapplies\tgo_note\tsince\n" +
		"graph.701.gather\tx\tshows a gather\tadapt\tby hand\t3.14\n",
	"v315/superseded.tsv", "id\tsince\tby\twhy\n" +
		"pure.001.order\t3.12\tpure.701.order-anew\tanother order\n" +
		"pure.002.later\t3.13\t-\tgone\n",
	"exceptions.tsv", "id\tstate\treason\npure.003.never\tunmet\tno such thing in Go\n",
}

// TestNewerVersions: rows of newer versions join the area of their table, and a row
// that is superseded counts no more, whatever proves it.
func TestNewerVersions(t *testing.T) {
	t.Parallel()
	c, err := catalogue(t, newerTables...)
	if err != nil {
		t.Fatal(err)
	}
	report := c.Score(native(t, "pass T/pure.001.order", "pass T/pure.002.later", "pass T/pure.701.order-anew"))
	var got []string
	for _, a := range append(append(report.Areas, report.Total()), report.ByVersion()...) {
		got = append(got, fmt.Sprintf("%s %d/%d", a.Name, a.Proven, a.Applies))
	}
	if want := []string{"graph 0/1", "io 0/2", "pure 1/2", "total 1/5", "3.11 0/3", "3.12 1/1", "3.14 0/1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("proven and applying: %v, want %v", got, want)
	}
	want := []string{
		"pure.001.order in a test's name is superseded by pure.701.order-anew (superseded.tsv)",
		"pure.002.later in a test's name is superseded by nothing (superseded.tsv)",
		"io: 0 rows proven, 1 were proven before",
	}
	if got := report.Complaints(c); !reflect.DeepEqual(got, want) {
		t.Errorf("complaints:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNewerVersionsRefused(t *testing.T) {
	t.Parallel()
	const rows, over = "v315/pure.tsv", "v315/superseded.tsv"
	rowsHeader, overHeader := "id\tsource\tbehaviour\tapplies\tgo_note\tsince\n", "id\tsince\tby\twhy\n"
	for _, tt := range []struct{ file, text, want string }{
		{rows, "id\tsource\tbehaviour\tapplies\tgo_note\npure.701.a\tx\ty\tyes\t\n", "5 fields, want 6"},
		{rows, rowsHeader + "pure.701.a\tx\ty\tyes\t\t3.11\n", `since is "3.11"`},
		{rows, rowsHeader + "pure.001.order\tx\ty\tyes\t\t3.12\n", "pure.001.order stands twice"},
		{over, overHeader + "pure.009.x\t3.12\t-\tgone\n", "pure.009.x is no row"},
		{over, overHeader + "pure.001.order\t3.12\tpure.009.x\tgone\n", "pure.009.x, which is no row"},
		{over, overHeader + "pure.001.order\t3.12\t-\tgone\npure.001.order\t3.12\t-\tgone\n", "pure.001.order stands twice"},
		{over, overHeader + "io.001.read\t3.12\tio.002a.write\tx\nio.002a.write\t3.12\t-\tx\n", "superseded itself"},
		{over, overHeader + "pure.003.never\t3.12\tpure.701.order-anew\tx\n", "pure.003.never is superseded by pure.701.order-anew; take its line out"},
	} {
		_, err := catalogue(t, append(slices.Clone(newerTables), tt.file, tt.text)...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: error %v, want %q", tt.file, tt.text, err, tt.want)
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	report, _ := score(t, "pass T/pure.001.order", "pass T/select/io.001.read")
	text, err := report.Replace("# Title\n" + beginMark + "\nold\n" + endMark + "\nlast\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Title\n", "\nlast\n",
		"| io | 2 | 0 | 1 | 0 | 1 | 0 | 0 | 0 | 0 |\n",
		"| pure | 3 | 1 | 0 | 0 | 0 | 0 | 1 | 1 | 1 |\n",
		"| 3.11 | 5 | 1 | 1 | 0 | 1 | 0 | 1 | 1 | 1 |\n",
		"| pure.001.order | another queue |\n",
		"| pure.003.never | no such thing in Go |\n",
		"### datagrams: 1 rows\n\npure.002.later\n",
		"| io.001.read | not on epoll |\n",
		"| io.002a.write | missing |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks %q:\n%s", want, text)
		}
	}
	if again, err := report.Replace(text); err != nil || again != text {
		t.Errorf("writing the same report again changes the document (%v)", err)
	}
	if _, err := report.Replace("no marks"); err == nil {
		t.Error("a document without marks is accepted")
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	r := results(t, "pass A", "pass A/a", "fail B", "skip C")
	var b strings.Builder
	r.Summary(&b)
	want := "--- failed: p B\n=== RUN B\nsaid by B\n--- skipped: p C\nsaid by C\nok  \tp\t0.1s\n1 passed, 1 failed, 1 skipped\n"
	if b.String() != want {
		t.Errorf("summary:\n%s\nwant:\n%s", b.String(), want)
	}
	if !r.Failed() || results(t, "pass A", "skip C").Failed() || !NewResults().Failed() {
		t.Error("Failed does not tell failed runs from others")
	}
}

// TestOwnCatalogue: the tables of this repository load, and none has lost a row.
func TestOwnCatalogue(t *testing.T) {
	t.Parallel()
	c, err := Load("../../testdata/conformance")
	if err != nil {
		t.Fatal(err)
	}
	applies := c.Score(nil).Total().Applies
	if len(c.Areas) != 22 || len(c.Rows) != 1263 || applies != 1158 {
		t.Errorf("%d areas, %d rows, %d apply; want 22, 1263, 1158", len(c.Areas), len(c.Rows), applies)
	}
}
