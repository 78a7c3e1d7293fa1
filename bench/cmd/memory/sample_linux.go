package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// sample is what a server says of itself. Its figures are since its start where they count.
type sample struct {
	Heap       int64   `json:"heap"`     // bytes of live and not yet collected objects
	HeapHeld   int64   `json:"heapHeld"` // and with what lies between them
	Stack      int64   `json:"stack"`    // bytes of stacks
	RSS        int64   `json:"rss"`      // bytes of the process's own memory that are in use
	Goroutines int64   `json:"goroutines"`
	Cycles     int64   `json:"cycles"`     // of the collector
	GC         float64 `json:"gcSeconds"`  // CPU time of the collector
	CPU        float64 `json:"cpuSeconds"` // CPU time that was not idle
	Allocated  int64   `json:"allocated"`  // bytes, since the start

	Pauses *histogram `json:"pauses,omitempty"`
}

// histogram is how often which pauses were, between two limits.
type histogram struct {
	Counts []uint64  `json:"counts"`
	Limits []float64 `json:"limits"`
}

// names are those of the runtime's figures, in the order of sample.
var names = []metrics.Sample{
	{Name: "/memory/classes/heap/objects:bytes"},
	{Name: "/memory/classes/heap/unused:bytes"},
	{Name: "/memory/classes/heap/stacks:bytes"},
	{Name: "/sched/goroutines:goroutines"},
	{Name: "/gc/cycles/total:gc-cycles"},
	{Name: "/cpu/classes/gc/total:cpu-seconds"},
	{Name: "/cpu/classes/total:cpu-seconds"},
	{Name: "/cpu/classes/idle:cpu-seconds"},
	{Name: "/gc/heap/allocs:bytes"},
	{Name: "/sched/pauses/total/gc:seconds"},
}

// look takes a sample. The limits of the histogram that are infinite are left out, as JSON
// has none.
func look() (s sample, err error) {
	metrics.Read(names)
	whole := func(i int) int64 { return int64(names[i].Value.Uint64()) }
	s = sample{Heap: whole(0), HeapHeld: whole(0) + whole(1), Stack: whole(2), Goroutines: whole(3), Cycles: whole(4),
		GC: names[5].Value.Float64(), CPU: names[6].Value.Float64() - names[7].Value.Float64(), Allocated: whole(8)}
	h := names[9].Value.Float64Histogram()
	s.Pauses = &histogram{Counts: h.Counts}
	for _, limit := range h.Buckets {
		s.Pauses.Limits = append(s.Pauses.Limits, max(min(limit, math.MaxFloat32), 0))
	}
	s.RSS, err = private()
	return s, err
}

// private is how many bytes of memory the process has that are written to, and so its own.
func private() (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if number, found := strings.CutPrefix(line, "RssAnon:"); found {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(number), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("the system does not tell RssAnon")
}

// obey does what the lines of standard input say, and answers each by one line.
//
//	look     a sample
//	collect  the same after two cycles of the collector
//	force    one cycle
//	free     all that is free goes back to the system, and then a sample
func obey(answer func(any) error) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "collect":
			runtime.GC()
			runtime.GC()
		case "force":
			runtime.GC()
		case "free":
			runtime.GC() // twice, for what pools keep for the next time
			debug.FreeOSMemory()
		}
		s, err := look()
		if err == nil {
			err = answer(s)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// pauses are quantiles, in microseconds: the upper limits of where they lie.
type pauses struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// since is what came after an earlier sample.
func (h *histogram) since(before *histogram) (p pauses) {
	counts := make([]uint64, len(h.Counts))
	for i, n := range h.Counts {
		counts[i] = n - before.Counts[i]
		p.Count += counts[i]
	}
	at := func(share float64) float64 {
		left := uint64(math.Ceil(share * float64(p.Count)))
		for i, n := range counts {
			if n >= left && n > 0 {
				return 1e6 * h.Limits[i+1]
			}
			left -= min(n, left)
		}
		return 0
	}
	p.P50, p.P99, p.Max = at(0.5), at(0.99), at(1)
	return p
}
