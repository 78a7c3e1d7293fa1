package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// server is a running contender.
type server struct {
	command *exec.Cmd
	address string
	stderr  *strings.Builder
	ended   chan struct{} // closed when it has ended and its output is complete
	status  error         // valid then
}

const patience = 10 * time.Second // for a server to be ready, and to end

// start starts a server, which says where it listens.
func (m *measurer) start(ctx context.Context, c *contender, environment ...string) (*server, error) {
	return m.startSaying(ctx, "listening on ", c, environment...)
}

// startSaying starts a process and waits for the line that begins so; what follows is the address.
func (m *measurer) startSaying(ctx context.Context, word string, c *contender, environment ...string) (*server, error) {
	s := &server{stderr: &strings.Builder{}, ended: make(chan struct{})}
	s.command = exec.CommandContext(ctx, c.binary, c.args...)
	s.command.Env = append(append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", m.procs)), environment...)
	s.command.Stderr = s.stderr
	// The rest of the output is of no interest, but must be read.
	output, input := io.Pipe()
	s.command.Stdout = input
	ready := make(chan string, 1)
	if err := (proc.Place{CPU: m.serverCPU, Nice: m.nice}).Start(s.command); err != nil {
		return nil, err
	}
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), word); ok {
				select {
				case ready <- address:
				default:
				}
			}
		}
	}()
	go func() {
		s.status = s.command.Wait()
		_ = input.Close()
		close(s.ended)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.address = <-ready:
		return s, nil
	case <-s.ended:
		if text := lastLine(s.stderr.String()); text != "" {
			return nil, errors.New(text)
		}
		return nil, fmt.Errorf("ended before it was ready: %v", s.status)
	case <-timer.C:
		s.kill()
		return nil, fmt.Errorf("did not say %q within %v", word, patience)
	}
}

func (s *server) kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// stop ends the server as a service manager would, and says if it does not end well.
func (s *server) stop() error {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-s.ended:
		if s.status != nil {
			return fmt.Errorf("ended with %w: %s", s.status, lastLine(s.stderr.String()))
		}
		return nil
	case <-timer.C:
		s.kill()
		return fmt.Errorf("did not end within %v of SIGTERM", patience)
	}
}
