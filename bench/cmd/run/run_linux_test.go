package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/bench/internal/load"
)

func TestCellsAreParsed(t *testing.T) {
	t.Parallel()
	s, err := parse([]string{"--conns", "1,50", "--size", "64,16384", "--pipeline", "1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := []cell{{1, 64, 1, 0}, {50, 64, 1, 0}, {1, 16384, 1, 0}, {50, 16384, 1, 0}}
	if !slices.Equal(s.cells, want) {
		t.Errorf("%v, want %v", s.cells, want)
	}
	s, err = parse([]string{"--cells", "1x64x1", "--flood", "0,8"}, io.Discard)
	if err != nil || !slices.Equal(s.cells, []cell{{1, 64, 1, 0}, {1, 64, 1, 8}}) {
		t.Errorf("%v, %v", s, err)
	}
	s, err = parse([]string{"--cells", "50x64x16,50x16384x1"}, io.Discard)
	if err != nil || !slices.Equal(s.cells, []cell{{50, 64, 16, 0}, {50, 16384, 1, 0}}) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--conns", "0"}, {"--size", "x"}, {"--pipeline", ""}, {"--cells", "50x64"}, {"--rounds", "0"},
		{"--seconds", "0"}, {"--perf", "--step"}, {"--profile"}, {"--lines", "--pipeline", "2"}, {"--lines", "--conns", "3"}, {"--lines", "--idle", "1"}, {"--flood", "-1"}, {"--flood", "1", "--broadcast"}, {"--flood", "1", "--step"}, {"extra"}, {"--unknown"},
	} {
		if s, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is taken for %+v", args, s)
		}
	}
}

func TestPerfOutputIsParsed(t *testing.T) {
	t.Parallel()
	n, err := parsePerf("Events enabled\n123456,,instructions:u,1000,100.00,,\n", userInstructions)
	if err != nil || n != 123456 {
		t.Errorf("%d, %v", n, err)
	}
	for _, output := range []string{"<not supported>,,instructions:u,0,100.00,,\n", "Permission denied\n", ""} {
		if _, err := parsePerf(output, userInstructions); err == nil || !strings.Contains(err.Error(), "--step") {
			t.Errorf("%q: %v", output, err)
		}
	}
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	t.Parallel()
	rounds := func(speeds ...float64) (all []*load.Result) {
		for _, s := range speeds {
			all = append(all, &load.Result{PerSecond: s, Server: &load.CPU{PerMessage: 1e9 / s}})
		}
		return all
	}
	// Twice as fast in each round, though the medians are further apart.
	base := &row{Contender: reference, Rounds: rounds(100, 10, 1000)}
	other := &row{Contender: "other", Rounds: rounds(200, 20, 2000)}
	short := &row{Contender: "short", Rounds: rounds(5)}
	c := &cellReport{Rows: []*row{base, other, short}}
	got := c.ratios(other, reference)
	if got == nil || math.Abs(got.PerSecond-2) > 1e-9 || math.Abs(got.PerCPUSecond-2) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if got := c.ratios(short, reference); got != nil {
		t.Errorf("rounds that were not played have the ratio %+v", got)
	}
	if got := c.ratios(other, peer); got != nil {
		t.Errorf("a contender that is not there gives the ratio %+v", got)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %g", test.values, got)
		}
	}
}

// TestServersAreCompared builds and measures for a moment, whatever the machine's compiler and
// processors are.
func TestServersAreCompared(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	args := []string{
		"--contenders", "c-epoll,rawepoll,gnet,gonet,netpoll,nbio,asyncio-epoll", "--conns", "3", "--size", "64", "--rounds", "1",
		"--seconds", "0.02", "--warmup", "0.01", "--server-cpu", "-1", "--load-cpu", "-1", "--busy=false", "--json",
	}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	_, compiler := exec.LookPath("cc")
	for _, row := range r.Cells[0].Rows {
		if row.Contender == reference && compiler != nil {
			if !strings.Contains(r.Missing[reference], "compiler") {
				t.Errorf("without a C compiler the reference is missing because of %q", r.Missing[reference])
			}
			continue
		}
		if len(row.Rounds) != 1 || row.PerSecond <= 0 || row.CPUPerMessage <= 0 || row.P50 <= 0 {
			t.Errorf("%+v %s", row, r.Missing[row.Contender])
		}
	}
}

// TestInstructionsAreCounted steps through the reference: two system calls and little around them.
func TestInstructionsAreCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	args := []string{
		"--contenders", reference, "--conns", "10", "--rounds", "1", "--seconds", "0.01", "--warmup", "0",
		"--server-cpu", "-1", "--load-cpu", "-1", "--step", "--json",
	}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	row := r.Cells[0].Rows[0]
	if reason := r.Missing[reference] + row.InstructionsReason; reason != "" {
		// Nothing may be stepped here, or there is no C compiler for the reference: run says
		// which to its users, too.
		t.Skip(reason) // a peer that cannot be built here is told as the runner tells it
	}
	if n := row.Instructions.PerMessage; n < 10 || n > 200 {
		t.Errorf("an echo takes %g instructions", n)
	}
	sum := 0.0
	for _, f := range row.Instructions.Functions {
		sum += f.PerMessage
	}
	if math.Abs(sum-row.Instructions.PerMessage) > 1e-6 {
		t.Errorf("the functions' instructions are %g of %g", sum, row.Instructions.PerMessage)
	}
}

// TestLinesAreFound steps through a server of this library's: each connection has a stream of
// its own, which each of its messages touches.
func TestLinesAreFound(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	args := []string{
		"--contenders", reference + ",asyncio-epoll", "--conns", "10", "--rounds", "1", "--seconds", "0.01", "--warmup", "0",
		"--server-cpu", "-1", "--load-cpu", "-1", "--lines", "--json",
	}
	err := run(t.Context(), args, &out, io.Discard)
	if !decoded {
		if err == nil || !strings.Contains(err.Error(), "amd64") {
			t.Errorf("%v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	rows := r.Cells[0].Rows
	if reason := r.Missing[reference] + rows[0].LinesReason; reason != "" {
		t.Skip(reason) // as above: nothing may be stepped, or there is no C compiler
	}
	if f := rows[0].Lines; f.Shared < 1 || f.Own > 0.5 {
		t.Errorf("the reference, which keeps nothing of a connection: %+v", f)
	}
	if rows[1].Lines == nil {
		t.Fatal(rows[1].LinesReason)
	}
	for _, o := range rows[1].Lines.OwnObjects {
		if strings.HasSuffix(o.Object, "readiness.stream") {
			if o.Lines < 1 || o.Lines > 2 {
				t.Errorf("%+v", o)
			}
			return
		}
	}
	t.Errorf("no stream is found: %+v", rows[1].Lines.OwnObjects)
}

func TestUnknownContender(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), []string{"--contenders", "gonet,nobody"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("%v", err)
	}
}
