package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Marks around the part of docs/conformance.md that the scorer writes.
const (
	beginMark = "<!-- written by internal/conformance/cmd/score -write; do not edit by hand -->"
	endMark   = "<!-- end of the written part -->"
)

// Replace returns text with the part between the marks written anew.
func (r *Report) Replace(text string) (string, error) {
	before, rest, ok := strings.Cut(text, beginMark+"\n")
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return "", fmt.Errorf("conformance: the document lacks the marks %q and %q", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + r.markdown() + "\n" + endMark + after, nil
}

func (r *Report) markdown() string {
	var b strings.Builder
	standingTable(&b, "State per area", "area", append(r.Areas, r.Total()))
	b.WriteString("\n")
	standingTable(&b, "State per version", "as of Python", r.ByVersion())
	r.backends(&b)
	r.section(&b, "Met otherwise", "difference", func(s *RowScore) string {
		if s.Exception.State != Otherwise || s.Standing == Missing {
			return ""
		}
		return s.Exception.Reason
	})
	r.section(&b, "Not met", "reason", func(s *RowScore) string {
		if s.Standing != NotMet {
			return ""
		}
		return s.Exception.Reason
	})
	r.section(&b, "Missing, failing, or not on every backend", "standing", func(s *RowScore) string {
		switch s.Standing {
		case Missing, Failing:
			return string(s.Standing)
		case Partly:
			return "not on " + strings.Join(s.Lacks, ", ")
		}
		return ""
	})
	r.waiting(&b)
	return b.String()
}

// standingTable writes a table of how many rows stand where.
func standingTable(b *strings.Builder, title, column string, scores []*AreaScore) {
	fmt.Fprintf(b, "## %s\n\n| %s | applies |", title, column)
	for _, s := range columns {
		fmt.Fprintf(b, " %s |", s)
	}
	b.WriteString(" met otherwise |\n|---|" + strings.Repeat("---:|", len(columns)+2) + "\n")
	for _, a := range scores {
		fmt.Fprintf(b, "| %s | %d |", a.Name, a.Applies)
		for _, s := range columns {
			fmt.Fprintf(b, " %d |", a.Count[s])
		}
		fmt.Fprintf(b, " %d |\n", a.Otherwise)
	}
}

// backends writes what each backend proves.
func (r *Report) backends(b *strings.Builder) {
	b.WriteString("\n## State per backend\n\n| backend | rows that must be proven on it | proven |")
	for _, s := range r.Suites {
		fmt.Fprintf(b, " %s |", s.Name)
	}
	b.WriteString("\n|---|---:|---:|" + strings.Repeat("---|", len(r.Suites)) + "\n")
	for _, s := range r.ByBackend() {
		fmt.Fprintf(b, "| %s | %d | %d |", s.Name, s.Due, s.Proven)
		for _, suite := range r.Suites {
			fmt.Fprintf(b, " %s |", cmp.Or(suite.On[s.Name], "-"))
		}
		b.WriteString("\n")
	}
	b.WriteString("\nThe last columns are suites that run as a whole over every loop.\n\n" +
		"| run | rows for which a test passes in it, on whatever backend |\n|---|---:|\n")
	for _, run := range Runs {
		fmt.Fprintf(b, "| %s | %d |\n", run, r.InRun[run])
	}
}

// section writes a table of the rows for which why gives a reason.
func (r *Report) section(b *strings.Builder, title, column string, why func(*RowScore) string) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	none := true
	for _, row := range r.Rows {
		reason := why(row)
		if reason == "" {
			continue
		}
		if none {
			fmt.Fprintf(b, "| row | %s |\n|---|---|\n", column)
			none = false
		}
		fmt.Fprintf(b, "| %s | %s |\n", row.ID, strings.ReplaceAll(reason, "|", `\|`))
	}
	if none {
		b.WriteString("None.\n")
	}
}

// waiting lists the rows that wait, under the capability that has to come first.
func (r *Report) waiting(b *strings.Builder) {
	b.WriteString("\n## Waiting for a capability\n")
	rows := map[string][]string{}
	for _, row := range r.Rows {
		if row.Standing == Pending {
			rows[row.Exception.Reason] = append(rows[row.Exception.Reason], row.ID)
		}
	}
	for _, capability := range slices.Sorted(maps.Keys(rows)) {
		ids := rows[capability]
		fmt.Fprintf(b, "\n### %s: %d rows\n\n%s\n", capability, len(ids), strings.Join(ids, ", "))
	}
	if len(rows) == 0 {
		b.WriteString("\nNone.\n")
	}
}
