package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// columnTitles are the heads of the columns, by measure.
var columnTitles = map[string]string{
	results.CPU:          "CPU µs",
	results.PerSecond:    "per second",
	results.Busy:         "busy",
	results.P50:          "p50 µs",
	results.P99:          "p99 µs",
	results.Instructions: "instructions",
	results.Calls:        "system calls",
	results.Untouched:    "bytes, untouched",
	results.Used:         "bytes, once used",
	results.Settled:      "bytes, after a burst",
	results.Operation:    "ns",
}

// unitOf is what a plot's axis says.
func unitOf(measure, message string) string {
	switch measure {
	case results.CPU:
		return "CPU ns per " + message
	case results.Untouched, results.Used, results.Settled:
		return "bytes per connection"
	case results.Operation:
		return "ns per " + message
	}
	return columnTitles[measure] + " per " + message
}

// value is a figure of a measure in its column.
func value(measure string, v float64) string {
	switch measure {
	case results.CPU, results.P50, results.P99:
		return figure(v/1e3, false)
	case results.Busy:
		return fmt.Sprintf("%.0f %%", v*100)
	case results.PerSecond, results.Untouched, results.Used, results.Settled, results.Instructions:
		return thousands(v)
	case results.Calls:
		return fmt.Sprintf("%.3f", v)
	}
	return figure(v, false)
}

// spread is a median, and the quartiles behind it if there are several rounds.
func spread(s results.Spread, format func(float64) string) string {
	if s.N == 0 {
		return "–"
	}
	if s.N == 1 {
		return format(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", format(s.Median), format(s.Low), format(s.High))
}

func ratioText(v float64) string { return figure(v, true) }

// table is a cell's, the best first; ours are bold.
func (s section) table(c *results.Cell) string {
	first := s.columns[0]
	rows := slices.Clone(c.Rows)
	slices.SortStableFunc(rows, func(a, b results.Row) int {
		return cmp.Compare(a.Spread(s.measure).Median, b.Spread(s.measure).Median)
	})
	heads := []string{"", columnTitles[first]}
	if c.Reference != "" {
		heads = append(heads, "× "+named(c.Reference).label)
	}
	for _, m := range s.columns[1:] {
		heads = append(heads, columnTitles[m])
	}
	lines := [][]string{heads}
	for _, row := range rows {
		cells := []string{emphasised(row.Contender), spread(row.Spread(first), func(v float64) string { return value(first, v) })}
		if c.Reference != "" {
			cells = append(cells, spread(c.Ratio(row.Contender, c.Reference, first), ratioText))
		}
		for _, m := range s.columns[1:] {
			text := "–"
			if got := row.Spread(m); got.N > 0 {
				text = value(m, got.Median)
			}
			cells = append(cells, text)
		}
		lines = append(lines, cells)
	}
	return markdown(lines)
}

// emphasised is the label of a contender, bold if it is ours.
func emphasised(name string) string {
	if results.Ours(name) {
		return "**" + named(name).label + "**"
	}
	return named(name).label
}

// markdown is a table whose first line is its head.
func markdown(lines [][]string) string {
	var b strings.Builder
	for i, cells := range lines {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("---:|", len(cells)-1) + "\n")
		}
	}
	return b.String()
}

// lossTable names where we lose, to whom, and by how much.
func lossTable(losses []results.Loss) string {
	if len(losses) == 0 {
		return "None.\n"
	}
	lines := [][]string{{"ours", "where", "of what", "times as much as"}}
	for _, l := range losses {
		s := sectionOf(l.Shape)
		var to []string
		for _, b := range l.To {
			to = append(to, named(b.Contender).label+" "+spread(b.Ratio, ratioText))
		}
		lines = append(lines, []string{
			named(l.Contender).label, s.title + ": " + s.cellTitle(l.Cell), what(l.Measure, s.message), strings.Join(to, "; "),
		})
	}
	return leftAligned(lines)
}

// what names a measure in a sentence.
func what(measure, message string) string {
	switch measure {
	case results.CPU:
		return "CPU time per " + message
	case results.P50:
		return "median latency"
	case results.P99:
		return "p99 latency"
	case results.Instructions:
		return "user instructions per " + message
	case results.Calls:
		return "system calls per " + message
	case results.Untouched:
		return "memory, untouched"
	case results.Used:
		return "memory, once used"
	}
	return "time"
}

func leftAligned(lines [][]string) string {
	return strings.ReplaceAll(markdown(lines), "---:|", "---|")
}

// aimTable is what was aimed at, what is missed first.
func aimTable(aims []results.Aim) string {
	sorted := slices.Clone(aims)
	slices.SortStableFunc(sorted, func(a, b results.Aim) int { return cmp.Compare(rank(a), rank(b)) })
	lines := [][]string{{"", "where", "of what", "at most", "measured"}}
	for _, a := range sorted {
		s := sectionOf(a.Shape)
		verdict, limit, got := "missed", "", ""
		if a.Met() {
			verdict = "met"
		}
		if a.To != "" {
			limit, got = ratioText(a.Limit)+" × "+named(a.To).label, spread(a.Got, ratioText)
		} else {
			format := func(v float64) string { return value(a.Measure, v) }
			limit, got = format(a.Limit), spread(a.Got, format)
		}
		lines = append(lines, []string{verdict, named(a.Contender).label + ", " + s.title + ": " + s.cellTitle(a.Cell), what(a.Measure, s.message), limit, got})
	}
	return leftAligned(lines)
}

// rank sorts what is missed before what is met.
func rank(a results.Aim) int {
	if a.Met() {
		return 1
	}
	return 0
}

// glanceRows and glanceCells are the small table: who, and under which loads.
var (
	glanceRows = []string{
		"asyncio-epoll", "asyncio-proactor", "asyncio-streams", "asyncio-proactor-streams", "gnet", "nbio", "netpoll", "gonet", "libuv", "c-uring", "uvloop", "cpython",
	}
	glanceCells = []struct{ head, shape, cell string }{
		{"1 × 64 B", "ping-pong", "1x64x1"},
		{"50 × 64 B", "ping-pong", "50x64x1"},
		{"1,000 × 64 B", "ping-pong", "1000x64x1"},
		{"10,000 × 64 B", "ping-pong", "10000x64x1"},
		{"50 × 64 B, 16 under way", "pipelined", "50x64x16"},
		{"50 × 16 KiB", "large", "50x16384x1"},
		{"churn", "churn", "20x64x1"},
		{"idle mass", "idle mass", "50x64x1"},
	}
)

// glance is the table that is fit for the README: CPU time as a multiple of raw C's.
func glance(r *results.Results) string {
	heads := []string{"CPU time, × bare epoll in C"}
	var cells []*results.Cell
	for _, g := range glanceCells {
		if c := r.Shape(g.shape).Cell(g.cell); c != nil {
			heads, cells = append(heads, g.head), append(cells, c)
		}
	}
	instructions := r.Shape("instructions").Cell("50x64x1")
	if instructions != nil {
		heads = append(heads, "user instr.")
	}
	held := (*results.Cell)(nil)
	if s := r.Shape("memory"); s != nil && len(s.Cells) > 0 {
		held = &s.Cells[0]
		heads = append(heads, "bytes, once used")
	}
	lines := [][]string{heads}
	for _, name := range glanceRows {
		line, any := []string{emphasised(name)}, false
		add := func(s results.Spread, format func(float64) string) {
			any = any || s.N > 0
			s.N = min(s.N, 1) // the median alone
			line = append(line, spread(s, format))
		}
		for _, c := range cells {
			add(c.Ratio(name, c.Reference, results.CPU), ratioText)
		}
		if instructions != nil {
			add(instructions.Row(name).Spread(results.Instructions), thousands)
		}
		if held != nil {
			add(held.Row(name).Spread(results.Used), thousands)
		}
		if any {
			lines = append(lines, line)
		}
	}
	return markdown(lines)
}

// versions is a list of what the peers are.
func versions(all map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, name+" "+all[name])
	}
	return strings.Join(parts, ", ")
}

// skippedTable tells what was not measured, together what has the same reason.
func skippedTable(all []results.Skipped) string {
	if len(all) == 0 {
		return "Nothing.\n"
	}
	type group struct {
		shape, why string
		names      []string
	}
	var groups []group
	for _, n := range all {
		shape, name, _ := strings.Cut(n.What, ": ")
		at := slices.IndexFunc(groups, func(g group) bool { return g.shape == shape && g.why == n.Why })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{shape: shape, why: n.Why})
		}
		if name != "" {
			groups[at].names = append(groups[at].names, name)
		}
	}
	lines := [][]string{{"shape", "what", "why"}}
	for _, g := range groups {
		what := strings.Join(g.names, ", ")
		if what == "" {
			what = "all of it"
		}
		lines = append(lines, []string{g.shape, what, g.why})
	}
	return leftAligned(lines)
}
