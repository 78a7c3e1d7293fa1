package results

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   Spread
	}{
		{nil, Spread{}},
		{[]float64{3}, Spread{3, 3, 3, 1}},
		{[]float64{9, 1}, Spread{5, 3, 7, 2}},
		{[]float64{9, 1, 5}, Spread{5, 3, 7, 3}},
		{[]float64{5, 4, 3, 2, 1}, Spread{3, 2, 4, 5}},
		{[]float64{40, 10, 20, 30}, Spread{25, 17.5, 32.5, 4}},
	} {
		if got := Of(test.values); got != test.want {
			t.Errorf("of %v: %+v, want %+v", test.values, got, test.want)
		}
	}
}

func TestFiguresAreRounded(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]float64{123456: 123460, 0.0123456: 0.012346, 0: 0, math.Inf(1): 0} {
		if got := Round(v); got != want {
			t.Errorf("%g is rounded to %g, want %g", v, got, want)
		}
	}
	if Round(math.NaN()) != 0 {
		t.Error("what is no number is one")
	}
}

// cellOf makes a cell of CPU times by contender.
func cellOf(name string, values map[string][]float64) Cell {
	c := Cell{Name: name, Reference: "c-epoll"}
	for _, contender := range []string{"c-epoll", "gnet", "gonet", "asyncio-epoll", "asyncio-streams"} {
		if v, ok := values[contender]; ok {
			c.Rows = append(c.Rows, Row{contender, map[string][]float64{CPU: v}})
		}
	}
	return c
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	t.Parallel()
	c := cellOf("50x64x1", map[string][]float64{
		"c-epoll": {100, 10, 1000}, "asyncio-epoll": {200, 20, 2000}, "gnet": {100}, "gonet": {0, 1, 1},
	})
	if got := c.Ratio("asyncio-epoll", "c-epoll", CPU); got != (Spread{2, 2, 2, 3}) {
		t.Errorf("%+v", got)
	}
	for _, pair := range [][2]string{{"asyncio-epoll", "gnet"}, {"nobody", "gnet"}, {"gnet", "nobody"}, {"asyncio-epoll", "gonet"}} {
		if got := c.Ratio(pair[0], pair[1], CPU); got.N != 0 {
			t.Errorf("%v have the ratio %+v", pair, got)
		}
	}
	if got := c.Ratio("asyncio-epoll", "c-epoll", Instructions); got.N != 0 {
		t.Errorf("what was not measured has the ratio %+v", got)
	}
}

func TestLosses(t *testing.T) {
	t.Parallel()
	r := &Results{}
	r.Add("ping-pong", "", []Cell{
		cellOf("50x64x1", map[string][]float64{
			"c-epoll": {10, 10, 10, 10, 10}, "gnet": {12, 12, 12, 12, 12}, "gonet": {11, 11, 11, 11, 11},
			"asyncio-epoll":   {11, 11, 11, 11, 11},   // even with gonet
			"asyncio-streams": {13, 12.5, 13, 13, 13}, // behind all
		}),
		cellOf("1000x64x1", map[string][]float64{
			"c-epoll": {10, 10, 10, 10, 10}, "gnet": {10, 10, 10, 10, 10},
			"asyncio-epoll": {9, 11, 9, 11, 10.5}, // noise
		}),
	})
	libraries := func(name string) bool { return !Bare(name) }
	lost := r.Losses(libraries)
	if len(lost) != 1 || lost[0].Contender != "asyncio-streams" || lost[0].Cell != "50x64x1" || lost[0].Measure != CPU {
		t.Fatalf("%+v", lost)
	}
	to := lost[0].To
	if len(to) != 2 || to[0].Contender != "gonet" || to[1].Contender != "gnet" || to[0].Ratio.Median < 1.18 {
		t.Errorf("the worst is not first: %+v", to)
	}
	bare := r.Losses(Bare)
	if len(bare) != 2 || bare[0].Contender != "asyncio-streams" || bare[1].Contender != "asyncio-epoll" {
		t.Errorf("%+v", bare)
	}
	if n := r.Compared(libraries); n != 5 {
		t.Errorf("%d comparisons", n)
	}
	for _, s := range []Spread{{}, {1.005, 1.002, 1.1, 5}, {1.2, 0.99, 1.3, 5}, {0.9, 0.8, 1.2, 5}} {
		if Lost(s) {
			t.Errorf("%+v is taken for a loss", s)
		}
	}
}

func TestLatencyCountsForASingleConnection(t *testing.T) {
	t.Parallel()
	values := func(p99 float64) map[string][]float64 { return map[string][]float64{P99: {p99}, CPU: {1}} }
	r := &Results{}
	r.Add("ping-pong", "", []Cell{
		{Name: "1x64x1", Rows: []Row{{"gnet", values(10)}, {"asyncio-epoll", values(20)}}},
		{Name: "50x64x1", Rows: []Row{{"gnet", values(10)}, {"asyncio-epoll", values(20)}}},
	})
	lost := r.Losses(func(string) bool { return true })
	if len(lost) != 1 || lost[0].Measure != P99 || lost[0].Cell != "1x64x1" {
		t.Errorf("%+v", lost)
	}
}

func TestAims(t *testing.T) {
	t.Parallel()
	r := &Results{}
	r.Add("ping-pong", "", []Cell{cellOf("50x64x1", map[string][]float64{"c-epoll": {10}, "asyncio-epoll": {10.2}, "asyncio-streams": {12}})})
	r.Add("memory", "", []Cell{{Name: "5 connections", Rows: []Row{{"asyncio-epoll", map[string][]float64{Untouched: {500}}}}}})
	met := make(map[string]bool)
	for _, a := range r.Aims() {
		met[a.Shape+" "+a.Contender+" "+a.To] = a.Met()
	}
	want := map[string]bool{"ping-pong asyncio-epoll c-epoll": true, "ping-pong asyncio-streams c-epoll": false, "memory asyncio-epoll ": false}
	if !reflect.DeepEqual(met, want) {
		t.Errorf("%v, want %v", met, want)
	}
}

func TestResultsAreKept(t *testing.T) {
	t.Parallel()
	r := &Results{Taken: Taken{Date: "today", Versions: map[string]string{"gnet": "1"}}}
	r.Add("a", "one", []Cell{{Name: "x", Reference: "gnet", Rows: []Row{{"gnet", map[string][]float64{CPU: {1, 2.5}}}}}})
	r.Add("a", "two", []Cell{{Name: "x", Rows: []Row{{"gonet", map[string][]float64{CPU: {3}}}}}})
	r.Skip("b", "it is <gone>")
	r.Skip("b", "it is <gone>")
	if len(r.Shapes) != 1 || len(r.Shapes[0].Cells) != 1 || len(r.Shapes[0].Cells[0].Rows) != 2 || len(r.Skipped) != 1 {
		t.Fatalf("%+v", r)
	}
	later := &Results{Taken: Taken{Date: "tomorrow"}}
	later.Add("c", "three", []Cell{{Name: "y", Rows: []Row{{"gnet", map[string][]float64{CPU: {4}}}}}})
	later.Skip("c: z", "no time")
	later.Skip("b", "not looked at")
	r.Skip("c: y", "no time")
	r.Replace(later)
	if want := []Skipped{{"b", "it is <gone>"}, {"c: z", "no time"}}; !reflect.DeepEqual(r.Skipped, want) || len(r.Shapes) != 2 {
		t.Errorf("with what was measured later: %+v", r)
	}
	r.Replace(later)
	if want := []Added{{[]string{"c"}, later.Taken}}; !reflect.DeepEqual(r.Also, want) {
		t.Errorf("added twice: %+v", r.Also)
	}
	file := filepath.Join(t.TempDir(), "results.json")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	read, err := Read(file)
	if err != nil || !reflect.DeepEqual(read, r) {
		t.Errorf("%v: read %+v, kept %+v", err, read, r)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("half a file: %v", err)
	}
}
