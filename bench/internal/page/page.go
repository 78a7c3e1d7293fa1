// Package page makes docs/performance.md and its plots out of results. Every figure and every
// sentence that depends on one is computed; the same results give the same bytes.
package page

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

//go:embed page.md.tmpl
var source string

// view is what the template is given.
type view struct {
	*results.Results
	Glance                    string
	LostToLibraries, LostToC  string
	ComparedLibraries         int
	ComparedC                 int
	CountLibraries, CountC    int
	Aims                      string
	AimsMet, AimsAll          int
	Sections                  []part
	Folder, Versions, LeftOut string
	Disturbed                 bool
}

// part is a section as the template shows it.
type part struct {
	section
	Title, About string
	Commands     []string
	Plots        []string
	Tables       []table
}

// table is one cell.
type table struct{ Title, Text string }

// folder is where the results and plots are, seen from the page.
const folder = "performance"

// Render writes performance.md into a folder, and into the folder beside it the plots and the table
// that is meant for the README.
func Render(r *results.Results, to string) error {
	plots := filepath.Join(to, folder)
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	if err := removePlots(plots); err != nil {
		return err
	}
	v := newView(r)
	for _, s := range inOrder(r.Shapes) {
		p, files := sectionOf(s.Name).part(&s)
		for name, panels := range files {
			var b bytes.Buffer
			if err := drawPanels(&b, panels); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(plots, name), b.Bytes(), 0o644); err != nil {
				return err
			}
		}
		v.Sections = append(v.Sections, p)
	}
	text, err := v.text()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(plots, "readme_table.md"), []byte(v.Glance), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "performance.md"), text, 0o644)
}

// inOrder are the shapes in the order of the sections, and behind them those that have none.
func inOrder(shapes []results.Shape) []results.Shape {
	place := func(s results.Shape) int {
		at := slices.IndexFunc(sections, func(sec section) bool { return sec.shape == s.Name })
		if at < 0 {
			return len(sections)
		}
		return at
	}
	sorted := slices.Clone(shapes)
	slices.SortStableFunc(sorted, func(a, b results.Shape) int { return cmp.Compare(place(a), place(b)) })
	return sorted
}

// removePlots removes those of an earlier page, which may have had shapes that this one has not.
func removePlots(folder string) error {
	old, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	for _, name := range old {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// text is the page.
func (v *view) text() ([]byte, error) {
	t, err := template.New("page").Parse(source)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, v)
	return b.Bytes(), err
}

func newView(r *results.Results) *view {
	bare := results.Bare
	libraries := func(name string) bool { return !bare(name) }
	toLibraries, toC := r.Losses(libraries), r.Losses(bare)
	aims := r.Aims()
	v := &view{
		Results: r, Folder: folder, Glance: glance(r),
		LostToLibraries: lossTable(toLibraries), LostToC: lossTable(toC),
		CountLibraries: pairs(toLibraries), CountC: pairs(toC),
		ComparedLibraries: r.Compared(libraries), ComparedC: r.Compared(bare),
		Aims: aimTable(aims), AimsAll: len(aims), Versions: versions(r.Taken.Versions), LeftOut: skippedTable(r.Skipped), Disturbed: disturbed(r),
	}
	for _, a := range aims {
		if a.Met() {
			v.AimsMet++
		}
	}
	return v
}

// pairs is how many comparisons the losses are.
func pairs(losses []results.Loss) (n int) {
	for _, l := range losses {
		n += len(l.To)
	}
	return n
}

// part is the section with its tables, and the panels of its plots by the names of their files.
func (s section) part(shape *results.Shape) (part, map[string][]panel) {
	p := part{section: s, Title: s.title, About: s.about, Commands: shape.Commands}
	files := make(map[string][]panel)
	if panels := s.panels(shape); len(panels) > 0 {
		p.Plots, files[s.file()] = append(p.Plots, s.file()), panels
	}
	if panels := latencyPanels(s, shape); len(panels) > 0 {
		p.Plots, files["latency.svg"] = append(p.Plots, "latency.svg"), panels
	}
	for i := range shape.Cells {
		c := &shape.Cells[i]
		p.Tables = append(p.Tables, table{s.cellTitle(c.Name), s.table(c)})
	}
	return p, files
}

// latencyPanels are the latencies of a single connection, where no queue hides the server's own.
func latencyPanels(s section, shape *results.Shape) (all []panel) {
	if s.shape != "ping-pong" {
		return nil
	}
	single := shape.Cell("1x64x1")
	if single == nil {
		return nil
	}
	for _, measure := range []string{results.P50, results.P99} {
		latency := s
		latency.measure, latency.ratios = measure, false
		only := &results.Shape{Name: s.shape, Cells: []results.Cell{*single}}
		for _, p := range latency.panels(only) {
			p.title += ": " + columnTitles[measure]
			for i := range p.bars {
				b := &p.bars[i]
				b.Median, b.Low, b.High = b.Median/1e3, b.Low/1e3, b.High/1e3
			}
			p.unit = "µs"
			all = append(all, p)
		}
	}
	return all
}

// disturbed tells whether the machine was doing something else when measuring began.
func disturbed(r *results.Results) bool {
	runs := []results.Taken{r.Taken}
	for _, a := range r.Also {
		runs = append(runs, a.Taken)
	}
	return slices.ContainsFunc(runs, func(t results.Taken) bool {
		lastMinute, _, _ := strings.Cut(t.LoadBefore, " ")
		load, err := strconv.ParseFloat(lastMinute, 64)
		return err == nil && load > 0.5*float64(t.CPUs)
	})
}
