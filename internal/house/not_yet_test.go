package house

import "testing"

// What does not keep a rule yet stands here. These lists only grow shorter: a test fails
// for what stands on one and keeps the rule by now.

// misnamedYet are the names whose comments begin with another word.
var misnamedYet = []string{}

// joinedYet are words in the names of files that are two words.
var joinedYet = []string{}

// longYet are files and functions that are too long.
var longYet = []string{}

// backendsYet are files that have a list of backends of their own.
var backendsYet = []string{
	"descriptors_linux_test.go",
	"loop_windows_test.go",
}

// notYet returns what tells whether something is on a list. When the test ends it fails
// for all on the list that it has not asked for.
func notYet(t *testing.T, what string, list []string) func(name string) bool {
	t.Helper()
	asked := map[string]bool{}
	t.Cleanup(func() {
		for _, name := range list {
			if !asked[name] {
				t.Errorf("%s %s keeps the rule or is no longer there: take it off the list in not_yet_test.go", what, name)
			}
		}
	})
	on := map[string]bool{}
	for _, name := range list {
		on[name] = true
	}
	return func(name string) bool {
		asked[name] = true
		return on[name]
	}
}
