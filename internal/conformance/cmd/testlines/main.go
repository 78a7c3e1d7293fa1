// Testlines turns the output of `go test -json` on standard input back into
// what a person reads: a line per package, the whole output of failed tests,
// the reasons of skipped ones, and counts.
//
//	go test -json ./... | tee t.json | go run ./internal/conformance/cmd/testlines
//
// It ends with status 1 if a test or a package failed.
package main

import (
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/conformance"
)

func main() {
	results := conformance.NewResults()
	if err := results.Read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testlines:", err)
		os.Exit(1)
	}
	results.Summary(os.Stdout)
	if results.Failed() {
		os.Exit(1)
	}
}
