// Package again is for tests that need a process of their own: it starts the test's own
// program once more. Where the program cannot be started by its name, because the machine
// has another processor and an emulator runs it, that is named by [Emulator] and put before it.
package again

import (
	"os"
	"os/exec"
)

// Emulator is the variable that names the emulator under which the tests run: an absolute
// path, or nothing. `.ci/emulated` sets it.
const Emulator = "ASYNCIO_TEST_EMULATOR"

// Line returns the words that start the test's own program with arguments: for a shell,
// and for what starts programs by itself.
func Line(arguments ...string) []string {
	name, err := os.Executable()
	if err != nil {
		name = os.Args[0]
	}
	line := append([]string{name}, arguments...)
	if emulator := os.Getenv(Emulator); emulator != "" {
		line = append([]string{emulator}, line...)
	}
	return line
}

// Command is a command that runs the test's own program with arguments.
func Command(arguments ...string) *exec.Cmd {
	line := Line(arguments...)
	return exec.Command(line[0], line[1:]...)
}
