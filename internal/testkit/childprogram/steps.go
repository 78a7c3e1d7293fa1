// Package childprogram is what tests start as a child: the test's own program does, in
// place of its tests, the steps that its arguments name.
package childprogram

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

// steps are what a child can do, each with its argument after a colon.
var steps = map[string]func(arg string) error{
	"out":  func(text string) error { return write(os.Stdout, text) },
	"err":  func(text string) error { return write(os.Stderr, text) },
	"cat":  func(string) error { _, err := io.Copy(os.Stdout, os.Stdin); return err },
	"exit": exit,
	// sleep stays until it is killed.
	"sleep": func(string) error { time.Sleep(time.Hour); return nil },
	// stay stays until its input ends.
	"stay": func(string) error { _, err := io.Copy(io.Discard, os.Stdin); return err },
	// ignore has it ignore a request to end.
	"ignore": func(string) error { signal.Ignore(syscall.SIGTERM); return nil },
	// close closes one of its descriptors.
	"close": func(fd string) error { return file(fd).Close() },
	// count tells how much it can read.
	"count": func(string) error {
		n, err := io.Copy(io.Discard, os.Stdin)
		return then(err, func() error { return write(os.Stdout, strconv.FormatInt(n, 10)) })
	},
	// big writes so many bytes.
	"big": func(n string) error {
		size, err := strconv.Atoi(n)
		return then(err, func() error { return write(os.Stdout, strings.Repeat("x", size)) })
	},
	// copy writes what it reads from another descriptor.
	"copy": func(fd string) error { _, err := io.Copy(os.Stdout, file(fd)); return err },
	// env tells a variable, dir where it is, group what process group it leads.
	"env": func(name string) error { return write(os.Stdout, os.Getenv(name)) },
	"dir": func(string) error {
		dir, err := os.Getwd()
		return then(err, func() error { return write(os.Stdout, dir) })
	},
	"leads": leads,
	// lines answers each line, and tells when an answer cannot be written.
	"lines": lines,
	// leave starts another child, which has what this one has and does the steps that the
	// argument names, separated by spaces, and does not wait for it.
	"leave": leave,
}

// Run does the steps, one after the other.
func Run(args []string) error {
	for _, a := range args {
		name, arg, _ := strings.Cut(a, ":")
		step := steps[name]
		if step == nil {
			return fmt.Errorf("childprogram: there is no step %q", name)
		}
		if err := step(arg); err != nil {
			return err
		}
	}
	return nil
}

func then(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
}

func write(to *os.File, text string) error {
	_, err := io.WriteString(to, text)
	return err
}

func file(fd string) *os.File {
	switch fd {
	case "0":
		return os.Stdin
	case "1":
		return os.Stdout
	case "2":
		return os.Stderr
	}
	n, err := strconv.ParseUint(fd, 10, 16)
	if err != nil {
		panic(err)
	}
	return os.NewFile(uintptr(n), "descriptor "+fd)
}

func exit(code string) error {
	n, err := strconv.Atoi(code)
	return then(err, func() error { os.Exit(n); return nil })
}

func lines(string) error {
	signal.Ignore(syscall.SIGPIPE) // a write fails then, as in Python
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if _, err := fmt.Fprintf(os.Stdout, "%s\n", in.Text()); err != nil {
			if _, err := fmt.Fprint(os.Stderr, "broken"); err != nil {
				return err
			}
		}
	}
	return in.Err()
}

func leave(args string) error {
	cmd := again.Command(strings.Fields(args)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Start()
}
