package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// handle is a child as Windows knows it.
type handle struct {
	pid     int
	process windows.Handle
	group   bool // it leads a process group, to which Ctrl-Break can be sent
}

// standardFiles is how many files a child can be given.
const standardFiles = 3

// start starts a program.
func (h *handle) start(s Spec) (pid int, err error) {
	switch {
	case s.NewSession:
		return 0, fmt.Errorf("%w: Windows has no sessions of processes: use NewGroup, or DETACHED_PROCESS in Sys", errors.ErrUnsupported)
	case len(s.Files) > standardFiles:
		return 0, fmt.Errorf("%w: Windows gives a child no more files than the standard ones: use AdditionalInheritedHandles in Sys", errors.ErrUnsupported)
	}
	sys := &syscall.SysProcAttr{}
	if s.Sys != nil {
		*sys = *s.Sys
	}
	if sys.CmdLine == "" {
		sys.CmdLine = s.Line
	}
	if s.NewGroup {
		sys.CreationFlags |= windows.CREATE_NEW_PROCESS_GROUP
	}
	h.group = sys.CreationFlags&windows.CREATE_NEW_PROCESS_GROUP != 0
	pid, process, err := syscall.StartProcess(s.Path, s.Args, &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: s.Files, Sys: sys})
	if err != nil {
		return 0, &os.PathError{Op: "fork/exec", Path: s.Path, Err: err}
	}
	h.pid, h.process = pid, windows.Handle(process)
	return pid, nil
}

// reap tells how the child has ended, if it has. There is nothing to reap: its number is
// nobody else's as long as the handle is open.
func (h *handle) reap() (Status, bool) {
	if event, err := windows.WaitForSingleObject(h.process, 0); err != nil || event != windows.WAIT_OBJECT_0 {
		return Status{}, false
	}
	var code uint32
	if err := windows.GetExitCodeProcess(h.process, &code); err != nil {
		return Status{Code: stolenCode, Stolen: true}, true
	}
	st := Status{Code: int(code), Wait: syscall.WaitStatus{ExitCode: code}, Usage: &syscall.Rusage{}}
	u := st.Usage
	if err := syscall.GetProcessTimes(syscall.Handle(h.process), &u.CreationTime, &u.ExitTime, &u.KernelTime, &u.UserTime); err != nil {
		st.Usage = nil
	}
	return st, true
}

// terminatedCode is what a child has exited with that was ended from here, as of
// asyncio's.
const terminatedCode = 1

// signal ends the child, for SIGKILL and SIGTERM, or sends Ctrl-Break to its group.
func (h *handle) signal(sig os.Signal) error {
	switch sig {
	case syscall.SIGKILL, syscall.SIGTERM:
		err := windows.TerminateProcess(h.process, terminatedCode)
		if err == windows.ERROR_ACCESS_DENIED && h.over() {
			err = os.ErrProcessDone
		}
		return err
	case syscall.SIGINT:
		if h.group {
			return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(h.pid))
		}
		return fmt.Errorf("%w: Windows interrupts only process groups: start the program with NewGroup", errors.ErrUnsupported)
	}
	return fmt.Errorf("%w: Windows has no signal %v: use SIGTERM, SIGKILL or, with NewGroup, SIGINT", errors.ErrUnsupported, sig)
}

// over reports whether the process has ended.
func (h *handle) over() bool {
	event, err := windows.WaitForSingleObject(h.process, 0)
	return err == nil && event == windows.WAIT_OBJECT_0
}

// descriptorName is what descriptor would give.
const descriptorName = "none"

// descriptor is none that an engine can watch.
func (h *handle) descriptor() (uintptr, bool) { return 0, false }

// await waits for the child's end, for as long as d.
func (h *handle) await(d time.Duration) {
	_, _ = windows.WaitForSingleObject(h.process, uint32(d/time.Millisecond)+1) // who waits looks for himself then
}

// close lets go of the handle.
func (h *handle) close() {
	_ = windows.CloseHandle(h.process) // nothing to be done about it
}

// waiterName is who waits.
const waiterName = "handle wait"

// waiter is a wait of the system's thread pool on the process.
type waiter struct{ wait *HandleWait }

// begin has ended called, on a thread of the system's, when the child has ended.
func (w *waiter) begin(p *Process, ended func()) (err error) {
	w.wait, err = WaitForHandle(uintptr(p.sys.process), Infinite, func(bool) { ended() })
	return err
}

// end ends the wait. It is harmless if there is none.
func (w *waiter) end() {
	if w.wait != nil {
		w.wait.Cancel()
		w.wait = nil
	}
}
