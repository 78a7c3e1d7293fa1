package main

import (
	"context"
	"strconv"
)

// everyCall is perf's name of what happens when any system call is made. It needs the right to use
// tracepoints, not the processor's counters.
const everyCall = "raw_syscalls:sys_enter"

// countCalls counts system calls for every contender that works, under the load that the rounds
// have: how many messages a call serves depends on how many have come.
func (m *measurer) countCalls(ctx context.Context, shape cell, contenders []*contender, rows []*row) error {
	return besides(ctx, m, shape, contenders, rows, "system calls", m.callsOf, func(r *row, n float64, why string) {
		if r.CallsReason = why; why == "" {
			r.Calls = &n
		}
	})
}

// callsOf is the difference of two runs of different length, without what connections cost.
func (m *measurer) callsOf(ctx context.Context, c *contender, shape cell) (float64, error) {
	s, err := m.start(ctx, c)
	if err != nil {
		return 0, err
	}
	defer s.kill()
	counting, err := m.perfStat(ctx, s.command.Process.Pid, everyCall)
	if err != nil {
		return 0, err
	}
	defer counting.close()
	var marks [3]counts
	var sent [3]float64
	for i, n := range []int{20_000, 20_000, 320_000} {
		arguments := []string{"--warmup", "0s", "--messages", strconv.Itoa(n)}
		if m.busy {
			arguments = append(arguments, "--busy")
		}
		result, err := m.load(ctx, s.address, shape, arguments...)
		if err != nil {
			return 0, err
		}
		sent[i] = float64(result.Verified) / float64(shape.Size)
		if marks[i], err = counting.read(); err != nil {
			return 0, err
		}
	}
	short, long := marks[1].total-marks[0].total, marks[2].total-marks[1].total
	return (float64(long) - float64(short)) / (sent[2] - sent[1]), nil
}
