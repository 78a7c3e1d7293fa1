package asyncio_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// programVariable names the program that the test binary runs in place of its
// tests: see inProgram.
const programVariable = "ASYNCIO_TEST_PROGRAM"

// mechanismVariable names the mechanism that the program is for: see programLoop.
const mechanismVariable = "ASYNCIO_TEST_MECHANISM"

// programs are what tests run in a process of their own: its main goroutine is
// theirs, and so are the program's policy and its signals.
var programs = map[string]func() error{}

// program registers a program; a test file calls it for a variable.
func program(name string, f func() error) string {
	programs[name] = f
	return name
}

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		os.Exit(runProgram(name))
	}
	testkit.Main(m)
}

func runProgram(name string) int {
	f := programs[name]
	if f == nil {
		fmt.Fprintln(os.Stderr, "no program", name)
		return 2
	}
	if err := f(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// programCommand is a command that runs a program in a process of its own.
func programCommand(name string) *exec.Cmd {
	cmd := again.Command()
	// The race detector would have each program wait for a second at its end.
	cmd.Env = append(os.Environ(), programVariable+"="+name, "GORACE=atexit_sleep_ms=0")
	ownConsole(cmd)
	return cmd
}

// inProgram runs a program and fails the test with what it complains about. Its
// default loop is of the kind that the test is for, if it is for one.
func inProgram(t *testing.T, name string) {
	t.Helper()
	cmd := programCommand(name)
	if m, ok := mechanismOf(t); ok {
		kind := "selector"
		if m.Proactor != nil {
			kind = "proactor"
		}
		cmd.Env = append(cmd.Env, "ASYNCIO_LOOP="+kind, mechanismVariable+"="+m.Name)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, bytes.TrimSpace(out))
	}
}

// complaints are what a program finds wrong.
type complaints []error

func (c *complaints) check(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Errorf(format, args...))
	}
}

func (c *complaints) must(err error) { c.check(err == nil, "unexpected error: %v", err) }

func (c *complaints) err() error { return errors.Join(*c...) }

// programLoop makes a loop over the mechanism that the test of a program is for.
func programLoop() (asyncio.EventLoop, error) {
	m, err := testkit.Named(os.Getenv(mechanismVariable))
	if err != nil {
		return nil, err
	}
	return loops.New(m)
}
