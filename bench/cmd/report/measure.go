package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// measurer runs the plan's commands.
type measurer struct {
	*options
	folder   string // of what is built
	built    map[tool]error
	messages io.Writer
	results  *results.Results
	began    time.Time
}

// measure runs the plan and keeps the results after every step, so that an end before the last one
// loses only what comes then.
func measure(ctx context.Context, o *options, kept string, messages io.Writer) (*results.Results, error) {
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "asyncio-report-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	m := &measurer{options: o, folder: folder, built: make(map[tool]error), messages: messages, results: &results.Results{Taken: o.taken(ctx)}}
	chosen, skipped := o.plan()
	m.results.Skipped = skipped
	m.began = time.Now()
	for i, s := range chosen {
		if left := o.within - time.Since(m.began); o.within > 0 && o.takes(s) > left {
			m.results.Skip(s.shape+": "+strings.Join(s.names(), ", "), fmt.Sprintf("there was no time for it within %v", o.within))
			continue
		}
		fmt.Fprintf(messages, "%d of %d, about %s: %s\n", i+1, len(chosen), o.takes(s).Round(time.Second), o.line(s))
		err := m.step(ctx, s)
		if ctx.Err() != nil {
			m.results.Skip(s.shape+" and what comes after it", "the run was interrupted")
			break
		}
		if err != nil {
			m.results.Skip(s.shape+": "+strings.Join(s.contenders, ", "), err.Error())
		}
		m.results.Taken.LoadAfter = loadAverage()
		if err := m.results.Write(kept); err != nil {
			return nil, err
		}
	}
	if len(m.results.Shapes) == 0 {
		return nil, fmt.Errorf("nothing could be measured: %v", m.results.Skipped)
	}
	return m.results, m.results.Write(kept)
}

// step runs one command and takes its results.
func (m *measurer) step(ctx context.Context, s step) error {
	patience := 3*m.takes(s) + 2*time.Minute
	if m.within > 0 {
		patience = min(patience, m.within-time.Since(m.began)+time.Minute)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it took more than %v", patience.Round(time.Second)))
	defer cancel()
	output, err := m.output(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	switch s.tool {
	case remembering:
		return m.results.Memory(s.shape, s.reference, m.line(s), output)
	case primitives:
		return m.results.Primitives(s.shape, m.line(s), bytes.NewReader(output))
	}
	return m.results.Comparison(s.shape, s.reference, m.line(s), output)
}

// output is what the step's command prints, in all its rounds if it does not see to them itself.
func (m *measurer) output(ctx context.Context, s step) ([]byte, error) {
	switch s.tool {
	case primitives:
		var all []byte
		for range s.rounds {
			text, err := capture(ctx, "go", append([]string{"test"}, m.command(s)...)...)
			if err != nil {
				return nil, err
			}
			all = append(all, text...)
		}
		return all, nil
	case remembering:
		program, err := m.build(ctx, s.tool, "./cmd/memory")
		if err != nil {
			return nil, err
		}
		return capture(ctx, program, m.command(s)...)
	}
	program, err := m.build(ctx, s.tool, "./cmd/run")
	if err != nil {
		return nil, err
	}
	return capture(ctx, program, append(m.command(s), "--built", filepath.Join(m.folder, "servers"))...)
}

// capture is what a program prints. It is interrupted with the context, so that it ends what it
// has started.
func capture(ctx context.Context, program string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	var out, failure bytes.Buffer
	command.Stdout, command.Stderr = &out, &failure
	if err := command.Run(); err != nil {
		return nil, errors.New(lastLine(failure.String()+out.String(), err))
	}
	return out.Bytes(), nil
}

// build makes a tool once.
func (m *measurer) build(ctx context.Context, t tool, source string) (string, error) {
	program := filepath.Join(m.folder, filepath.Base(source))
	if err, done := m.built[t]; done {
		return program, err
	}
	text, err := exec.CommandContext(ctx, "go", "build", "-o", program, source).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s does not build: %s", source, lastLine(string(text), err))
	}
	m.built[t] = err
	return program, err
}

// lastLine is the last that a program said, or how it ended if it said nothing.
func lastLine(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return err.Error()
}

// taken is where and when. What the machine is, cmd/run says.
func (o *options) taken(ctx context.Context) results.Taken {
	return results.Taken{
		Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Commit: commit(ctx), Command: o.typed,
		CPUs: runtime.NumCPU(), Kernel: runtime.GOOS, Go: runtime.Version(), OpenFiles: openFiles(),
		LoadBefore: loadAverage(), LoadAfter: loadAverage(),
		Quick: o.quick, Rounds: o.rounds, Seconds: o.seconds, Versions: versions(ctx),
	}
}

// commit is what was measured, and whether it was changed since.
func commit(ctx context.Context) string {
	text, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(text))
	// The page itself is what the last run has changed.
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ":/", ":!/docs/performance*").Output()
	if err != nil || len(changed) > 0 {
		name += " with changes"
	}
	return name
}

// loadAverage is that of the last one, five and fifteen minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(text))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

var moduleVersion = regexp.MustCompile(`(?m)^\S+/(gnet/v2|nbio|netpoll) v(\S+)$`)

// versions are those of the peers, as far as they are here.
func versions(ctx context.Context) map[string]string {
	all := make(map[string]string)
	say := func(name string, words ...string) {
		if text, err := exec.CommandContext(ctx, words[0], words[1:]...).Output(); err == nil {
			all[name] = strings.TrimSpace(string(text))
		}
	}
	if text, err := exec.CommandContext(ctx, "go", "list", "-m", "all").Output(); err == nil {
		for _, match := range moduleVersion.FindAllStringSubmatch(string(text), -1) {
			all[strings.TrimSuffix(match[1], "/v2")] = match[2]
		}
	}
	say("libuv", "pkg-config", "--modversion", "libuv")
	python := "python3"
	for _, candidate := range []string{"python3", "/usr/bin/python3"} { // as cmd/run chooses
		if exec.CommandContext(ctx, candidate, "-c", "import uvloop").Run() == nil {
			python = candidate
			say("uvloop", python, "-c", "import uvloop; print(uvloop.__version__)")
			break
		}
	}
	say("CPython", python, "-c", "import platform; print(platform.python_version())")
	return all
}
