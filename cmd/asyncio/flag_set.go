package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// flags are the flags of one command: package flag's, but for the texts.
type flags struct{ *flag.FlagSet }

func newFlags(command string) *flags {
	f := &flags{flag.NewFlagSet(command, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	return f
}

// parse reports whether help was asked for. No command takes other arguments.
func (f *flags) parse(args []string) (help bool, err error) {
	err = f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return true, nil
	case err != nil:
		return false, fault.Usage(`%s: %s; see "asyncio help %s"`, f.Name(), f.explain(err.Error()), f.Name())
	case f.NArg() > 0:
		return false, fault.Usage(`%s: unexpected argument %q; see "asyncio help %s"`, f.Name(), f.Arg(0), f.Name())
	}
	return false, nil
}

// span defines a flag that takes a time.
func (f *flags) span(p *time.Duration, name string, value time.Duration, text string) {
	*p = value
	f.Var((*span)(p), name, text)
}

// number defines a flag that takes a whole number.
func (f *flags) number(p *int, name string, value int, text string) {
	*p = value
	f.Var((*number)(p), name, text)
}

// choice defines a flag that takes one of several words.
func (f *flags) choice(p *string, name, value, text string, words ...string) *choice {
	*p = value
	c := &choice{word: p, words: words}
	f.Var(c, name, text)
	return c
}

// The texts of package flag.
var (
	unknownFlag  = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	missingValue = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
	invalidValue = regexp.MustCompile(`^invalid value (".*") for flag -(\S+): (.*)$`)
	invalidBool  = regexp.MustCompile(`^invalid boolean value (".*") for -(\S+): .*$`)
)

// explain says what package flag says in other words: how the flag is written, and
// what would be right.
func (f *flags) explain(text string) string {
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return "unknown flag --" + m[1] + fault.DidYouMean(m[1], "--", f.names())
	}
	if m := missingValue.FindStringSubmatch(text); m != nil {
		value, _ := flag.UnquoteUsage(f.Lookup(m[1]))
		return fmt.Sprintf("--%s needs a %s after it", m[1], value)
	}
	if m := invalidValue.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s %s: %s", m[2], fault.Typed(m[1]), m[3])
	}
	if m := invalidBool.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s=%s: it takes true or false, or no value at all", m[2], fault.Typed(m[1]))
	}
	return text
}

// names are those of the flags.
func (f *flags) names() (all []string) {
	f.VisitAll(func(g *flag.Flag) { all = append(all, g.Name) })
	return all
}

// describe lists the flags.
func (f *flags) describe(out io.Writer) {
	f.VisitAll(func(g *flag.Flag) {
		value, text := flag.UnquoteUsage(g)
		if c, ok := g.Value.(*choice); ok {
			value = strings.Join(c.words, "|")
		}
		head := strings.TrimSpace("--" + g.Name + " " + value)
		if g.DefValue != "" && g.DefValue != "false" {
			text += fmt.Sprintf(" (default %s)", g.DefValue)
		}
		fmt.Fprintf(out, "  %s\n        %s\n", head, text)
	})
}
