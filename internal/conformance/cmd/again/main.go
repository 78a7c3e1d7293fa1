// Again says what of a run of `go test -json` is to be run once more, because it failed
// and is not listed as expected, and takes its events out of the file, so that those of
// the second run can be put there.
//
//	go run ./internal/conformance/cmd/again -expected LIST EVENTS
//
// It prints a line for each package: its path, and the pattern for -run.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/conformance"
)

func main() {
	list := flag.String("expected", "", "what is listed in `FILE` may fail")
	flag.Parse()
	if *list == "" || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: again -expected LIST EVENTS")
		os.Exit(2)
	}
	if err := run(*list, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "again:", err)
		os.Exit(1)
	}
}

func run(list, file string) error {
	events, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	results := conformance.NewResults()
	if err := results.Read(bytes.NewReader(events)); err != nil {
		return err
	}
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	defer f.Close()
	expected, err := conformance.ReadExpected(f)
	if err != nil {
		return err
	}
	repeats := expected.Repeats(results, conformance.Module)
	var rest bytes.Buffer
	if err := conformance.CopyWithout(&rest, bytes.NewReader(events), repeats); err != nil {
		return err
	}
	for _, r := range repeats {
		fmt.Println(r.Package, r.Pattern())
	}
	return os.WriteFile(file, rest.Bytes(), 0o644)
}
