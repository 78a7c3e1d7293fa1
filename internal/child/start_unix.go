//go:build unix

package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// attributes are what the system is told of a child beside its program.
func (s *Spec) attributes() *syscall.SysProcAttr {
	sys := &syscall.SysProcAttr{}
	if s.Sys != nil {
		*sys = *s.Sys
	}
	sys.Setsid = sys.Setsid || s.NewSession
	sys.Setpgid = sys.Setpgid || s.NewGroup
	return sys
}

// fork starts the program with these attributes.
func (s *Spec) fork(sys *syscall.SysProcAttr) (pid int, err error) {
	pid, _, err = syscall.StartProcess(s.Path, s.Args, &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: s.Files, Sys: sys})
	if err != nil {
		return 0, &os.PathError{Op: "fork/exec", Path: s.Path, Err: err}
	}
	return pid, nil
}

// wait4 reaps a child if it has ended, or, if block is set, once it has.
func wait4(pid int, block bool) (Status, bool) {
	var st Status
	var usage syscall.Rusage
	options := syscall.WNOHANG
	if block {
		options = 0
	}
	for {
		got, err := syscall.Wait4(pid, &st.Wait, options, &usage)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil: // there is no such child any more
			return Status{Code: stolenCode, Stolen: true}, true
		case got != pid || !st.Wait.Exited() && !st.Wait.Signaled():
			return Status{}, false
		}
		st.Code, st.Usage = st.Wait.ExitStatus(), &usage
		if st.Wait.Signaled() {
			st.Code = -int(st.Wait.Signal())
		}
		return st, true
	}
}

// systemSignal is what the system knows of a signal.
func systemSignal(sig os.Signal) (syscall.Signal, error) {
	if s, ok := sig.(syscall.Signal); ok {
		return s, nil
	}
	return 0, fmt.Errorf("%w: %v is no signal of this system", errors.ErrUnsupported, sig)
}

// gone tells of a process that is not there as package os does.
func gone(err error) error {
	if err == syscall.ESRCH {
		return os.ErrProcessDone
	}
	return err
}
