package asyncio_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

var (
	kernel32       = windows.NewLazySystemDLL("kernel32.dll")
	freeConsole    = kernel32.NewProc("FreeConsole")
	attachConsole  = kernel32.NewProc("AttachConsole")
	setCtrlHandler = kernel32.NewProc("SetConsoleCtrlHandler")
)

// ownConsole gives a program a console of its own, without a window: Ctrl-C is for
// all programs of a console.
func ownConsole(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// interruptSelf is Ctrl-C.
func interruptSelf() { _ = windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0) }

// interruptVariable names the process whose console is interrupted.
const interruptVariable = "ASYNCIO_TEST_INTERRUPT"

// interruptProgram goes to another program's console and presses Ctrl-C.
var interruptProgram = program("interrupt another", func() error {
	pid, err := strconv.Atoi(os.Getenv(interruptVariable))
	if err != nil {
		return err
	}
	_, _, _ = freeConsole.Call()
	if ok, _, err := attachConsole.Call(uintptr(pid)); ok == 0 {
		return err
	}
	ignoreInterrupt()
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0)
})

// interrupt is Ctrl-C for a program that runs.
func interrupt(cmd *exec.Cmd) error {
	c := programCommand(interruptProgram)
	c.Env = append(c.Env, interruptVariable+"="+strconv.Itoa(cmd.Process.Pid))
	if out, err := c.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

// endedByInterrupt reports whether a program ended as one does that has no handler.
func endedByInterrupt(exit *exec.ExitError) bool {
	return uint32(exit.ExitCode()) == uint32(windows.STATUS_CONTROL_C_EXIT)
}

// ignoreInterrupt has the system pass on no Ctrl-C to this program.
func ignoreInterrupt() { _, _, _ = setCtrlHandler.Call(0, 1) }

// interruptIgnored is false only in that the program ends by it.
func interruptIgnored() bool {
	interruptSelf()
	return true
}
