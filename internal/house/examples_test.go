package house

import (
	"go/ast"
	"strings"
	"testing"
)

// withoutExample are the exported functions that need no example, and why.
var withoutExample = map[string]string{
	"AsCompletedHandles":                 "for tests of the catalogue's rows; AsCompletedFor is what programs use",
	"CaptureCallGraph":                   "that of FormatCallGraph calls it",
	"CompletedFor":                       "Completed and AsCompletedFor in one",
	"ConsumeBudgetOn":                    "ConsumeBudget for libraries that know the loop",
	"CreateEagerTaskFactory":             "EagerTaskFactory with another one after it",
	"CreateTaskErr":                      "CreateTask, as GoErr is Go",
	"CurrentTaskOf":                      "CurrentTask for one loop",
	"FutureAddToAwaitedBy":               "for libraries that wait in ways of their own",
	"FutureDiscardFromAwaitedBy":         "takes back FutureAddToAwaitedBy",
	"GetEventLoop":                       "that of SetEventLoop calls it",
	"GetEventLoopPolicy":                 "returns what SetEventLoopPolicy was given",
	"IsSimulated":                        "for libraries",
	"NewDefaultEventLoopPolicy":          "that of SetEventLoopPolicy calls it",
	"NewDefaultEventLoop":                "NewEventLoop, whatever the policy",
	"NewSimulatedEventLoop":              "package simulation calls it",
	"NewWindowsProactorEventLoopPolicy":  "only on Windows",
	"NewWindowsSelectorEventLoopPolicy":  "only on Windows",
	"PrintCallGraph":                     "FormatCallGraph to a writer",
	"ShieldFuture":                       "Shield as a future, as GatherFuture is Gather",
	"SocketFrom":                         "NewSocket of what is open already",
	"SocketFromFD":                       "NewSocket of what is open already",
	"SubprocessFile":                     "an option",
	"asynciotest.LeavesNothing":          "takes a test",
	"asynciotest.Run":                    "takes a test",
	"asynciotest.TestLoop":               "takes a test",
	"ReadLoopStats":                      "that of loopgroup's Group.Stats shows it",
	"loopgroup.Await":                    "that of Go calls it",
	"loopgroup.GoErr":                    "Go, as asyncio.GoErr is asyncio.Go",
	"loopgroup.GoOn":                     "Go on a loop that is named",
	"loopgroup.GoOnErr":                  "GoOn, as GoErr is Go",
	"proactors.FromEv":                   "for engines",
	"proactors.NewIOCPProactor":          "one of what Available lists",
	"proactors.NewIOUringProactor":       "one of what Available lists",
	"proactors.NewPinnedIOUringProactor": "one of what Available lists",
	"selectors.NewDevpollSelector":       "one of what Available lists",
	"selectors.NewEpollSelector":         "one of what Available lists",
	"selectors.NewKqueueSelector":        "one of what Available lists",
	"selectors.NewPollSelector":          "one of what Available lists",
	"selectors.NewSelectSelector":        "that of Selector calls it",
	"simulation.Between":                 "makes a value",
	"simulation.Check":                   "takes a test",
	"simulation.HostOf":                  "for libraries",
	"simulation.NewOSDisk":               "a Disk that is the system's",
	"simulation.Search":                  "takes a test",
	"simulation.Test":                    "takes a test",
	"simulation.DefaultConditions":       "makes a value",
	"streams.NewFlowControl":             "for protocols of one's own",
	"streams.NewStreamReaderProtocol":    "for protocols of one's own",
	"streams.OpenUnixConnection":         "that of StartUnixServer calls it",
	"subprocess.File":                    "an option",
}

// TestFunctionsHaveExamples: each exported function of a public package has an example that
// bears its name or that of the type which it makes, or a reason for having none. Options
// need none.
func TestFunctionsHaveExamples(t *testing.T) {
	t.Parallel()
	all := sources(t)
	examples := map[string]bool{}
	for _, s := range all {
		for _, f := range functions(s) {
			if name, ok := strings.CutPrefix(f.Name.Name, "Example"); ok && s.test {
				subject, _, _ := strings.Cut(name, "_")
				examples[s.qualified(subject)] = true
			}
		}
	}
	used := map[string]bool{}
	for _, s := range all {
		if s.test || s.file.Name.Name == "main" || !public(s.dir) {
			continue
		}
		for _, f := range functions(s) {
			name := f.Name.Name
			full := s.qualified(name)
			if !f.Name.IsExported() || option(f) || examples[full] || examples[s.qualified(strings.TrimPrefix(name, "New"))] {
				continue
			}
			if withoutExample[full] == "" {
				t.Errorf("%s: %s has no example: write Example%s, or say in withoutExample why it needs none", s.fset.Position(f.Pos()), full, name)
			}
			used[full] = true
		}
	}
	for name := range withoutExample {
		if !used[name] {
			t.Errorf("withoutExample lists %s, which is gone or has an example", name)
		}
	}
}

// public reports whether a folder has a package that programs import. The suites of
// selectors and proactors take tests, of which no example can show more than their
// package comments do.
func public(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		switch part {
		case "internal", "cmd", "examples", "docs", "bench", "contrib", "testdata", "selectortest", "proactortest":
			return false
		}
	}
	return true
}

// functions are those of a file that are no methods.
func functions(s source) (all []*ast.FuncDecl) {
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
			all = append(all, f)
		}
	}
	return all
}

// option reports whether a function makes an option for another one: it is named With...
// and returns a type that is named ...Option.
func option(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	result, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && strings.HasPrefix(f.Name.Name, "With") && strings.HasSuffix(result.Name, "Option")
}
