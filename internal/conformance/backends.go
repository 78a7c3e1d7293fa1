package conformance

import "slices"

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

// Backends are all that package selectors and package proactors list, in the order in
// which they are reported. The element of io_uring's is short.
var Backends = []Backend{
	{"select", Native, "select"},
	{"poll", Native, "poll"},
	{"epoll", Native, "epoll"},
	{"kqueue", Native, "kqueue"},
	{"devpoll", Native, "devpoll"},
	{"uring", Native, "uring"},
	{"windows-select", Windows, "select"},
	{"iocp", Windows, "iocp"},
}

// backend finds a backend by its name.
func backend(name string) (Backend, bool) {
	i := slices.IndexFunc(Backends, func(b Backend) bool { return b.Name == name })
	if i < 0 {
		return Backend{}, false
	}
	return Backends[i], true
}

// backendOf finds the backend that an element of a test's name speaks of.
func backendOf(run Run, element string) (Backend, bool) {
	i := slices.IndexFunc(Backends, func(b Backend) bool { return b.Run == run && b.Element == element })
	if i < 0 {
		return Backend{}, false
	}
	return Backends[i], true
}
