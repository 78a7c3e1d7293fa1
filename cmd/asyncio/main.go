// Command asyncio shows the event loop at work and what it can do on this machine.
//
//	asyncio serve      run an echo server on the event loop
//	asyncio platform   find out what works on this machine, by trying it
//	asyncio version    print the version
//	asyncio help       print help, for all or for one command
//
// It is built on the public packages alone. It ends with status 0, with 1 after an
// error and with 2 if it was called wrongly; either is one line on standard error.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/platform"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/serve"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// command is one of the first words that the program understands.
type command struct {
	name    string
	summary string
	details string
	// prepare defines the command's flags, and returns what is to be done once
	// they are parsed.
	prepare func(f *flags) func(out *os.File) error
}

// commands, in the order in which help lists them.
var commands = []command{
	{"serve", "run an echo server on the event loop", serve.Details, serveFlags},
	{"platform", "find out what works on this machine, by trying it", platform.Details, platformFlags},
	{"version", "print the version", "", versionFlags},
}

// run is the program: it returns the status.
func run(args []string, out *os.File, stderr io.Writer) int {
	err := dispatch(args, out)
	if err == nil {
		return 0
	}
	status := &fault.Error{Status: 1}
	if !errors.As(err, &status) || status.Err != nil {
		fmt.Fprintln(stderr, "asyncio:", fault.OneLine(err))
	}
	return status.Status
}

func dispatch(args []string, out *os.File) error {
	if len(args) == 0 {
		return fault.Usage(`a command is missing; see "asyncio help"`)
	}
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return help(out, args)
	case "-version", "--version":
		name = "version"
	}
	c := find(name)
	if c == nil {
		return fault.Usage(`unknown command %q%s; see "asyncio help"`, name, fault.DidYouMean(name, "", commandNames()))
	}
	f := newFlags(c.name)
	do := c.prepare(f)
	switch asked, err := f.parse(args); {
	case err != nil:
		return err
	case asked:
		return help(out, []string{c.name})
	}
	err := do(out)
	status := &fault.Error{}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status) && status.Status == fault.StatusUsage && status.Err != nil:
		return fmt.Errorf(`%s: %w; see "asyncio help %s"`, c.name, err, c.name)
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

func find(name string) *command {
	for i := range commands {
		if commands[i].name == name {
			return &commands[i]
		}
	}
	return nil
}

func commandNames() []string {
	names := []string{"help"}
	for _, c := range commands {
		names = append(names, c.name)
	}
	return names
}
