//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stalled is how long a connection must have taken nothing to be full.
const stalled = time.Second / 5

// interrupt is Ctrl-C for the server, terminate what a service manager sends.
func (s *server) interrupt() { s.t.Helper(); s.signal(os.Interrupt) }
func (s *server) terminate() { s.t.Helper(); s.signal(syscall.SIGTERM) }

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.command.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// endedByInterrupt reports whether a process ended as one does that has no handler.
func endedByInterrupt(p *os.ProcessState) bool {
	w := p.Sys().(syscall.WaitStatus)
	return w.Signaled() && w.Signal() == syscall.SIGINT
}

// ownConsole keeps Ctrl-C for one process from others: each has its own signals here.
func ownConsole(*exec.Cmd) {}

// pressKeys is for systems where Ctrl-C belongs to a console.
func pressKeys(string) int { return 2 }
