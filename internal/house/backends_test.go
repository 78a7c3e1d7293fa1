package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// backendNames are the names of the mechanisms, as users, tests and the scorer write them.
var backendNames = []string{"select", "poll", "epoll", "kqueue", "devpoll", "uring", "iouring", "io_uring", "iocp"}

// ownLists are the files that may name several backends, and why.
var ownLists = map[string]string{
	"internal/house/backends_test.go":                "the names that are looked for",
	"internal/conformance/runs_test.go":              "results that never were, to score",
	"internal/conformance/score_test.go":             "results that never were, to score",
	"cmd/asyncio/internal/serve/worker_loop_test.go": "what people write for their names",
	"cmd/asyncio/refused_linux_test.go":              "the system call of each that the kernel is to refuse",
}

// TestOneListOfBackends: which backends there are is said by selectors.Available and
// proactors.Available, and by nobody else, so that a new one is everywhere at once.
func TestOneListOfBackends(t *testing.T) {
	t.Parallel()
	left := notYet(t, "list of backends", backendsYet)
	met := map[string]bool{}
	for _, s := range sources(t) {
		if top, _, _ := strings.Cut(s.dir, "/"); top == "selectors" || top == "proactors" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			list, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			names := backendsIn(list)
			switch {
			case len(names) < 2:
				return true
			case ownLists[s.path] != "":
				met[s.path] = true
			case !left(s.path):
				t.Errorf("%s: a list of the backends %s: range over selectors.Available and proactors.Available instead", s.fset.Position(list.Pos()), strings.Join(names, ", "))
			}
			return false
		})
	}
	for file := range ownLists {
		if !met[file] {
			t.Errorf("%s has no list of backends: take it off the list ownLists", file)
		}
	}
}

// backendsIn returns the backends that the elements of a list are or begin with.
func backendsIn(list *ast.CompositeLit) (names []string) {
	for _, e := range list.Elts {
		if name := backendOf(e); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// backendOf returns the backend that an element of a list is, has as its key, or has
// first; "" if it is another thing.
func backendOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if name, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING && slices.Contains(backendNames, name) {
			return name
		}
	case *ast.KeyValueExpr:
		if name := backendOf(e.Key); name != "" {
			return name
		}
		return backendOf(e.Value)
	case *ast.CompositeLit:
		if len(e.Elts) > 0 {
			return backendOf(e.Elts[0])
		}
	}
	return ""
}

// TestBackendsIn: lists of backends are told from others.
func TestBackendsIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]string{"epoll", "poll"}`:                  "epoll poll",
		`[]kind{{"select", open}, {name: "kqueue"}}`: "select kqueue",
		`map[string]int{"uring": 1, "iocp": 2}`:      "uring iocp",
		`[]string{"epoll", "x", "epoll"}`:            "epoll",
		`[]string{"an epoll", "a poll"}`:             "",
		`[]int{1, 2}`:                                "",
	} {
		value := snippet(t, "var x = "+text).file.Decls[0].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0]
		if got := strings.Join(backendsIn(value.(*ast.CompositeLit)), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
