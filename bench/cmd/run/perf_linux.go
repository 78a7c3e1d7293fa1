package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// userInstructions is perf's name of what the processor counts.
const userInstructions = "instructions:u"

const noPerf = "; --step counts without perf and without the processor's counters"

// perfStat begins to count events by `perf stat`. What perf counts is only printed when it ends, so
// each read ends one perf and begins the next.
func (m *measurer) perfStat(ctx context.Context, pid int, event string) (counter, error) {
	binary, err := exec.LookPath("perf")
	if err != nil {
		return nil, errors.New("perf is not installed" + noPerf)
	}
	p := &perf{ctx: ctx, binary: binary, pid: pid, event: event}
	if err := p.begin(); err != nil {
		return nil, err
	}
	return p, nil
}

type perf struct {
	ctx     context.Context
	binary  string
	pid     int
	event   string
	command *exec.Cmd
	out     strings.Builder
	sum     uint64
}

// begin starts a perf and waits until it counts: it starts disabled, is told to enable its
// counters, and acknowledges that.
func (p *perf) begin() error {
	controlRead, control, err := os.Pipe()
	if err != nil {
		return err
	}
	defer controlRead.Close()
	defer control.Close()
	ack, ackWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ack.Close()
	p.out.Reset()
	p.command = exec.CommandContext(p.ctx, p.binary, "stat", "-x", ",", "-e", p.event,
		"-p", strconv.Itoa(p.pid), "-D", "-1", "--control", "fd:3,4")
	p.command.ExtraFiles = []*os.File{controlRead, ackWrite}
	p.command.Stderr = &p.out
	err = p.command.Start()
	_ = ackWrite.Close()
	if err != nil {
		return err
	}
	if _, err := control.WriteString("enable\n"); err != nil {
		return err
	}
	answer := make([]byte, 16)
	if n, err := ack.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "ack") {
		_ = p.command.Wait()
		return fmt.Errorf("perf: %s%s", lastLine(p.out.String()), noPerf)
	}
	return nil
}

func (p *perf) end() error {
	_ = p.command.Process.Signal(os.Interrupt)
	_ = p.command.Wait() // its status says that it was interrupted
	n, err := parsePerf(p.out.String(), p.event)
	p.sum += n
	return err
}

func (p *perf) read() (counts, error) {
	if err := p.end(); err != nil {
		return counts{}, err
	}
	return counts{total: p.sum}, p.begin()
}

func (p *perf) close() { _ = p.end() }

// parsePerf reads the lines of `perf stat -x ,`: the first field is the count, or why there is none.
func parsePerf(output, event string) (uint64, error) {
	for line := range strings.Lines(output) {
		fields := strings.Split(line, ",")
		if len(fields) < 3 || !strings.HasPrefix(fields[2], event) {
			continue
		}
		n, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("perf: %s %s on this machine%s", event, strings.Trim(fields[0], "<>"), noPerf)
		}
		return n, nil
	}
	return 0, fmt.Errorf("perf: %s%s", lastLine(output), noPerf)
}
