//go:build unix

package child

import "syscall"

// errNotFound is what the system says of a file that is not there.
const errNotFound = syscall.ENOENT

// shellPath is the shell.
const shellPath = "/bin/sh"

// Shell is Program for a command of the shell's.
func Shell(command, dir string, env []string) (Spec, error) {
	return Program(shellPath, []string{"-c", command}, dir, env)
}
