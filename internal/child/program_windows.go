package child

import (
	"cmp"
	"os"
	"syscall"
)

// errNotFound is what the system says of a file that is not there.
const errNotFound = syscall.ERROR_FILE_NOT_FOUND

// Shell is Program for a command of the shell's, which takes its line as it is.
func Shell(command, dir string, env []string) (Spec, error) {
	shell := cmp.Or(os.Getenv("ComSpec"), "cmd.exe")
	s, err := Program(shell, nil, dir, env)
	s.Line = syscall.EscapeArg(shell) + ` /d /s /c "` + command + `"`
	return s, err
}
