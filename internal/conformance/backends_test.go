package conformance

import (
	"strings"
	"testing"
)

// TestBackends: the scorer knows every mechanism of both runs, by one name each.
func TestBackends(t *testing.T) {
	t.Parallel()
	runs := map[string]Run{}
	for _, b := range Backends() {
		if runs[b.Name] != "" {
			t.Errorf("two backends are called %s", b.Name)
		}
		runs[b.Name] = b.Run
	}
	for _, want := range strings.Fields("select:native epoll:native kqueue:native uring:native windows-select:windows iocp:windows") {
		name, run, _ := strings.Cut(want, ":")
		if runs[name] != Run(run) {
			t.Errorf("%s is looked for in the run %q, want %q", name, runs[name], run)
		}
	}
	if _, ok := runs["windows-epoll"]; ok || len(runs) < 8 {
		t.Errorf("the backends are %v", runs)
	}
}
