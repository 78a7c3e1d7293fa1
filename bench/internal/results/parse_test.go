package results

import (
	"reflect"
	"strings"
	"testing"
)

func TestComparisonIsRead(t *testing.T) {
	t.Parallel()
	const output = `{"machine": {"cpu": "a CPU", "kernel": "6.1", "go": "go1", "cpus": 2},
		"unavailable": {"uvloop": "there is none", "c-uring": "refused"},
		"cells": [{"conns": 50, "size": 64, "pipeline": 1, "rows": [
			{"contender": "gnet", "rounds": [
				{"messages_per_s": 100, "latency_ns": {"p50": 5, "p99": 9}, "server_cpu": {"ns_per_msg": 3000.001, "busy": 0.5}},
				{"messages_per_s": 110, "latency_ns": {"p50": 6, "p99": 8}, "server_cpu": {"ns_per_msg": 3100, "busy": 0.6}}]},
			{"contender": "uvloop", "rounds": null}]}]}`
	r := &Results{}
	if err := r.Comparison("ping-pong", "c-epoll", "a command", []byte(output)); err != nil {
		t.Fatal(err)
	}
	cell := r.Shape("ping-pong").Cell("50x64x1")
	want := map[string][]float64{PerSecond: {100, 110}, P50: {5, 6}, P99: {9, 8}, CPU: {3000, 3100}, Busy: {0.5, 0.6}}
	if len(cell.Rows) != 1 || !reflect.DeepEqual(cell.Row("gnet").Values, want) || cell.Reference != "c-epoll" {
		t.Errorf("%+v", cell)
	}
	if r.Taken.CPU != "a CPU" || r.Taken.Kernel != "6.1" {
		t.Errorf("%+v", r.Taken)
	}
	skipped := []Skipped{{"ping-pong: c-uring", "refused"}, {"ping-pong: uvloop", "there is none"}}
	if !reflect.DeepEqual(r.Skipped, skipped) {
		t.Errorf("%+v", r.Skipped)
	}
	if err := r.Comparison("ping-pong", "", "", []byte("no JSON")); err == nil {
		t.Error("anything is taken for results")
	}
}

func TestCountsAreReadWithoutTheirRounds(t *testing.T) {
	t.Parallel()
	const output = `{"cells": [{"conns": 50, "size": 64, "pipeline": 1, "rows": [
		{"contender": "gnet", "rounds": [{"messages_per_s": 100}], "user_instructions": {"per_message": 1001.4}},
		{"contender": "gonet", "rounds": [{"messages_per_s": 100}], "user_instructions_unavailable": "not allowed"}]}]}`
	r := &Results{}
	if err := r.Comparison("instructions", "", "", []byte(output)); err != nil {
		t.Fatal(err)
	}
	rows := r.Shape("instructions").Cell("50x64x1").Rows
	if len(rows) != 1 || !reflect.DeepEqual(rows[0].Values, map[string][]float64{Instructions: {1001.4}}) {
		t.Errorf("%+v", rows)
	}
	if len(r.Skipped) != 1 || r.Skipped[0].Why != "not allowed" {
		t.Errorf("%+v", r.Skipped)
	}
}

func TestMemoryIsRead(t *testing.T) {
	t.Parallel()
	const output = `{"options": {"conns": 10}, "skipped": ["gnet: it ended"], "servers": [{"name": "asyncio-streams-epoll",
		"empty": {"heap": 1000, "stack": 100}, "untouched": {"heap": 5000, "stack": 1100},
		"used": {"heap": 6000, "stack": 1100}, "settled": {"heap": 7000, "stack": 1100}}]}`
	r := &Results{}
	if err := r.Memory("memory", "gonet", "", []byte(output)); err != nil {
		t.Fatal(err)
	}
	row := r.Shape("memory").Cell("10 connections").Row("asyncio-streams")
	want := map[string][]float64{Untouched: {500}, Used: {600}, Settled: {700}}
	if row == nil || !reflect.DeepEqual(row.Values, want) {
		t.Errorf("%+v", r.Shapes)
	}
	if !reflect.DeepEqual(r.Skipped, []Skipped{{"memory: gnet", "it ended"}}) {
		t.Errorf("%+v", r.Skipped)
	}
}

func TestBenchmarksAreRead(t *testing.T) {
	t.Parallel()
	const output = `goos: linux
BenchmarkSwitch/iter.Pull-2         	 1000	       100.5 ns/op
BenchmarkSwitch/channel-2           	 1000	       200 ns/op	       0 B/op	       0 allocs/op
BenchmarkSwitch/Sleep0-2            	 1000	       150 ns/op
BenchmarkSwitch/Sleep0-2            	 1000	       160 ns/op
BenchmarkCallSoonBatch/asyncio/1000-2  	 1000	       20 ns/op	        33 ns/callback
BenchmarkCallSoonBatch/channel/1000-2  	 1000	       99 ns/callback	        44 ns/op
BenchmarkAlone-2                       	 1000	       20 ns/op
BenchmarkThroughput/asyncio-2          	 1000	       20 MB/s
PASS`
	r := &Results{}
	if err := r.Primitives("primitives", "", strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	want := []Cell{
		{"Switch", "channel", []Row{
			{"iter.Pull", map[string][]float64{Operation: {100.5}}}, {"channel", map[string][]float64{Operation: {200}}},
			{"Sleep0", map[string][]float64{Operation: {150, 160}}},
		}},
		{"CallSoonBatch/1000", "channel", []Row{
			{"asyncio", map[string][]float64{Operation: {33}}}, {"channel", map[string][]float64{Operation: {99}}},
		}},
	}
	if got := r.Shape("primitives").Cells; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := r.Primitives("primitives", "", strings.NewReader("PASS")); err == nil {
		t.Error("nothing is taken for benchmarks")
	}
}
