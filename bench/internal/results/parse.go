package results

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-asyncio/asyncio/bench/internal/load"
)

// comparison is what is read of what `cmd/run --json` prints.
type comparison struct {
	Machine struct {
		CPU    string `json:"cpu"`
		Kernel string `json:"kernel"`
		CPUs   int    `json:"cpus"`
	} `json:"machine"`
	Missing map[string]string `json:"unavailable"`
	Cells   []struct {
		Conns    int `json:"conns"`
		Size     int `json:"size"`
		Pipeline int `json:"pipeline"`
		Rows     []struct {
			Contender    string         `json:"contender"`
			Rounds       []*load.Result `json:"rounds"`
			Calls        *float64       `json:"system_calls_per_message"`
			CallsReason  string         `json:"system_calls_unavailable"`
			Instructions *struct {
				PerMessage float64 `json:"per_message"`
			} `json:"user_instructions"`
			InstructionsReason string `json:"user_instructions_unavailable"`
		} `json:"rows"`
	} `json:"cells"`
}

// Comparison adds the output of `cmd/run --json` to a shape. What it could not measure is skipped.
func (r *Results) Comparison(shape, reference, command string, output []byte) error {
	var c comparison
	if err := json.Unmarshal(output, &c); err != nil {
		return fmt.Errorf("output of run: %w", err)
	}
	r.Taken.CPU, r.Taken.CPUs, r.Taken.Kernel = c.Machine.CPU, c.Machine.CPUs, c.Machine.Kernel
	names := make([]string, 0, len(c.Missing))
	for name := range c.Missing {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r.Skip(shape+": "+name, c.Missing[name])
	}
	counted := shape == "instructions" || shape == "system calls"
	var cells []Cell
	for _, from := range c.Cells {
		cell := Cell{Name: fmt.Sprintf("%dx%dx%d", from.Conns, from.Size, from.Pipeline), Reference: reference}
		for _, row := range from.Rows {
			values := make(map[string][]float64)
			if row.Instructions != nil {
				values[Instructions] = []float64{Round(row.Instructions.PerMessage)}
			}
			if row.Calls != nil {
				values[Calls] = []float64{Round(*row.Calls)}
			}
			if reason := row.InstructionsReason + row.CallsReason; reason != "" {
				r.Skip(shape+": "+row.Contender, reason)
			}
			if !counted {
				addRounds(values, row.Rounds)
			}
			if len(values) > 0 {
				cell.Rows = append(cell.Rows, Row{row.Contender, values})
			}
		}
		cells = append(cells, cell)
	}
	r.Add(shape, command, cells)
	return nil
}

func addRounds(values map[string][]float64, rounds []*load.Result) {
	add := func(measure string, v float64) { values[measure] = append(values[measure], Round(v)) }
	for _, l := range rounds {
		add(PerSecond, l.PerSecond)
		add(P50, float64(l.Latency.P50))
		add(P99, float64(l.Latency.P99))
		if l.Server != nil {
			add(CPU, l.Server.PerMessage)
			add(Busy, l.Server.Busy)
		}
	}
}

// memory is what is read of what `cmd/memory --json` prints.
type memory struct {
	Options struct {
		Conns int `json:"conns"`
	} `json:"options"`
	Skipped []string `json:"skipped"`
	Servers []struct {
		Name                            string `json:"name"`
		Empty, Untouched, Used, Settled held
	} `json:"servers"`
}

type held struct{ Heap, Stack int64 }

// memoryNames are those of cmd/memory where the others call the same something else.
var memoryNames = map[string]string{
	"asyncio-uring": "asyncio-proactor", "asyncio-streams-epoll": "asyncio-streams", "asyncio-streams-uring": "asyncio-proactor-streams",
}

// Memory adds the output of `cmd/memory --json`.
func (r *Results) Memory(shape, reference, command string, output []byte) error {
	var m memory
	if err := json.Unmarshal(output, &m); err != nil {
		return fmt.Errorf("output of memory: %w", err)
	}
	for _, why := range m.Skipped {
		what, reason, _ := strings.Cut(why, ": ")
		r.Skip(shape+": "+what, reason)
	}
	cell := Cell{Name: fmt.Sprintf("%d connections", m.Options.Conns), Reference: reference}
	for _, s := range m.Servers {
		each := func(h held) []float64 {
			return []float64{Round(float64(h.Heap+h.Stack-s.Empty.Heap-s.Empty.Stack) / float64(max(m.Options.Conns, 1)))}
		}
		name := s.Name
		if other := memoryNames[name]; other != "" {
			name = other
		}
		cell.Rows = append(cell.Rows, Row{name, map[string][]float64{Untouched: each(s.Untouched), Used: each(s.Used), Settled: each(s.Settled)}})
	}
	r.Add(shape, command, []Cell{cell})
	return nil
}

var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// plain are the equivalents in plain Go, by which benchmarks are compared.
var plain = []string{"channel", "goroutine", "AfterFunc", "os-exec"}

// Primitives adds the output of `go test -bench`. A benchmark X/NAME/PARAMETER is the contender NAME
// in the cell X/PARAMETER. A figure for what is done counts more than one for a whole operation.
func (r *Results) Primitives(shape, command string, output io.Reader) error {
	var cells []Cell
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		match := benchmarkLine.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		value, ok := nanoseconds(match[2])
		parts := strings.SplitN(match[1], "/", 3)
		if !ok || len(parts) < 2 {
			continue
		}
		name := strings.Join(slices.Delete(slices.Clone(parts), 1, 2), "/")
		at := slices.IndexFunc(cells, func(c Cell) bool { return c.Name == name })
		if at < 0 {
			at = len(cells)
			cells = append(cells, Cell{Name: name})
		}
		cell := &cells[at]
		row := cell.Row(parts[1])
		if row == nil {
			cell.Rows = append(cell.Rows, Row{parts[1], make(map[string][]float64)})
			row = &cell.Rows[len(cell.Rows)-1]
		}
		row.Values[Operation] = append(row.Values[Operation], Round(value))
		if slices.Contains(plain, parts[1]) {
			cell.Reference = parts[1]
		}
	}
	if len(cells) == 0 {
		return fmt.Errorf("go test has printed no benchmark")
	}
	r.Add(shape, command, cells)
	return lines.Err()
}

// nanoseconds finds the figure of a benchmark's line: pairs of a value and its unit.
func nanoseconds(text string) (value float64, ok bool) {
	fields := strings.Fields(text)
	for i := 0; i+1 < len(fields); i += 2 {
		unit := fields[i+1]
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil || !strings.HasPrefix(unit, "ns/") || ok && unit == "ns/op" {
			continue
		}
		value, ok = v, true
		if unit != "ns/op" {
			return value, true
		}
	}
	return value, ok
}
