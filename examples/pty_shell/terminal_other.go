//go:build !linux

package main

import (
	"errors"
	"os"
	"os/exec"
)

// terminal is a pseudo-terminal; there is none here.
type terminal struct{ output, input, size *os.File }

// openTerminal says that there is none: where there are terminals, making one is a matter
// of the C library.
func openTerminal() (*terminal, error) { return nil, errors.ErrUnsupported }

func (t *terminal) resize(uint16, uint16) error { return errors.ErrUnsupported }

func (t *terminal) run(*exec.Cmd) error { return errors.ErrUnsupported }
