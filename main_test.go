package asyncio_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// programVariable names the program that the test binary runs in place of its
// tests: see inProgram.
const programVariable = "ASYNCIO_TEST_PROGRAM"

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
	files := openFiles()
	goroutines := runtime.NumGoroutine()
	status := m.Run()
	if err := leftBehind(goroutines, files); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
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
	cmd := exec.Command(os.Args[0])
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
	if m := mechanismOf(t); m.proactor != nil {
		cmd.Env = append(cmd.Env, asyncio.LoopVariable+"=proactor")
	} else if m.name != "" {
		cmd.Env = append(cmd.Env, asyncio.LoopVariable+"=selector")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, bytes.TrimSpace(out))
	}
}

// before, and says which did not go.
func leftBehind(goroutines, files int) error {
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
		if len(strangers()) <= goroutines && openFiles() <= files {
			return nil
		}
	}
	return fmt.Errorf("left behind: descriptors %d, %d before; goroutines, %d before:\n%s",
		openFiles(), files, goroutines, strings.Join(strangers(), "\n\n"))
}

// strangers are the stacks of all goroutines but those that the runtime keeps.
func strangers() []string {
	buf := make([]byte, 1<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	var some []string
	for _, stack := range all {
		if !strings.Contains(stack, "os/signal.") {
			some = append(some, stack)
		}
	}
	return some
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
