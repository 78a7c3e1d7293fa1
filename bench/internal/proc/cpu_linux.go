// Package proc reads what another process costs and says where it runs. Linux only.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a process has used since it began.
type Usage struct {
	Total        time.Duration // user and system, to the nanosecond, ended threads included
	User, System int64         // clock ticks, of which there are a hundred a second
}

// cpuClock is the clock of the CPU time of a whole process: the kernel's encoding of
// clock_getcpuclockid(3), with CPUCLOCK_SCHED in the low bits.
func cpuClock(pid int) int32 { return int32(^pid)<<3 | 2 }

// CPU is what the process has used so far.
func CPU(pid int) (Usage, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(cpuClock(pid), &ts); err != nil {
		return Usage{}, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	user, system, err := ticks(stat)
	if err != nil {
		return Usage{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return Usage{Total: time.Duration(ts.Nano()), User: user, System: system}, nil
}

// ticks finds fields 14 and 15 of proc_pid_stat(5). The name in field 2 may hold anything, a
// closing parenthesis included, so counting starts behind the last one.
func ticks(stat []byte) (user, system int64, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, fmt.Errorf("no process name")
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 13 {
		return 0, 0, fmt.Errorf("%d fields, at least 13 are needed", len(fields))
	}
	if user, err = strconv.ParseInt(string(fields[11]), 10, 64); err != nil {
		return 0, 0, err
	}
	system, err = strconv.ParseInt(string(fields[12]), 10, 64)
	return user, system, err
}
