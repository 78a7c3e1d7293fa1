package house

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// subFloors are the packages of floor 0, lowest first: each imports only what stands
// before it. A folder stands for what is below it, too, unless that is named itself.
var subFloors = []string{
	// what knows of nothing else here
	"internal/invariants", "internal/list", "internal/goroutine", "internal/identity",
	"internal/coro", "internal/timers", "internal/mailbox", "internal/buffers",
	"internal/wake", "internal/poller", "internal/sock", "internal/netaddr",
	// the seam: the contract, which knows no mechanism
	"internal/engine",
	// the mechanisms
	"selectors", "proactors",
	// what implements the contract over them
	"internal/engine/system", "internal/engine/datagrams",
	"internal/engine/readiness", "internal/engine/completion", "internal/engine/simulated",
	"internal/engine/enginetest",
	// what a search among simulations is made of
	"internal/trace", "internal/search",
	// one goroutine, one queue
	"internal/sched",
	// what lives on it
	"internal/transport", "internal/listen", "internal/tlsconn", "internal/child", "internal/signals",
}

// aside are the folders of internal whose packages nothing else imports but tests.
var aside = []string{"internal/testkit", "internal/conformance", "internal/churn", "internal/golden", "internal/interop", "internal/house"}

// subFloor returns a folder's place in subFloors, -1 for one that has none.
func subFloor(dir string) int {
	for ; dir != "."; dir = parent(dir) {
		if i := slices.Index(subFloors, dir); i >= 0 {
			return i
		}
	}
	return -1
}

// TestRoomsAreNamed: the plan of the floors in ARCHITECTURE.md names each folder that has a
// place on one, and each that stands aside.
func TestRoomsAreNamed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, plan, _ := strings.Cut(string(text), "\n## Floors\n")
	plan, _, _ = strings.Cut(plan, "\n## ")
	named := strings.Fields(strings.ReplaceAll(plan, "/ ", " "))
	for _, room := range slices.Concat(subFloors, aside, floors[2]) {
		if strings.HasPrefix(room, "internal/") && strings.HasSuffix(room, "test") {
			continue // the suite of the room before it
		}
		if exists(filepath.Join("..", "..", room)) && !slices.Contains(named, room) {
			t.Errorf("the plan of the floors in ARCHITECTURE.md lacks %s: say there what it is for", room)
		}
	}
}

// parent is the folder in which one is, "." for one of the module's root.
func parent(dir string) string {
	if i := strings.LastIndex(dir, "/"); i >= 0 {
		return dir[:i]
	}
	return "."
}

// within reports whether a folder is one of several, or in one of them.
func within(dir string, several []string) bool {
	return slices.ContainsFunc(several, func(s string) bool { return strings.HasPrefix(dir+"/", s+"/") })
}

// TestSubFloors: on floor 0, too, imports go one way, and what stands aside is imported
// by nothing that a program is built of.
func TestSubFloors(t *testing.T) {
	t.Parallel()
	met := 0
	for _, s := range sources(t) {
		if s.test || within(s.dir, aside) {
			continue
		}
		own := subFloor(s.dir)
		if floor(s.dir) == 0 && own < 0 {
			t.Errorf("%s: package %s stands on no sub-floor: give it its place in subFloors and in ARCHITECTURE.md", s.path, s.dir)
		}
		for _, imported := range s.imports() {
			if own < 0 || floor(imported) != 0 || imported == s.dir || isSuite(s.dir) && forTests(imported) {
				continue
			}
			met++
			if i := subFloor(imported); i < 0 || i > own || i == own && !isSuite(s.dir) {
				t.Errorf("%s imports %s, which does not stand below %s: see subFloors", s.path, imported, s.dir)
			}
		}
	}
	if met < 10 {
		t.Errorf("only %d imports found", met)
	}
}
