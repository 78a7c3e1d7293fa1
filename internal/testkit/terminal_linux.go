package testkit

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Terminal makes a pseudo-terminal: the side of who plays the user, and that of the
// program, which echoes and edits lines as terminals do at first. Where the system has
// none, or none that is got at without libc, it is errors.ErrUnsupported.
func Terminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	var number uint32 // an int of C's: in a longer one it is elsewhere on a big-endian machine
	err = control(master, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetUint32(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		_ = master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

// MakeRaw has a terminal pass on what is written as it is, and echo nothing.
func MakeRaw(f *os.File) error {
	return control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		return unix.IoctlSetTermios(fd, unix.TCSETS, t)
	})
}

// Resize sets a terminal's size.
func Resize(f *os.File, rows, columns int) error {
	return control(f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)})
	})
}

// Size returns a terminal's size.
func Size(f *os.File) (rows, columns int, err error) {
	err = control(f, func(fd int) error {
		size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil {
			rows, columns = int(size.Row), int(size.Col)
		}
		return err
	})
	return rows, columns, err
}

// control calls f with a file's descriptor, and leaves its mode as it is.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
