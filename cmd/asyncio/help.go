package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// help prints help for all commands or for one.
func help(out io.Writer, args []string) error {
	if len(args) == 0 {
		return helpAll(out)
	}
	c := find(args[0])
	if c == nil || len(args) > 1 {
		return fault.Usage(`help: there is no help on %q%s; see "asyncio help"`, strings.Join(args, " "), fault.DidYouMean(args[0], "", commandNames()))
	}
	f := newFlags(c.name)
	c.prepare(f)
	var text strings.Builder
	fmt.Fprintf(&text, "asyncio %s: %s\n", c.name, c.summary)
	if c.details != "" {
		fmt.Fprintf(&text, "\n%s\n", strings.TrimSpace(c.details))
	}
	var list strings.Builder
	f.describe(&list)
	if list.Len() > 0 {
		fmt.Fprintf(&text, "\nFlags:\n%s", list.String())
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func helpAll(out io.Writer) error {
	var text strings.Builder
	text.WriteString("Python's asyncio event loop, in Go.\n\nUsage: asyncio COMMAND [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(&text, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(&text, "  %-10s %s\n", "help", "print this, or with a command's name its help and flags")
	_, err := io.WriteString(out, text.String())
	return err
}

// printVersion says what this program is and what made it.
func printVersion(out *os.File) error {
	_, err := fmt.Fprintf(out, "asyncio %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the module's, as far as the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
