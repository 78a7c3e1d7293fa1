package conformance

import (
	"slices"
	"strings"
	"sync"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// Run is a run of the whole suite on one system.
type Run string

// The runs that the scorer knows.
const (
	Native  Run = "native"  // on the machine itself
	Windows Run = "windows" // as windows/amd64, under Wine
)

// Runs are all of them, in the order in which they are reported.
var Runs = []Run{Native, Windows}

// Backend is what a loop or a selector has underneath, on one system.
type Backend struct {
	Name    string
	Run     Run    // in whose results it is looked for
	Element string // the path element of a test's name that says that it ran there
}

// Backends are all of them, in the order in which they are reported: the mechanisms that
// package selectors and package proactors list, whether or not they work here. The run as
// a program for Windows has IOCP, which is nowhere else, and a select of its own.
var Backends = sync.OnceValue(func() []Backend {
	var names []string
	for _, info := range selectors.Available() {
		names = append(names, info.Name)
	}
	slices.Reverse(names) // the plainest first
	for _, info := range proactors.Available() {
		if !info.Pinned { // another form of the same
			names = append(names, strings.TrimPrefix(info.Name, "io_"))
		}
	}
	var native, windows []Backend
	for _, name := range names {
		if name != "iocp" {
			native = append(native, Backend{name, Native, name})
		}
		switch name {
		case "iocp":
			windows = append(windows, Backend{name, Windows, name})
		case "select":
			windows = append(windows, Backend{"windows-" + name, Windows, name})
		}
	}
	return slices.Concat(native, windows)
})

// backend finds a backend by its name.
func backend(name string) (Backend, bool) {
	i := slices.IndexFunc(Backends(), func(b Backend) bool { return b.Name == name })
	if i < 0 {
		return Backend{}, false
	}
	return Backends()[i], true
}

// backendOf finds the backend that an element of a test's name speaks of.
func backendOf(run Run, element string) (Backend, bool) {
	i := slices.IndexFunc(Backends(), func(b Backend) bool { return b.Run == run && b.Element == element })
	if i < 0 {
		return Backend{}, false
	}
	return Backends()[i], true
}
