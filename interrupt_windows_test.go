package asyncio_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

var (
	kernel32       = windows.NewLazySystemDLL("kernel32.dll")
	freeConsole    = kernel32.NewProc("FreeConsole")
	attachConsole  = kernel32.NewProc("AttachConsole")
	setCtrlHandler = kernel32.NewProc("SetConsoleCtrlHandler")
	ctrlRoutine    = kernel32.NewProc("CtrlRoutine")
	createThread   = kernel32.NewProc("CreateThread")
)

// press is a key for all programs of the console. Wine 8 sends no Ctrl-Break: then
// this program alone gets it, in the way in which the system brings it to each, by
// a thread that begins in CtrlRoutine.
func press(event uint32) error {
	err := windows.GenerateConsoleCtrlEvent(event, 0)
	if err == nil || event == windows.CTRL_C_EVENT {
		return err
	}
	if failed := ctrlRoutine.Find(); failed != nil {
		return errors.Join(err, failed)
	}
	thread, _, failed := createThread.Call(0, 0, ctrlRoutine.Addr(), uintptr(event), 0, 0)
	if thread == 0 {
		return errors.Join(err, failed)
	}
	return windows.CloseHandle(windows.Handle(thread))
}

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
// Windows gives that one a status of its own, STATUS_CONTROL_C_EXIT, and Wine 8 gives
// it 0: it is asked for.
func endedByInterrupt(p *os.ProcessState) bool {
	status, err := interruptedStatus()
	if err != nil {
		fmt.Println("a program without a handler:", err)
	}
	return err == nil && p.ExitCode() == status
}

// idleProgram has no handler.
var idleProgram = program("idle", func() error {
	fmt.Println("idle")
	time.Sleep(forever)
	return errors.New("nobody interrupted it")
})

var interruptedStatus = sync.OnceValues(func() (int, error) {
	cmd := programCommand(idleProgram)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 0, err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return 0, fmt.Errorf("it printed %q: %w", line, err)
	}
	if err := interrupt(cmd); err != nil {
		return 0, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	_ = cmd.Wait() // the status is what is wanted
	return cmd.ProcessState.ExitCode(), nil
})

// ignoreInterrupt has the system pass on no Ctrl-C to this program.
func ignoreInterrupt() { _, _, _ = setCtrlHandler.Call(0, 1) }

// interruptIgnored is false only in that the program ends by it.
func interruptIgnored() bool {
	interruptSelf()
	return true
}
