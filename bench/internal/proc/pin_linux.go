package proc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Place is where and how a process runs.
type Place struct {
	CPU  int // the only processor for all its threads, -1 for any
	Nice int // its priority, 0 for ours; below 0 needs privileges
}

// Start starts the command in its place. The process inherits the place of the thread that forks
// it, so there is no moment at which it runs elsewhere.
func (p Place) Start(command *exec.Cmd) (err error) {
	started := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and its changed place with it.
		runtime.LockOSThread()
		started <- p.startHere(command)
	}()
	return <-started
}

func (p Place) startHere(command *exec.Cmd) error {
	if p.CPU >= 0 {
		var only unix.CPUSet
		only.Set(p.CPU)
		if err := unix.SchedSetaffinity(0, &only); err != nil {
			return fmt.Errorf("processor %d: %w", p.CPU, os.NewSyscallError("sched_setaffinity", err))
		}
	}
	if p.Nice != 0 {
		// Sessions share a processor evenly, whatever their processes' priorities are, where the
		// kernel groups them: so the session is given the priority too.
		if command.SysProcAttr == nil {
			command.SysProcAttr = &syscall.SysProcAttr{}
		}
		command.SysProcAttr.Setsid = true
		if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), p.Nice); err != nil {
			return fmt.Errorf("priority %d: %w", p.Nice, os.NewSyscallError("setpriority", err))
		}
	}
	if err := command.Start(); err != nil || p.Nice == 0 {
		return err
	}
	group := fmt.Sprintf("/proc/%d/autogroup", command.Process.Pid)
	// It fails where sessions are not grouped, see sched(7), or when the process has ended already.
	_ = os.WriteFile(group, []byte(strconv.Itoa(p.Nice)), 0)
	return nil
}
