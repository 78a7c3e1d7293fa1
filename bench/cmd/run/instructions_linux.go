package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// counts are the instructions that a process has executed, by address if the counter knows them.
type counts struct {
	total uint64
	at    map[uint64]uint64
}

// counter counts the user-space instructions of a running server.
type counter interface {
	// read tells what has been executed since counting began.
	read() (counts, error)
	// close stops counting. The server may not survive it.
	close()
}

// instructions counts for every contender that works. After a run that settles the process, two
// of different length are counted; their difference is what messages cost, without what
// connections cost.
func (m *measurer) instructions(ctx context.Context, shape cell, contenders []*contender, rows []*row) error {
	return besides(ctx, m, shape, contenders, rows, "instructions", m.countOne, func(r *row, counted *instructions, why string) {
		r.Instructions, r.InstructionsReason = counted, why
	})
}

// settling is how many messages on each connection are not counted.
const settling = 8

func (m *measurer) countOne(ctx context.Context, c *contender, shape cell) (*instructions, error) {
	// Collection is paced by the clock, and stepping slows everything but the clock.
	environment := []string{"GOGC=off", "GODEBUG=asyncpreemptoff=1"}
	less, more := 100, 1100
	begin := m.stepThrough
	if m.perf {
		environment, less, more = nil, 20_000, 220_000
		begin = func(ctx context.Context, pid int, _ bool) (counter, error) {
			return m.perfStat(ctx, pid, userInstructions)
		}
	}
	// In step, a round is one message on every connection: count whole rounds, and not
	// the first few, in which a server may find out what a connection is like.
	round := shape.Conns * shape.Pipeline
	rounds := func(messages int) int { return (messages + round - 1) / round * round }
	more -= less
	less = max(rounds(less), settling*round)
	more = less + rounds(more)
	s, err := m.start(ctx, c, environment...)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	if _, err := m.load(ctx, s.address, shape, "--warmup", "0s", "--messages", "20000"); err != nil {
		return nil, err
	}
	counting, err := begin(ctx, s.command.Process.Pid, isGo(c.binary))
	if err != nil {
		return nil, err
	}
	defer counting.close()
	var marks [3]counts
	var sent [3]float64
	for i, n := range []int{less, less, more} {
		arguments := []string{"--warmup", "0s", "--stall", "2m", "--messages", strconv.Itoa(n)}
		if m.step {
			arguments = append(arguments, "--together")
		}
		result, err := m.load(ctx, s.address, shape, arguments...)
		if err != nil {
			return nil, err
		}
		sent[i] = float64(result.Verified) / float64(shape.Size)
		if marks[i], err = counting.read(); err != nil {
			return nil, err
		}
	}
	messages := sent[2] - sent[1]
	short, long := marks[1].since(marks[0]), marks[2].since(marks[1])
	result := &instructions{PerMessage: (float64(long.total) - float64(short.total)) / messages}
	if long.at != nil {
		if err := result.attribute(c.binary, short.at, long.at, messages); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// since is what was executed after the earlier reading.
func (c counts) since(earlier counts) counts {
	d := counts{total: c.total - earlier.total}
	if c.at != nil {
		d.at = maps.Clone(c.at)
		for address, n := range earlier.at {
			d.at[address] -= n
		}
	}
	return d
}

// stepping is c/steps.c at work.
type stepping struct {
	command *exec.Cmd
	lines   *bufio.Scanner
}

func (m *measurer) stepThrough(ctx context.Context, pid int, golang bool) (counter, error) {
	const source = "c/steps.c"
	if err := m.tools.build(ctx, source); err != nil {
		return nil, err
	}
	arguments := []string{strconv.Itoa(pid)}
	if golang {
		arguments = append(arguments, "--hold-monitor")
	}
	s := &stepping{command: exec.CommandContext(ctx, m.tools.path(source), arguments...)}
	s.command.Stderr = os.Stderr
	output, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// On the server's own processor a step is a switch between two threads, not a call across.
	if err := (proc.Place{CPU: m.serverCPU, Nice: m.nice}).Start(s.command); err != nil {
		return nil, err
	}
	s.lines = bufio.NewScanner(output)
	if !s.lines.Scan() || s.lines.Text() != "ready" {
		s.close()
		return nil, fmt.Errorf("the server cannot be stepped: %s", s.lines.Text())
	}
	return s, nil
}

func (s *stepping) read() (counts, error) {
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return counts{}, err
	}
	c := counts{at: make(map[uint64]uint64)}
	var want string
	for s.lines.Scan() {
		first, second, _ := strings.Cut(s.lines.Text(), " ")
		if first == "end" {
			if got := strconv.FormatUint(c.total, 10); got != want {
				return counts{}, fmt.Errorf("steps: the addresses sum up to %s of %s instructions", got, want)
			}
			return c, nil
		}
		if first == "mark" {
			want = second
			continue
		}
		address, err1 := strconv.ParseUint(first, 16, 64)
		n, err2 := strconv.ParseUint(second, 10, 64)
		if err1 != nil || err2 != nil {
			return counts{}, fmt.Errorf("steps: %q", s.lines.Text())
		}
		c.at[address] = n
		c.total += n
	}
	return counts{}, fmt.Errorf("steps: %w", io.ErrUnexpectedEOF)
}

func (s *stepping) close() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait()
}
