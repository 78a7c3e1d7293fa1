// Twice runs tests, what failed of them once more, and prints what a person reads: what
// testlines prints and, loudly, what was run twice and what the first run had said.
//
//	twice -packages ./... -- go test -json -count=1
//
// The words behind the flags are the command, which prints the events of `go test -json`
// for the packages that are put behind it. A report of the race detector, a package that
// does not build and more failures than -limit are not run again. With -expected LIST what
// fails is compared with the list, either way; it is empty otherwise. The last line counts the
// tests and names those that failed once. The status is 1 if what counts is not as it should be.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/go-asyncio/asyncio/internal/conformance"
)

type lists []string

func (l *lists) String() string     { return strings.Join(*l, " ") }
func (l *lists) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	var expected lists
	flag.Var(&expected, "expected", "compare what failed with the list in `FILE`; several are added up")
	packages := flag.String("packages", "./...", "the `PACKAGES` to test, with spaces between them")
	events := flag.String("events", os.DevNull, "write the events that count to `FILE`")
	limit := flag.Int("limit", 0, "run `N` failed tests again at most; 0: any number")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: twice [flags] -- COMMAND")
		os.Exit(2)
	}
	good, err := run(expected, strings.Fields(*packages), *events, *limit, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "twice:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func run(lists, packages []string, events string, limit int, command []string) (bool, error) {
	expected, err := conformance.ReadExpectedFiles(lists...)
	if err != nil {
		return false, err
	}
	file, err := os.Create(events)
	if err != nil {
		return false, err
	}
	defer file.Close()
	t := conformance.Twice{
		Run: func(out io.Writer, arguments ...string) error {
			c := exec.Command(command[0], append(command[1:len(command):len(command)], arguments...)...)
			c.Stdout, c.Stderr = out, os.Stderr
			return c.Run()
		},
		Packages: packages,
		Module:   conformance.Module,
		Expected: expected,
		Limit:    limit,
	}
	return t.Do(file, os.Stdout)
}
