package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWrongFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--shapes", "round"}, {"--rounds", "-1"}, {"--seconds", "-1"}, {"extra"}, {"--unknown"}, {"--from", "x", "--quick"},
	} {
		if o, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is taken for %+v", args, o)
		}
	}
}

func planOf(t *testing.T, args ...string) ([]step, string) {
	t.Helper()
	o, err := parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	chosen, skipped := o.plan()
	var left []string
	for _, n := range skipped {
		left = append(left, n.What+" because "+n.Why)
	}
	return chosen, strings.Join(left, "\n")
}

func TestEverythingIsPlanned(t *testing.T) {
	t.Parallel()
	chosen, left := planOf(t)
	if left != "" {
		t.Errorf("without flags it leaves out:\n%s", left)
	}
	o, err := parse(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range o.names() {
		if !slices.ContainsFunc(chosen, func(s step) bool { return s.shape == name }) {
			t.Errorf("%s is not measured", name)
		}
	}
	for _, s := range chosen {
		if o.takes(s) <= 0 {
			t.Errorf("%s takes no time", o.line(s))
		}
	}
}

func TestWhatIsLeftOutIsTold(t *testing.T) {
	t.Parallel()
	chosen, left := planOf(t, "--quick", "--shapes", "ping-pong,churn", "--contenders", "c-epoll,asyncio-epoll")
	for _, s := range chosen {
		if s.shape != "ping-pong" && s.shape != "churn" || !slices.Equal(s.contenders, []string{"c-epoll", "asyncio-epoll"}) || s.rounds != 3 {
			t.Errorf("%+v", s)
		}
	}
	for _, text := range []string{
		"ping-pong: 10000x64x1 because the quick subset", "ping-pong: gnet because it is not among --contenders", "unix because it is not among --shapes",
	} {
		if !strings.Contains(left, text) {
			t.Errorf("it does not say %q, but:\n%s", text, left)
		}
	}
}

func TestPlanIsShown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--plan", "--quick"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"go run ./cmd/run --contenders c-epoll,", "--reconnect", "--idle 10000", "go test -run '^$'", "skipped", "about "} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the plan has no %q", text)
		}
	}
	if strings.Contains(out.String(), "--json") {
		t.Error("the commands are not those that print tables")
	}
}

func TestPageIsMadeOfWhatWasKept(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	kept := filepath.Join("..", "..", "internal", "page", "testdata", "results.json")
	if err := run(t.Context(), []string{"--from", kept, "--out", folder}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "performance.md")); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), []string{"--from", filepath.Join(folder, "none")}, io.Discard, io.Discard); err == nil {
		t.Error("a page is made of nothing")
	}
}

func TestWhatHasNoTimeIsSkipped(t *testing.T) {
	t.Parallel()
	var messages bytes.Buffer
	err := run(t.Context(), []string{"--quick", "--within", "1ms", "--out", t.TempDir()}, io.Discard, &messages)
	if err == nil || !strings.Contains(err.Error(), "no time for it within 1ms") {
		t.Errorf("%v", err)
	}
}

func TestCommandIsToldWithoutThePlaceOfThePage(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--quick", "--rounds=5", "--out", "/somewhere", "--shapes", "idle mass,churn"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := "go run ./cmd/report --quick --rounds 5 --shapes 'idle mass,churn'"; o.typed != want {
		t.Errorf("%s, want %s", o.typed, want)
	}
}
