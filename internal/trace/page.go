package trace

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
)

// Page is a trace as a page of HTML that needs nothing else: time goes down, hosts stand side
// by side, messages are arrows, tasks bars, failures bands.
type Page struct {
	Title   string   // what was tried
	Verdict string   // how it ended; its first line is shown, the rest on demand
	Seed    string   // and what else it was made from
	Command string   // what replays it
	Plan    []string // what failed on purpose, one a line
	Sum     uint64   // of the trace
	Left    int      // how many events came before those that are shown
	Events  []Event
}

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	data, err := json.Marshal(draw(p.Events, p.Left))
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return pageTemplate.Execute(w, map[string]any{
		"Page":   p,
		"Sum":    fmt.Sprintf("%016x", p.Sum),
		"Style":  template.CSS(pageStyle),
		"Script": template.JS(pageScript),
		"Data":   template.JS(data), // json.Marshal escapes <, > and &
	})
}
