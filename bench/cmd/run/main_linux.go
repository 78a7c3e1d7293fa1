// Command run compares echo servers: it builds them all, runs each on a processor of its own
// with the load on another, round by round, and prints medians and ratios. See bench/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cell is one shape of load that every contender is measured under.
type cell struct {
	Conns    int `json:"conns"`
	Size     int `json:"size"`
	Pipeline int `json:"pipeline"`
	Flood    int `json:"flood,omitempty"` // so many connections more, which flood
}

func (c cell) String() string {
	text := fmt.Sprintf("%dx%dx%d", c.Conns, c.Size, c.Pipeline)
	if c.Flood > 0 {
		text += fmt.Sprintf(" beside %d that flood", c.Flood)
	}
	return text
}

type settings struct {
	contenders          []string
	extra               []kind
	cells               []cell
	rounds              int
	window, warmup      time.Duration
	serverCPU, loadCPU  int
	procs, nice         int
	busy                bool
	reconnect           bool
	broadcast           bool
	idle                int
	perf, step, profile bool
	lines               bool
	calls               bool
	json                bool
	built               string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		stop()
		os.Exit(1)
	}
}

func parse(args []string, messages io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(messages)
	names := flags.String("contenders", "", "comma-separated `names`; those for one loop by default; there are "+strings.Join(allNames(), ","))
	flags.Func("extra", "`NAME=COMMAND`: one more server, which gets --listen 127.0.0.1:0 and must say where it listens; repeatable", s.addExtra)
	conns := flags.String("conns", "50", "comma-separated `numbers` of connections")
	sizes := flags.String("size", "64", "comma-separated message `sizes` in bytes")
	pipelines := flags.String("pipeline", "1", "comma-separated `numbers` of messages under way on each connection")
	cells := flags.String("cells", "", "comma-separated `CONNSxSIZExPIPELINE`, instead of every combination of --conns, --size and --pipeline")
	flags.IntVar(&s.rounds, "rounds", 5, "rounds; each measures every contender once")
	seconds := flags.Float64("seconds", 1, "length of each measured window")
	warmup := flags.Float64("warmup", 0.3, "seconds of load before each window")
	flags.IntVar(&s.serverCPU, "server-cpu", 0, "processor of the servers, -1 for any")
	flags.IntVar(&s.loadCPU, "load-cpu", 1, "processor of the load, -1 for any")
	flags.IntVar(&s.procs, "procs", 1, "GOMAXPROCS of the servers")
	flags.IntVar(&s.nice, "nice", 0, "priority of servers and load; below 0, with privileges, keeps others off their processors")
	flags.BoolVar(&s.reconnect, "reconnect", false, "make a connection for each message, --conns at a time: measures accepting, over TLS handshakes")
	flags.IntVar(&s.idle, "idle", 0, "so many connections more, each idle after one message")
	floods := flags.String("flood", "0", "comma-separated `numbers` of connections more, which write as fast as is taken: the figures are of the others, alone (0) and beside them")
	flags.BoolVar(&s.broadcast, "broadcast", false, "messages come from one connection and go to all of --conns")
	flags.BoolVar(&s.busy, "busy", true, "the load polls without sleeping, so that no server pays for waking it")
	flags.BoolVar(&s.perf, "perf", false, "add user-space instructions per message, counted by the processor through perf")
	flags.BoolVar(&s.step, "step", false, "add user-space instructions per message, counted by stepping through them: slow, needs no counters")
	flags.BoolVar(&s.profile, "profile", false, "with --step: show the functions that the instructions are in")
	flags.BoolVar(&s.lines, "lines", false, "show the lines of memory that a message touches, by object, found by stepping; only on amd64")
	flags.BoolVar(&s.calls, "calls", false, "add system calls per message under this load, counted by the kernel through perf")
	flags.StringVar(&s.built, "built", "", "`folder` to build into and to keep; a temporary one by default")
	flags.BoolVar(&s.json, "json", false, "print JSON, every round included")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	s.contenders = usualNames()
	if *names != "" {
		s.contenders = strings.Split(*names, ",")
	}
	for _, k := range s.extra {
		s.contenders = append(s.contenders, k.name)
	}
	s.window = time.Duration(*seconds * float64(time.Second))
	s.warmup = time.Duration(*warmup * float64(time.Second))
	var err error
	if *cells != "" {
		s.cells, err = parseCells(*cells)
	} else {
		s.cells, err = combine(*conns, *sizes, *pipelines)
	}
	if err == nil {
		s.cells, err = beside(s.cells, *floods)
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// check says which settings do not go together.
func (s *settings) check() error {
	flooded := slices.ContainsFunc(s.cells, func(c cell) bool { return c.Flood > 0 })
	switch {
	case s.rounds < 1 || s.window <= 0 || s.warmup < 0 || s.procs < 1:
		return fmt.Errorf("rounds, seconds and procs must be positive, warm-up not negative")
	case flooded && s.broadcast:
		return fmt.Errorf("--flood with --broadcast: what floods would go to all")
	case (s.broadcast || s.reconnect || s.idle > 0 || flooded) && (s.perf || s.step || s.calls || s.lines):
		return fmt.Errorf("instructions, system calls and lines are counted for plain echoes: leave --broadcast, --reconnect, --idle and --flood out")
	case s.perf && s.step:
		return fmt.Errorf("--perf and --step count the same: choose one")
	case s.profile && !s.step:
		return fmt.Errorf("--profile needs --step")
	case s.lines && !decoded:
		return fmt.Errorf("--lines is not supported on %s: only instructions of amd64 are decoded; use --step --profile instead", runtime.GOARCH)
	case s.lines && slices.ContainsFunc(s.cells, func(c cell) bool { return c.Conns < 4 || c.Pipeline > 1 }):
		return fmt.Errorf("--lines tells connections apart: it needs 4 or more, with one message under way on each")
	}
	return nil
}

func (s *settings) addExtra(value string) error {
	name, line, _ := strings.Cut(value, "=")
	words := strings.Fields(line)
	if name == "" || len(words) == 0 {
		return errors.New("it is not NAME=COMMAND")
	}
	s.extra = append(s.extra, kind{name: name, binary: words[0], args: words[1:]})
	return nil
}

func numbers(list string) ([]int, error) {
	var all []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no positive number", field)
		}
		all = append(all, n)
	}
	return all, nil
}

func combine(conns, sizes, pipelines string) ([]cell, error) {
	cs, err1 := numbers(conns)
	ss, err2 := numbers(sizes)
	ps, err3 := numbers(pipelines)
	var cells []cell
	for _, p := range ps {
		for _, s := range ss {
			for _, c := range cs {
				cells = append(cells, cell{Conns: c, Size: s, Pipeline: p})
			}
		}
	}
	return cells, errors.Join(err1, err2, err3)
}

func parseCells(list string) ([]cell, error) {
	var cells []cell
	for field := range strings.SplitSeq(list, ",") {
		n, err := numbers(strings.ReplaceAll(field, "x", ","))
		if err != nil || len(n) != 3 {
			return nil, fmt.Errorf("%q is not CONNSxSIZExPIPELINE", field)
		}
		cells = append(cells, cell{Conns: n[0], Size: n[1], Pipeline: n[2]})
	}
	return cells, nil
}

// beside is each cell beside so many connections that flood, for each number.
func beside(cells []cell, list string) (all []cell, err error) {
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no number of connections", field)
		}
		for _, c := range cells {
			c.Flood = n
			all = append(all, c)
		}
	}
	return all, nil
}

func run(ctx context.Context, args []string, out, messages io.Writer) error {
	s, err := parse(args, messages)
	if err != nil {
		return err
	}
	directory := s.built
	if directory == "" {
		if directory, err = os.MkdirTemp("", "asyncio-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(directory)
	} else if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	tools, err := buildTools(ctx, directory)
	if err != nil {
		return err
	}
	contenders, err := prepare(ctx, s, tools)
	if err != nil {
		return err
	}
	m := &measurer{settings: s, tools: tools, messages: messages}
	report, err := m.compare(ctx, contenders)
	if err != nil {
		return err
	}
	if s.json {
		return report.writeJSON(out)
	}
	return report.writeText(out)
}
