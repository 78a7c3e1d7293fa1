package child

import (
	"errors"
	"fmt"
	"os/exec"
)

// Program returns the Spec of a program, with its file, which is looked for as package
// os/exec does it, its arguments and its environment: env, or that of this program if that
// is nil. With an error there is no such program.
func Program(name string, args []string, dir string, env []string) (Spec, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	if err := cmd.Err; err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			err = fmt.Errorf("%w: %w", err, errNotFound) // as the system says it of a file
		}
		return Spec{}, err
	}
	return Spec{Path: cmd.Path, Args: cmd.Args, Dir: dir, Env: cmd.Environ()}, nil
}
