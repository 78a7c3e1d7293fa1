package house

import (
	"slices"
	"strings"
	"testing"
)

// floors are the folders of ARCHITECTURE.md, lowest first; a package imports
// only from floors below its own.
var floors = [][]string{
	{"selectors", "proactors", "internal"},
	{"."},
	{"streams", "locks", "queues", "subprocess", "nethttp", "loopgroup", "asynciotest", "simulation"},
	{"cmd", "examples", "docs"},
}

// onTop are the packages that stand upon another one of their own floor.
var onTop = map[string]string{"subprocess": "streams", "nethttp": "streams", "loopgroup": "streams"}

// machines are the packages of floor 0 that one of floor 2 may import, because it stands upon them
// as the root does: nobody else could have written it.
var machines = map[string][]string{
	"simulation": {"internal/engine/simulated", "internal/trace", "internal/search", "internal/goroutine"},
}

// forTests tells whether a folder holds what only tests import.
func forTests(dir string) bool {
	return dir == "internal/testkit" || strings.HasPrefix(dir, "internal/testkit/")
}

// floor returns the floor of a folder of this module, -1 for what is not in it.
func floor(dir string) int {
	top, _, _ := strings.Cut(dir, "/")
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, top) })
}

// TestEveryFolderHasAFloor: a new folder takes its place in ARCHITECTURE.md and here.
func TestEveryFolderHasAFloor(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if floor(s.dir) < 0 {
			t.Errorf("%s: folder %s stands on no floor", s.path, s.dir)
		}
	}
}

// TestImportsGoDown: no package imports from its own floor (but floor 0, whose
// packages are small and build on each other) or from one above.
func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || forTests(s.dir) {
			continue // a test may look at its package from above
		}
		own := floor(s.dir)
		for _, imported := range s.imports() {
			f := floor(imported)
			if imported == s.dir || f < 0 || f < own || own == 0 && f == 0 || onTop[s.dir] == imported {
				continue
			}
			if owner, _, ok := strings.Cut(imported, "/internal/"); ok && own == 3 && strings.HasPrefix(s.dir+"/", owner+"/") {
				continue // a command's own parts
			}
			t.Errorf("%s (floor %d) imports %s (floor %d)", s.path, own, imported, f)
		}
	}
}

// TestPublicAPIAlone: what stands above the root is built on what every user
// has, so that anybody could have written it.
func TestPublicAPIAlone(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || floor(s.dir) < 2 {
			continue
		}
		for _, imported := range s.imports() {
			if strings.HasPrefix(imported, "internal/") && !forTests(imported) && !slices.Contains(machines[s.dir], imported) {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
}

// TestTestkitIsForTests: only tests import it, asynciotest, which is for the tests of
// others, and the suites.
func TestTestkitIsForTests(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || forTests(s.dir) || s.dir == "asynciotest" || isSuite(s.dir) {
			continue
		}
		for _, imported := range s.imports() {
			if forTests(imported) {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
}

// TestDependencies: the library needs two modules and its tests one more; a
// new one needs a reason in ARCHITECTURE.md and a line here.
func TestDependencies(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			host, _, slash := strings.Cut(imported, "/")
			if !slash || !strings.Contains(host, ".") {
				continue // standard library, or this module
			}
			allowed := []string{"golang.org/x/sys", "github.com/petermattis/goid"}
			if s.test {
				allowed = append(allowed, "golang.org/x/net")
			}
			if !slices.ContainsFunc(allowed, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
}
