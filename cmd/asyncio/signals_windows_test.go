package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Of wincon.h and winbase.h, for this command has no dependencies.
const (
	ctrlC          = 0
	ctrlBreak      = 1
	ctrlClose      = 2
	createNoWindow = 0x08000000
)

// stalled is how long a connection must have taken nothing to be full: Wine's calls
// take their time, and all of them wait for one process.
const stalled = time.Second

// ownConsole gives a process a console of its own, without a window: Ctrl-C is for
// all processes of a console.
func ownConsole(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: createNoWindow} }

// interrupt is Ctrl-C for the server, terminate the end of its console.
func (s *server) interrupt() { s.t.Helper(); s.press(ctrlC) }
func (s *server) terminate() { s.t.Helper(); s.press(ctrlClose) }

func TestServeCtrlBreak(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	if err := exchange(s.dial(), random(1, 1000)); err != nil {
		t.Fatal(err)
	}
	s.press(ctrlBreak)
	if got, want := s.summary(), (summed{1, 1, 1000, 0}); got.clients != want.clients || got.bytes != want.bytes {
		t.Errorf("summary: %+v, want %+v", got, want)
	}
}

// press presses a key at the server's console.
func (s *server) press(key int) {
	s.t.Helper()
	if err := press(s.command.Process.Pid, key); err != nil {
		s.t.Fatalf("pressing a key: %v", err)
	}
}

// press has another process press a key at the console of one: a process has one
// console.
func press(pid, key int) error {
	out, err := keys(fmt.Sprintf("%d %d", pid, key)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// keys is this program as pressKeys.
func keys(what string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	ownConsole(c)
	c.Env = append(os.Environ(), keysVariable+"="+what)
	return c
}

// idle has pressKeys wait for a key without a handler.
const idle = "idle"

// pressKeys goes to a process's console and presses a key.
func pressKeys(what string) int {
	if what == idle {
		fmt.Println(idle)
		time.Sleep(time.Hour) // the test kills it
		return 0
	}
	kernel := syscall.NewLazyDLL("kernel32.dll")
	var pid, key uintptr
	if _, err := fmt.Sscan(what, &pid, &key); err != nil {
		fmt.Println(err)
		return 2
	}
	_, _, _ = kernel.NewProc("FreeConsole").Call()
	if ok, _, err := kernel.NewProc("AttachConsole").Call(pid); ok == 0 {
		fmt.Println("AttachConsole:", err)
		return 1
	}
	// This process hears of it, too.
	done := syscall.NewCallback(func(uintptr) uintptr { return 1 })
	_, _, _ = kernel.NewProc("SetConsoleCtrlHandler").Call(done, 1)
	ok, _, err := kernel.NewProc("GenerateConsoleCtrlEvent").Call(key, 0)
	if ok != 0 {
		return 0
	}
	if key != ctrlC {
		// Nobody can ask for the end of a console so, and Wine 8 sends no Ctrl-Break
		// either. This is the way in which both come to a process: by a thread that
		// begins in CtrlRoutine.
		failed := startThread(uint32(pid), kernel.NewProc("CtrlRoutine").Addr(), key)
		if failed == nil {
			return 0
		}
		err = fmt.Errorf("%w, %w", err, failed)
	}
	fmt.Println("GenerateConsoleCtrlEvent:", err)
	return 1
}

// startThread starts a thread in another process. Libraries of the system have the
// same address in all.
func startThread(pid uint32, function, argument uintptr) error {
	const access = 0x0002 | 0x0400 | 0x0008 | 0x0010 | 0x0020 // what CreateRemoteThread asks for
	process, err := syscall.OpenProcess(access, false, pid)
	if err != nil {
		return err
	}
	defer syscall.CloseHandle(process)
	create := syscall.NewLazyDLL("kernel32.dll").NewProc("CreateRemoteThread")
	thread, _, err := create.Call(uintptr(process), 0, 0, function, argument, 0, 0)
	if thread == 0 {
		return err
	}
	return syscall.CloseHandle(syscall.Handle(thread))
}

// endedByInterrupt reports whether a process ended as one does that has no handler.
// Windows gives that one a status of its own, STATUS_CONTROL_C_EXIT, and Wine 8 gives
// it 0: it is asked for.
func endedByInterrupt(p *os.ProcessState) bool {
	status, err := interruptedStatus()
	if err != nil {
		fmt.Println("a program without a handler:", err)
	}
	return err == nil && p.ExitCode() == status
}

var interruptedStatus = sync.OnceValues(func() (int, error) {
	c := keys(idle)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return 0, err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return 0, fmt.Errorf("it printed %q: %w", line, err)
	}
	if err := press(c.Process.Pid, ctrlC); err != nil {
		return 0, errors.Join(err, c.Process.Kill(), c.Wait())
	}
	_ = c.Wait() // the status is what is wanted
	return c.ProcessState.ExitCode(), nil
})
