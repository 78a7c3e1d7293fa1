// Testlines turns the output of `go test -json` on standard input back into
// what a person reads: a line per package, the whole output of failed tests,
// the reasons of skipped ones, and counts.
//
//	go test -json ./... | tee t.json | go run ./internal/conformance/cmd/testlines
//
// It ends with status 1 if a test or a package failed. With -expected FILE it
// ends so if what failed differs from what the file lists, either way: on each
// line a package's folder, a test or a pattern of path.Match for tests, and the
// reason.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-asyncio/asyncio/internal/conformance"
)

func main() {
	expected := flag.String("expected", "", "compare what failed with the list in `FILE`")
	flag.Parse()
	good, err := run(*expected, os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlines:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func run(list string, in io.Reader, out io.Writer) (good bool, err error) {
	results := conformance.NewResults()
	if err := results.Read(in); err != nil {
		return false, err
	}
	if list == "" {
		results.Summary(out)
		return !results.Failed(), nil
	}
	file, err := os.Open(list)
	if err != nil {
		return false, err
	}
	defer file.Close()
	expected, err := conformance.ReadExpected(file)
	if err != nil {
		return false, err
	}
	good = expected.Check(results, conformance.Module, out)
	results.Summary(out)
	return good, nil
}
