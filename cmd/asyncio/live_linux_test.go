package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// openTerminal makes a pseudo-terminal: the side of who types and reads, and the
// program's side. See pty(7).
func openTerminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	// A container may have no /dev/pts; what a terminal shows cannot be looked at there.
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err) // a container may have none, and the test is about one
	}
	t.Cleanup(func() { _ = user.Close() })
	conn, err := user.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number, unlock int32
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		if _, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock))); errno == 0 {
			_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number)))
		}
	})
	if err != nil || errno != 0 {
		// As above.
		t.Skip("no pseudo-terminals here: ", err, errno) // a container may have none, and the test is about one
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err) // a container may have none, and the test is about one
	}
	t.Cleanup(func() { _ = program.Close() })
	return user, program
}

// TestServeOnTerminal: the live line, and a Ctrl-C that is typed.
func TestServeOnTerminal(t *testing.T) {
	t.Parallel()
	for _, loops := range []string{"1", "2"} {
		t.Run(loops, func(t *testing.T) {
			t.Parallel()
			user, program := openTerminal(t)
			c := self(t, "serve", "--listen", "127.0.0.1:0", "--loops", loops)
			c.Env = append(c.Environ(), "TERM=xterm")
			c.Stdin, c.Stdout, c.Stderr = program, program, program
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Process.Kill() })
			_ = program.Close()
			screen := &screen{t: t, user: user}
			address := screen.until(`listening on (\S+)\r\n`)[1]
			client, err := dialTCP(address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if err := roundTrip(client, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			screen.until(`1 clients  \d+ msg/s  [\d.]+ [kMG]?B/s  busy \d+%( \(max \d+%\))?  lag [\d.]+ [mu]?s`)
			if _, err := user.Write([]byte{3}); err != nil { // Ctrl-C
				t.Fatal(err)
			}
			screen.until(`stopping: 5s for clients to finish`)
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
			screen.until(`served 1 client, 1 message, 5 bytes in \d+\.\d s\r\n`)
			if err := c.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// screen is what was printed and not yet looked for.
type screen struct {
	t    *testing.T
	user *os.File
	text string
}

// until reads until the pattern has come.
func (s *screen) until(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	buf := make([]byte, 4096)
	for {
		if m := re.FindStringSubmatchIndex(s.text); m != nil {
			found := re.FindStringSubmatch(s.text)
			s.text = s.text[m[1]:]
			return found
		}
		n, err := s.user.Read(buf)
		s.text += string(buf[:n])
		if err != nil {
			s.t.Fatalf("%v waiting for %s in %q", err, pattern, strings.TrimSpace(s.text))
		}
	}
}
