package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"

	"github.com/go-asyncio/asyncio/bench/internal/load"
	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

type measurer struct {
	*settings
	tools    *tools
	messages io.Writer
}

// compare measures every contender once per round, so that whatever disturbs the machine for a
// while disturbs all of them.
func (m *measurer) compare(ctx context.Context, contenders []*contender) (*report, error) {
	r := newReport(m.settings, contenders)
	for _, shape := range m.cells {
		rows := r.add(shape, contenders)
		for round := range m.rounds {
			for i, c := range contenders {
				if c.reason != nil {
					continue
				}
				fmt.Fprintf(m.messages, "%s round %d of %d: %s\n", shape, round+1, m.rounds, c.name)
				result, err := m.once(ctx, c, shape)
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				if err != nil {
					c.reason = err
					continue
				}
				rows[i].Rounds = append(rows[i].Rounds, result)
			}
		}
		if m.calls {
			if err := m.countCalls(ctx, shape, contenders, rows); err != nil {
				return nil, err
			}
		}
		if m.perf || m.step {
			if err := m.instructions(ctx, shape, contenders, rows); err != nil {
				return nil, err
			}
		}
		if m.settings.lines {
			if err := m.findLines(ctx, shape, contenders, rows); err != nil {
				return nil, err
			}
		}
	}
	r.finish(contenders)
	return r, nil
}

// besides finds something out about every contender that works, and has its row keep that, or why
// it could not be found out.
func besides[T any](ctx context.Context, m *measurer, shape cell, contenders []*contender, rows []*row, what string,
	find func(context.Context, *contender, cell) (T, error), keep func(r *row, found T, why string)) error {
	for i, c := range contenders {
		if c.reason != nil {
			continue
		}
		fmt.Fprintf(m.messages, "%s %s: %s\n", shape, what, c.name)
		found, err := find(ctx, c, shape)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		why := ""
		if err != nil {
			why = err.Error()
		}
		keep(rows[i], found, why)
	}
	return nil
}

// once measures one contender on a fresh process.
func (m *measurer) once(ctx context.Context, c *contender, shape cell) (*load.Result, error) {
	s, err := m.start(ctx, c)
	if err != nil {
		return nil, err
	}
	arguments := []string{"--warmup", m.warmup.String(), "--duration", m.window.String(), "--pid", strconv.Itoa(s.command.Process.Pid)}
	if m.busy && !c.tls {
		arguments = append(arguments, "--busy")
	}
	address := s.address
	if c.tls {
		address = "tls:" + address
	}
	if m.reconnect {
		arguments = append(arguments, "--reconnect")
	}
	if m.broadcast {
		arguments = append(arguments, "--broadcast")
	}
	if m.idle > 0 {
		arguments = append(arguments, "--idle", strconv.Itoa(m.idle))
	}
	stopFlood, err := m.startFlood(ctx, address, shape.Flood)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	result, err := m.load(ctx, address, shape, arguments...)
	err = errors.Join(err, stopFlood())
	if err == nil && result.Messages == 0 {
		err = fmt.Errorf("no message came back within the window of %v", m.window)
	}
	return result, errors.Join(err, s.stop())
}

// load runs the load against a server.
func (m *measurer) load(ctx context.Context, address string, shape cell, arguments ...string) (*load.Result, error) {
	arguments = append([]string{
		"--json", "--connect", address, "--conns", strconv.Itoa(shape.Conns),
		"--size", strconv.Itoa(shape.Size), "--pipeline", strconv.Itoa(shape.Pipeline),
	}, arguments...)
	var out, failure bytes.Buffer
	command := exec.CommandContext(ctx, m.tools.path("cmd/load"), arguments...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	command.Stdout, command.Stderr = &out, &failure
	if err := (proc.Place{CPU: m.loadCPU, Nice: m.nice}).Start(command); err != nil {
		return nil, err
	}
	if err := command.Wait(); err != nil {
		return nil, fmt.Errorf("%s", lastLine(failure.String()))
	}
	result := &load.Result{}
	return result, json.Unmarshal(out.Bytes(), result)
}

// median of the values, the mean of the middle two if their number is even, 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
