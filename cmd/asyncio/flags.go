package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
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
		text := err.Error()
		if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
			text = "unknown flag --" + name
		}
		text = strings.Replace(text, "for flag -", "for flag --", 1)
		return false, usage(`%s: %s; see "asyncio help %s"`, f.Name(), text, f.Name())
	case f.NArg() > 0:
		return false, usage(`%s: unexpected argument %q; see "asyncio help %s"`, f.Name(), f.Arg(0), f.Name())
	}
	return false, nil
}

// choice defines a flag that takes one of several words.
func (f *flags) choice(p *string, name, value, text string, words ...string) {
	*p = value
	f.Var(&choice{p, words}, name, text)
}

// choice is the value of such a flag.
type choice struct {
	word  *string
	words []string
}

func (c *choice) String() string {
	if c.word == nil {
		return ""
	}
	return *c.word
}

func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("it is one of %s", strings.Join(c.words, ", "))
	}
	*c.word = word
	return nil
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
