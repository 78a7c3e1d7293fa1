package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/go-asyncio/asyncio/bench/internal/lines"
	"github.com/go-asyncio/asyncio/bench/internal/load"
)

// report is what a run found.
type report struct {
	Machine  machine           `json:"machine"`
	Rounds   int               `json:"rounds"`
	Window   float64           `json:"seconds"`
	Busy     bool              `json:"busy_load"`
	Missing  map[string]string `json:"unavailable,omitempty"` // contender and reason
	Cells    []*cellReport     `json:"cells"`
	settings *settings
}

type machine struct {
	CPU    string `json:"cpu"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	CPUs   int    `json:"cpus"`
}

type cellReport struct {
	cell
	Rows []*row `json:"rows"`
}

// row is one contender under one load. Figures are medians over the rounds, ratios medians of
// the ratios within each round.
type row struct {
	Contender          string         `json:"contender"`
	PerSecond          float64        `json:"messages_per_s"`
	CPUPerMessage      float64        `json:"cpu_ns_per_msg"`
	Busy               float64        `json:"busy"`
	LoadBusy           float64        `json:"load_cpu_ns_per_msg"`
	P50                float64        `json:"p50_ns"`
	P99                float64        `json:"p99_ns"`
	ToReference        *ratios        `json:"to_c_epoll,omitempty"`
	ToPeer             *ratios        `json:"to_gnet,omitempty"`
	Instructions       *instructions  `json:"user_instructions,omitempty"`
	InstructionsReason string         `json:"user_instructions_unavailable,omitempty"`
	Calls              *float64       `json:"system_calls_per_message,omitempty"`
	CallsReason        string         `json:"system_calls_unavailable,omitempty"`
	Lines              *lines.Found   `json:"lines,omitempty"`
	LinesReason        string         `json:"lines_unavailable,omitempty"`
	Rounds             []*load.Result `json:"rounds"`
}

type ratios struct {
	PerSecond    float64 `json:"messages_per_s"`
	PerCPUSecond float64 `json:"messages_per_cpu_s"`
}

func newReport(s *settings, contenders []*contender) *report {
	return &report{
		Machine: machine{cpuName(), kernelRelease(), runtime.Version(), runtime.NumCPU()},
		Rounds:  s.rounds, Window: s.window.Seconds(), Busy: s.busy,
		Missing: make(map[string]string, len(contenders)), settings: s,
	}
}

func cpuName() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernelRelease() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(release))
}

func (r *report) add(shape cell, contenders []*contender) []*row {
	c := &cellReport{cell: shape}
	for _, contender := range contenders {
		c.Rows = append(c.Rows, &row{Contender: contender.name})
	}
	r.Cells = append(r.Cells, c)
	return c.Rows
}

func (r *report) finish(contenders []*contender) {
	for _, c := range contenders {
		if c.reason != nil {
			r.Missing[c.name] = c.reason.Error()
		}
	}
	for _, c := range r.Cells {
		for _, row := range c.Rows {
			row.summarise()
			first, second := bases(row.Contender)
			row.ToReference = c.ratios(row, first)
			row.ToPeer = c.ratios(row, second)
		}
	}
}

func (r *row) summarise() {
	of := func(value func(*load.Result) float64) float64 {
		var values []float64
		for _, result := range r.Rounds {
			values = append(values, value(result))
		}
		return median(values)
	}
	r.PerSecond = of(func(l *load.Result) float64 { return l.PerSecond })
	r.CPUPerMessage = of(func(l *load.Result) float64 { return l.Server.PerMessage })
	r.Busy = of(func(l *load.Result) float64 { return l.Server.Busy })
	r.LoadBusy = of(func(l *load.Result) float64 { return l.Load.PerMessage })
	r.P50 = of(func(l *load.Result) float64 { return float64(l.Latency.P50) })
	r.P99 = of(func(l *load.Result) float64 { return float64(l.Latency.P99) })
}

// ratios compares round by round, so that what was slow for both in one round cancels out. A
// contender that failed in the middle of the rounds has no ratio.
func (c *cellReport) ratios(of *row, to string) *ratios {
	for _, base := range c.Rows {
		if base.Contender != to || len(base.Rounds) != len(of.Rounds) || len(of.Rounds) == 0 {
			continue
		}
		var speed, cost []float64
		for i, result := range of.Rounds {
			if base.Rounds[i].PerSecond <= 0 || result.Server.PerMessage <= 0 {
				return nil // the window was too short for the clocks
			}
			speed = append(speed, result.PerSecond/base.Rounds[i].PerSecond)
			cost = append(cost, base.Rounds[i].Server.PerMessage/result.Server.PerMessage)
		}
		return &ratios{median(speed), median(cost)}
	}
	return nil
}

func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *report) writeText(w io.Writer) error {
	fmt.Fprintf(w, "%s, %d processors, Linux %s, %s\n", r.Machine.CPU, r.Machine.CPUs, r.Machine.Kernel, r.Machine.Go)
	fmt.Fprintf(w, "medians of %d rounds of %.1f s; ratios within each round; /CPU: messages per second of the server's CPU time\n", r.Rounds, r.Window)
	for _, c := range r.Cells {
		beside := ""
		if c.Flood > 0 {
			beside = fmt.Sprintf(", beside %d that flood", c.Flood)
		}
		fmt.Fprintf(w, "\n%d connections, %d bytes, %d under way on each%s\n", c.Conns, c.Size, c.Pipeline, beside)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(table, "contender\tmsg/s\tCPU ns/msg\tbusy\tp50 us\tp99 us\tx C\tx C /CPU\tx gnet\tx gnet /CPU\t")
		counted := r.settings.perf || r.settings.step
		if counted {
			fmt.Fprint(table, "instr/msg\t")
		}
		calls := r.settings.step || r.settings.calls
		if calls {
			fmt.Fprint(table, "calls/msg\t")
		}
		fmt.Fprintln(table)
		for _, row := range c.Rows {
			row.write(table, counted, calls)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, row := range c.Rows {
			row.writeNotes(w, r.settings.profile)
		}
		if r.settings.lines {
			c.writeLines(w)
		}
	}
	for _, name := range r.settings.contenders {
		if reason, ok := r.Missing[name]; ok {
			fmt.Fprintf(w, "\n%s is not available: %s\n", name, reason)
		}
	}
	return nil
}

func (r *row) write(w io.Writer, counted, calls bool) {
	if len(r.Rounds) == 0 {
		return
	}
	fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f %%\t%.1f\t%.1f\t", r.Contender, r.PerSecond, r.CPUPerMessage, r.Busy*100, r.P50/1e3, r.P99/1e3)
	for _, ratio := range []*ratios{r.ToReference, r.ToPeer} {
		if ratio == nil {
			fmt.Fprint(w, "-\t-\t")
			continue
		}
		fmt.Fprintf(w, "%.2f\t%.2f\t", ratio.PerSecond, ratio.PerCPUSecond)
	}
	if counted {
		optional(w, r.Instructions != nil, "%.0f", func() float64 { return r.Instructions.PerMessage })
	}
	if calls {
		stepped := r.Instructions != nil && r.Instructions.Calls > 0
		optional(w, r.Calls != nil || stepped, "%.3f", func() float64 {
			if r.Calls != nil {
				return *r.Calls
			}
			return r.Instructions.Calls
		})
	}
	fmt.Fprintln(w)
}

func (r *row) writeNotes(w io.Writer, profile bool) {
	if r.CallsReason != "" {
		fmt.Fprintf(w, "%s: no system calls: %s\n", r.Contender, r.CallsReason)
	}
	if r.InstructionsReason != "" {
		fmt.Fprintf(w, "%s: no instructions: %s\n", r.Contender, r.InstructionsReason)
	}
	if !profile || r.Instructions == nil {
		return
	}
	fmt.Fprintf(w, "\n%s: instructions per message by function\n", r.Contender)
	for _, f := range r.Instructions.Functions[:min(25, len(r.Instructions.Functions))] {
		if f.PerMessage >= 0.5 {
			fmt.Fprintf(w, "%8.1f  %s\n", f.PerMessage, f.Name)
		}
	}
}

// optional writes a column that may have nothing in it.
func optional(w io.Writer, known bool, format string, value func() float64) {
	if !known {
		fmt.Fprint(w, "-\t")
		return
	}
	fmt.Fprintf(w, format+"\t", value())
}
