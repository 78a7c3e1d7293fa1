// Package invarianttest shows that a broken invariant is seen.
package invarianttest

import (
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

// variable tells the test's program, started again, which case it is to run.
const variable = "ASYNCIO_BREAK_INVARIANT"

// Broken runs each function in a program of its own, which is to end because the
// invariant is broken that the function is listed under. It starts the test's program
// again, for the test that calls it. Where invariants are not checked it is skipped.
func Broken(t *testing.T, cases map[string]func()) {
	t.Helper()
	if !invariants.Enabled {
		t.Skip("invariants are checked with the build tag invariants and under -race")
	}
	if run, ok := cases[os.Getenv(variable)]; ok {
		run()
		os.Exit(0)
	}
	for what := range cases {
		cmd := again.Command("-test.run=^" + t.Name() + "$")
		cmd.Env = append(os.Environ(), variable+"="+what)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "broken invariant: "+what) {
			t.Errorf("%s: the program ended with %v and\n%s", what, err, out)
		}
	}
}
