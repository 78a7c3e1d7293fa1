// Package results is what the benchmarks found: figures by shape of load, cell, contender, measure
// and round, as they are kept in a file; and what is read out of them, ratios, the cells in which
// we lose, and whether what was aimed at is reached.
package results

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
)

// Measures, by the names under which figures are kept. Less is better but for PerSecond and Busy.
const (
	CPU          = "cpu_ns_per_message"
	PerSecond    = "messages_per_s"
	P50          = "p50_ns"
	P99          = "p99_ns"
	Busy         = "busy" // share of the window in which the server worked
	Instructions = "user_instructions_per_message"
	Calls        = "system_calls_per_message"
	Untouched    = "untouched_bytes_per_connection"
	Used         = "used_bytes_per_connection"
	Settled      = "after_burst_bytes_per_connection"
	Operation    = "ns_per_operation"
)

// Results are those of one run of the report, and of those that have added shapes to it.
type Results struct {
	Taken   Taken     `json:"taken"`
	Also    []Added   `json:"also,omitempty"`
	Shapes  []Shape   `json:"shapes"`
	Skipped []Skipped `json:"skipped"`
}

// Taken says where, when and how.
type Taken struct {
	Date       string            `json:"date"`
	Commit     string            `json:"commit"`
	Command    string            `json:"command"`
	CPU        string            `json:"cpu"`
	CPUs       int               `json:"cpus"`
	Kernel     string            `json:"kernel"`
	Go         string            `json:"go"`
	OpenFiles  int               `json:"open_files"` // that a process may have
	LoadBefore string            `json:"load_average_before"`
	LoadAfter  string            `json:"load_average_after"`
	Quick      bool              `json:"quick"`
	Rounds     int               `json:"rounds"`
	Seconds    float64           `json:"seconds"` // of a measured window
	Versions   map[string]string `json:"versions"`
}

// Added are the shapes that a later run has measured.
type Added struct {
	Shapes []string `json:"shapes"`
	Taken  Taken    `json:"taken"`
}

// Skipped is what was not measured, and why.
type Skipped struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Shape is one kind of load, and the commands that measured it.
type Shape struct {
	Name     string   `json:"name"`
	Commands []string `json:"commands"`
	Cells    []Cell   `json:"cells"`
}

// Cell is one load of a shape, under which every contender was measured.
type Cell struct {
	Name      string `json:"name"`
	Reference string `json:"reference,omitempty"` // the contender that ratios are to
	Rows      []Row  `json:"rows"`
}

// Row is what one contender needed: a value for each round.
type Row struct {
	Contender string               `json:"contender"`
	Values    map[string][]float64 `json:"values"`
}

// Shape finds a shape by its name, nil if there is none.
func (r *Results) Shape(name string) *Shape {
	for i := range r.Shapes {
		if r.Shapes[i].Name == name {
			return &r.Shapes[i]
		}
	}
	return nil
}

// Cell finds a cell by its name, nil if there is none; a nil shape has none.
func (s *Shape) Cell(name string) *Cell {
	if s == nil {
		return nil
	}
	for i := range s.Cells {
		if s.Cells[i].Name == name {
			return &s.Cells[i]
		}
	}
	return nil
}

// Row finds a contender's row, nil if there is none; a nil cell has none.
func (c *Cell) Row(contender string) *Row {
	if c == nil {
		return nil
	}
	for i := range c.Rows {
		if c.Rows[i].Contender == contender {
			return &c.Rows[i]
		}
	}
	return nil
}

// Add appends the cells to a shape, which it makes if there is none. Rows of a cell that is
// there already go into it.
func (r *Results) Add(shape, command string, cells []Cell) {
	s := r.Shape(shape)
	if s == nil {
		r.Shapes = append(r.Shapes, Shape{Name: shape})
		s = &r.Shapes[len(r.Shapes)-1]
	}
	s.Commands = append(s.Commands, command)
	for _, c := range cells {
		if there := s.Cell(c.Name); there != nil {
			there.Rows = append(there.Rows, c.Rows...)
			continue
		}
		s.Cells = append(s.Cells, c)
	}
}

// Skip notes what was not measured, once.
func (r *Results) Skip(what, why string) {
	if s := (Skipped{what, why}); !slices.Contains(r.Skipped, s) {
		r.Skipped = append(r.Skipped, s)
	}
}

// Read reads kept results.
func Read(file string) (*Results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &Results{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// Write keeps results, with a row to a line, so that they can be read and compared.
func (r *Results) Write(file string) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// Round leaves five significant digits, which is more than a figure has.
func Round(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0 // JSON has neither infinity nor what is no number
	}
	return rounded
}
