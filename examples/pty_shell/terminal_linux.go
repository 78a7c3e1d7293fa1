package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: the user's side of it, in three files, and the program's.
type terminal struct {
	output, input, size *os.File
	program             *os.File
}

// openTerminal makes a pseudo-terminal of 24 lines and 80 columns.
func openTerminal() (*terminal, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := &terminal{output: os.NewFile(uintptr(fd), "terminal")}
	fds := [2]int{-1, -1}
	for i := range fds {
		if fds[i], err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return nil, err
		}
	}
	t.input, t.size = os.NewFile(uintptr(fds[0]), "terminal"), os.NewFile(uintptr(fds[1]), "terminal")
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0), t.resize(24, 80)); err != nil {
		return nil, err
	}
	t.program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|unix.O_NOCTTY, 0)
	return t, err
}

// resize sets the terminal's size.
func (t *terminal) resize(rows, columns uint16) error {
	return unix.IoctlSetWinsize(int(t.size.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
}

// run starts a program whose terminal this is.
func (t *terminal) run(c *exec.Cmd) error {
	c.Stdin, c.Stdout, c.Stderr = t.program, t.program, t.program
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return errors.Join(c.Start(), t.program.Close())
}
