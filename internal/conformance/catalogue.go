// Package conformance measures this module against the catalogue of asyncio's
// behaviours in testdata/conformance.
//
// The catalogue is a set of tables, one behaviour a row. A row is proven by
// passing leaf tests whose names contain the row's id, on every backend that
// the row must be proven on. The package reads the tables and the output of
// `go test -json`, counts, compares with thresholds that only rise, and writes
// the part of docs/conformance.md that states where each area stands.
package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Row is one behaviour of the catalogue.
type Row struct {
	ID        string
	Area      string // the table's name
	Since     string // the version of Python that it came with or last changed in
	Behaviour string
	Applies   bool      // false: Python-only, the table says why
	Exception Exception // zero: met as it stands, or not yet
	Backends  []string  // where it must be proven; empty: anywhere
}

// Exception says how a row is met otherwise than as it stands, or why not.
type Exception struct {
	State  State
	Reason string // for Waiting the capability that has to come first
}

// State is the kind of an Exception.
type State string

const (
	// Otherwise: the effect that a user sees is met and proven, the inside differs.
	Otherwise State = "otherwise"
	// Unmet: the behaviour cannot hold in Go.
	Unmet State = "unmet"
	// Waiting: the capability that the row speaks of is not built yet.
	Waiting State = "waiting"
)

// Catalogue is everything that stands in testdata/conformance.
type Catalogue struct {
	Areas      []string
	Rows       []*Row
	Thresholds map[string]int // area, or "on " and a backend, or "in " and a run → rows that must be proven

	Suites []Suite

	byID       map[string]*Row
	superseded map[string]string // a row that holds no more → the one that does, or "-"
	dir        string
}

// The versions of Python whose behaviour the tables state: those of dir itself are
// of the oldest, and a folder beside them has what came later, with its version.
const (
	oldest      = "3.11"
	newerFolder = "v315"
)

// newer are the versions that the newer folder may name.
var newer = []string{"3.12", "3.13", "3.14", "3.15"}

// Names of the tables that are not areas.
const (
	supersededFile = "superseded.tsv" // in the newer folder
	backendsFile   = "backends.tsv"
	exceptionsFile = "exceptions.tsv"
	thresholdFile  = "threshold.tsv"
	suitesFile     = "suites.tsv"
)

// Load reads the catalogue from dir and refuses one that contradicts itself.
func Load(dir string) (*Catalogue, error) {
	c := &Catalogue{Thresholds: map[string]int{}, byID: map[string]*Row{}, superseded: map[string]string{}, dir: dir}
	for _, folder := range []string{"", newerFolder} {
		if err := c.loadAreas(folder); err != nil {
			return nil, err
		}
	}
	if len(c.Rows) == 0 {
		return nil, fmt.Errorf("conformance: no tables in %s", dir)
	}
	slices.Sort(c.Areas)
	slices.SortStableFunc(c.Rows, func(a, b *Row) int { return strings.Compare(a.Area, b.Area) })
	for _, load := range []func() error{c.loadSuperseded, c.loadBackends, c.loadExceptions, c.loadThresholds, c.loadSuites} {
		if err := load(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// loadAreas reads all tables of areas in a folder of the catalogue.
func (c *Catalogue) loadAreas(folder string) error {
	files, err := filepath.Glob(filepath.Join(c.dir, folder, "*.tsv"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, file := range files {
		switch filepath.Base(file) {
		case backendsFile, exceptionsFile, thresholdFile, suitesFile, supersededFile:
			continue
		}
		if err := c.loadArea(file, folder == newerFolder); err != nil {
			return err
		}
	}
	return nil
}

// loadArea reads one table; that of an area which is known already adds to it.
func (c *Catalogue) loadArea(file string, versions bool) error {
	area := strings.TrimSuffix(filepath.Base(file), ".tsv")
	if !slices.Contains(c.Areas, area) {
		c.Areas = append(c.Areas, area)
	}
	header := []string{"id", "source", "behaviour", "applies", "go_note"}
	if versions {
		header = append(header, "since")
	}
	return readTable(file, header, func(f []string) error {
		if c.byID[f[0]] != nil {
			return fmt.Errorf("%s stands twice", f[0])
		}
		switch f[3] {
		case "yes", "adapt", "no":
		default:
			return fmt.Errorf("%s: applies is %q", f[0], f[3])
		}
		row := &Row{ID: f[0], Area: area, Since: oldest, Behaviour: f[2], Applies: f[3] != "no"}
		if versions {
			if row.Since = f[5]; !slices.Contains(newer, row.Since) {
				return fmt.Errorf("%s: since is %q", f[0], f[5])
			}
		}
		c.Rows = append(c.Rows, row)
		c.byID[row.ID] = row
		return nil
	})
}

// loadSuperseded reads which rows hold no more and takes them out: the newer row,
// where there is one, is what has to be proven.
func (c *Catalogue) loadSuperseded() error {
	err := c.readOptional(filepath.Join(newerFolder, supersededFile), []string{"id", "since", "by", "why"}, func(f []string) error {
		switch {
		case c.superseded[f[0]] != "":
			return fmt.Errorf("%s stands twice", f[0])
		case c.byID[f[0]] == nil:
			return fmt.Errorf("%s is no row", f[0])
		case f[2] != "-" && c.byID[f[2]] == nil:
			return fmt.Errorf("%s is superseded by %s, which is no row", f[0], f[2])
		}
		c.superseded[f[0]] = f[2]
		return nil
	})
	if err != nil {
		return err
	}
	for id := range c.superseded {
		if by := c.superseded[id]; c.superseded[by] != "" {
			return fmt.Errorf("conformance: %s is superseded by %s, which is superseded itself", id, by)
		}
		delete(c.byID, id)
	}
	c.Rows = slices.DeleteFunc(c.Rows, func(r *Row) bool { return c.superseded[r.ID] != "" })
	return nil
}

// loadBackends reads the rules that say where rows must be proven. A rule
// names an area or one row; a rule for a row goes before its area's.
func (c *Catalogue) loadBackends() error {
	own := map[string]bool{}
	return c.readOptional(backendsFile, []string{"match", "backends", "why"}, func(f []string) error {
		backends, err := parseBackends(f[1])
		if err != nil {
			return fmt.Errorf("%s: %w", f[0], err)
		}
		if row := c.byID[f[0]]; row != nil {
			row.Backends = backends
			own[row.ID] = true
			return nil
		}
		if by := c.superseded[f[0]]; by != "" {
			return fmt.Errorf("%s is superseded by %s; take its line out", f[0], by)
		}
		if !slices.Contains(c.Areas, f[0]) {
			return fmt.Errorf("%s is no area and no row", f[0])
		}
		for _, row := range c.Rows {
			if row.Area == f[0] && !own[row.ID] {
				row.Backends = backends
			}
		}
		return nil
	})
}

func parseBackends(list string) ([]string, error) {
	if list == "-" {
		return nil, nil
	}
	backends := strings.Split(list, ",")
	for _, b := range backends {
		if _, ok := backend(b); !ok {
			return nil, fmt.Errorf("unknown backend %q", b)
		}
	}
	return backends, nil
}

func (c *Catalogue) loadExceptions() error {
	return c.readOptional(exceptionsFile, []string{"id", "state", "reason"}, func(f []string) error {
		row := c.byID[f[0]]
		switch {
		case c.superseded[f[0]] != "":
			return fmt.Errorf("%s is superseded by %s; take its line out", f[0], c.superseded[f[0]])
		case row == nil:
			return fmt.Errorf("%s is no row", f[0])
		case !row.Applies:
			return fmt.Errorf("%s does not apply; its table says why", f[0])
		case row.Exception != Exception{}:
			return fmt.Errorf("%s stands twice", f[0])
		case f[2] == "":
			return fmt.Errorf("%s has no reason", f[0])
		}
		row.Exception = Exception{State: State(f[1]), Reason: f[2]}
		switch row.Exception.State {
		case Otherwise, Unmet, Waiting:
			return nil
		}
		return fmt.Errorf("%s: state is %q", f[0], f[1])
	})
}

func (c *Catalogue) loadThresholds() error {
	return c.readOptional(thresholdFile, []string{"what", "proven"}, func(f []string) error {
		if !c.counted(f[0]) {
			return fmt.Errorf("%s is no area, no backend and no run", f[0])
		}
		var n int
		if _, err := fmt.Sscanf(f[1], "%d", &n); err != nil {
			return fmt.Errorf("%s: %q is no number", f[0], f[1])
		}
		c.Thresholds[f[0]] = n
		return nil
	})
}

// counted tells whether there is a figure of that name.
func (c *Catalogue) counted(name string) bool {
	if b, ok := strings.CutPrefix(name, "on "); ok {
		_, ok = backend(b)
		return ok
	}
	if run, ok := strings.CutPrefix(name, "in "); ok {
		return slices.Contains(Runs, Run(run))
	}
	return slices.Contains(c.Areas, name)
}

// RaiseThresholds writes thresholds as high as the report's figures; none is
// lowered, and those of runs that the report does not cover stay.
func (c *Catalogue) RaiseThresholds(r *Report) error {
	var b strings.Builder
	b.WriteString("what\tproven\n")
	raise := func(name string, proven int) {
		c.Thresholds[name] = max(c.Thresholds[name], proven)
		if c.Thresholds[name] > 0 || slices.Contains(c.Areas, name) {
			fmt.Fprintf(&b, "%s\t%d\n", name, c.Thresholds[name])
		}
	}
	for _, a := range r.Areas {
		raise(a.Name, a.Proven)
	}
	proven := map[string]int{}
	for _, s := range r.ByBackend() {
		proven[s.Name] = s.Proven
	}
	for _, b := range Backends() {
		raise("on "+b.Name, proven[b.Name])
	}
	for _, run := range Runs {
		raise("in "+string(run), r.InRun[run])
	}
	return os.WriteFile(filepath.Join(c.dir, thresholdFile), []byte(b.String()), 0o644)
}

func (c *Catalogue) readOptional(name string, header []string, line func(fields []string) error) error {
	file := filepath.Join(c.dir, name)
	if _, err := os.Stat(file); os.IsNotExist(err) {
		return nil
	}
	return readTable(file, header, line)
}

// readTable calls line for each line of a tab-separated file below its header.
func readTable(file string, header []string, line func(fields []string) error) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for n, l := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		fields := strings.Split(l, "\t")
		switch {
		case len(fields) != len(header):
			err = fmt.Errorf("%d fields, want %d", len(fields), len(header))
		case n == 0 && !slices.Equal(fields, header):
			err = fmt.Errorf("header is %q, want %q", fields, header)
		case n > 0:
			err = line(fields)
		}
		if err != nil {
			return fmt.Errorf("conformance: %s:%d: %w", file, n+1, err)
		}
	}
	return nil
}
