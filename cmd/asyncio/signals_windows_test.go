package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Of wincon.h and ntstatus.h, for this command has no dependencies.
const (
	ctrlC          = 0
	ctrlBreak      = 1
	createNoWindow = 0x08000000
	controlCExit   = 0xC000013A
)

// ownConsole gives a process a console of its own, without a window: Ctrl-C is for
// all processes of a console.
func ownConsole(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: createNoWindow} }

// interrupt is Ctrl-C for the server, and so is terminate.
func (s *server) interrupt() { s.t.Helper(); s.press(ctrlC) }
func (s *server) terminate() { s.t.Helper(); s.press(ctrlC) }

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

// press has another process press a key: a process has one console.
func (s *server) press(key int) {
	s.t.Helper()
	c := self(s.t)
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", keysVariable, s.command.Process.Pid, key))
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		s.t.Fatalf("pressing a key: %v: %s", err, out.String())
	}
}

// pressKeys goes to a process's console and presses a key.
func pressKeys(what string) int {
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
	if ok, _, err := kernel.NewProc("GenerateConsoleCtrlEvent").Call(key, 0); ok == 0 {
		fmt.Println("GenerateConsoleCtrlEvent:", err)
		return 1
	}
	return 0
}

// endedByInterrupt reports whether a process ended as one does that has no handler.
func endedByInterrupt(p *os.ProcessState) bool { return uint32(p.ExitCode()) == controlCExit }
