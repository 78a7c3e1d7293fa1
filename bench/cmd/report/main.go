// Command report measures everything that docs/performance.md tells, keeps the results of all rounds
// and makes the page and its plots of them. See bench/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/page"
	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// options are the command line.
type options struct {
	quick, planOnly    bool
	rounds, nice       int
	seconds            float64
	within             time.Duration
	shapes, contenders []string
	out, from, add     string
	typed              string // the command line itself
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		stop()
		os.Exit(1)
	}
}

func parse(args []string, messages io.Writer) (*options, error) {
	o := &options{typed: "go run ./cmd/report"}
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.BoolVar(&o.quick, "quick", false, "a subset: fewer cells, 3 rounds of 0.3 s, fewer connections in memory")
	flags.BoolVar(&o.planOnly, "plan", false, "measure nothing: show what would be, and how long it would take")
	flags.IntVar(&o.rounds, "rounds", 0, "rounds of each cell; 7 by default, 3 with --quick")
	flags.Float64Var(&o.seconds, "seconds", 0, "length of each measured window; 1 by default, 0.3 with --quick")
	flags.DurationVar(&o.within, "within", 0, "skip what would not be done within this `time`, such as 12m; 0 is all the time it takes")
	flags.IntVar(&o.nice, "nice", 0, "priority of servers and load, see cmd/run")
	shapes := flags.String("shapes", "", "comma-separated `shapes` to measure, all by default: "+strings.Join(o.names(), ","))
	contenders := flags.String("contenders", "", "comma-separated `names` of cmd/run's: measure only those; all by default")
	flags.StringVar(&o.out, "out", filepath.Join("..", "docs"), "`folder` that performance.md goes into, and beside it performance/")
	flags.StringVar(&o.from, "from", "", "measure nothing: make the page of the results kept in `FILE`")
	flags.StringVar(&o.add, "add", "", "put what is measured in the place of the same shapes in the results kept in `FILE`, and keep the others of those")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "out" { // where the page goes is of no interest to its readers
			o.typed += " --" + f.Name + valueOf(f)
		}
	})
	o.shapes, o.contenders = list(*shapes), list(*contenders)
	usual, length := 7, 1.0
	if o.quick {
		usual, length = 3, 0.3
	}
	if o.rounds == 0 {
		o.rounds = usual
	}
	if o.seconds == 0 {
		o.seconds = length
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.rounds < 0 || o.seconds < 0:
		return nil, errors.New("rounds and seconds must be positive")
	case o.from != "" && (o.planOnly || o.quick || o.add != "" || len(o.shapes) > 0):
		return nil, errors.New("--from measures nothing: leave --plan, --quick, --add and --shapes out")
	case o.add != "" && len(o.shapes) == 0:
		return nil, errors.New("--add needs --shapes: which ones are to be measured again")
	}
	for _, name := range o.shapes {
		if !slices.Contains(o.names(), name) {
			return nil, fmt.Errorf("there is no shape %q; there are %s", name, strings.Join(o.names(), ", "))
		}
	}
	return o, nil
}

// valueOf is a flag's value as one types it behind its name.
func valueOf(f *flag.Flag) string {
	value := f.Value.String()
	switch {
	case value == "true":
		return ""
	case strings.ContainsAny(value, " "):
		value = "'" + value + "'"
	}
	return " " + value
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// names are the shapes that there are.
func (o *options) names() (names []string) {
	for _, s := range o.steps() {
		if !slices.Contains(names, s.shape) {
			names = append(names, s.shape)
		}
	}
	return names
}

func run(ctx context.Context, args []string, out, messages io.Writer) error {
	o, err := parse(args, messages)
	if err != nil {
		return err
	}
	if o.planOnly {
		o.showPlan(func(format string, a ...any) { fmt.Fprintf(out, format, a...) })
		return nil
	}
	kept := filepath.Join(o.out, "performance", "results.json")
	if o.from != "" {
		r, err := results.Read(o.from)
		if err != nil {
			return err
		}
		return page.Render(r, o.out)
	}
	r, err := o.measureInto(ctx, kept, messages)
	if err != nil {
		return err
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(messages, "skipped %s: %s\n", s.What, s.Why)
	}
	fmt.Fprintf(out, "results: %s\npage:    %s\n", kept, filepath.Join(o.out, "performance.md"))
	return page.Render(r, o.out)
}

// measureInto measures and keeps the results, by themselves or among those of earlier runs.
func (o *options) measureInto(ctx context.Context, kept string, messages io.Writer) (*results.Results, error) {
	if o.add == "" {
		return measure(ctx, o, kept, messages)
	}
	all, err := results.Read(o.add)
	if err != nil {
		return nil, err
	}
	now, err := measure(ctx, o, kept+".now", messages)
	if err != nil {
		return nil, err
	}
	all.Replace(now)
	if err := all.Write(kept); err != nil {
		return nil, err
	}
	return all, os.Remove(kept + ".now")
}
