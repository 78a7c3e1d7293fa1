//go:build !linux

// Command run compares echo servers; it needs Linux. See bench/README.md.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "run: not supported on %s: the load and the pinning to processors need Linux\n", runtime.GOOS)
	os.Exit(1)
}
