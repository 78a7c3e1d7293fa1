//go:build unix

package asyncio_test

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// interruptSelf is Ctrl-C.
func interruptSelf() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) }

// interrupt is Ctrl-C for a program that runs.
func interrupt(cmd *exec.Cmd) error { return cmd.Process.Signal(os.Interrupt) }

// endedByInterrupt reports whether a program ended as one does that has no handler.
func endedByInterrupt(p *os.ProcessState) bool {
	status := p.Sys().(syscall.WaitStatus)
	return status.Signaled() && status.Signal() == syscall.SIGINT
}

// ignoreInterrupt does what nohup does; interruptIgnored asks for it.
func ignoreInterrupt()       { signal.Ignore(os.Interrupt) }
func interruptIgnored() bool { return signal.Ignored(os.Interrupt) }

// ownConsole keeps an interrupt for one program from others: each has its own
// signals here.
func ownConsole(*exec.Cmd) {}
