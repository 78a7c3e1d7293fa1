package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/serve"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/selectors"
)

// keysVariable names a process and a key that is to be pressed at its console.
const keysVariable = "ASYNCIO_TEST_PRESS"

// refuseArgument is followed by the number of a system call, which the process is
// refused, and by the arguments of the command.
const refuseArgument = "test-refuse"

// TestMain makes the test binary the command in every process that a test starts.
func TestMain(m *testing.M) {
	const asCommand = "ASYNCIO_TEST_AS_COMMAND"
	if keys := os.Getenv(keysVariable); keys != "" {
		os.Exit(pressKeys(keys))
	}
	if os.Getenv(asCommand) != "" {
		if len(os.Args) > 2 && os.Args[1] == refuseArgument {
			os.Exit(refuse(os.Args[2:]))
		}
		main()
	}
	if err := os.Setenv(asCommand, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// patience is for what must happen: a test that waits longer has failed.
const patience = 30 * time.Second

func self(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := again.Command(args...)
	ownConsole(c)
	return c
}

// ran is how a command ended.
type ran struct {
	status         int
	stdout, stderr string
}

// execute runs a command that ends by itself.
func execute(t *testing.T, args ...string) ran {
	t.Helper()
	c := self(t, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer watchdog.Stop()
	if err := c.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return ran{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// server is `asyncio serve` as a process.
type server struct {
	t       *testing.T
	command *exec.Cmd
	address string
	stderr  bytes.Buffer
	rest    bytes.Buffer // standard output after the ready line
	ended   chan struct{}
}

// startServer returns when it is ready. It is killed with the test if nothing else
// has ended it.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, ended: make(chan struct{})}
	s.command = self(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.command.Stderr = &s.stderr
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan string, 1)
	go func() {
		defer close(s.ended)
		lines := bufio.NewReader(stdout)
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(&s.rest, lines)
		_ = s.command.Wait()
	}()
	t.Cleanup(func() {
		_ = s.command.Process.Kill()
		<-s.ended
	})
	select {
	case line := <-first:
		address, ok := strings.CutPrefix(line, "listening on ")
		if !ok {
			<-s.ended
			t.Fatalf("the first line is %q, standard error %q", line, s.stderr.String())
		}
		s.address = strings.TrimSuffix(address, "\n")
	case <-time.After(patience):
		t.Fatal("it does not listen")
	}
	return s
}

// wait returns how it ended.
func (s *server) wait() ran {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("it does not end")
	}
	return ran{s.command.ProcessState.ExitCode(), s.rest.String(), s.stderr.String()}
}

func (s *server) dial() *net.TCPConn {
	s.t.Helper()
	c, err := dialTCP(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func dialTCP(address string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), c.SetDeadline(time.Now().Add(patience))
}

// roundTrip sends a message and checks that it comes back.
func roundTrip(c net.Conn, message []byte) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write(message); err != nil {
		return err
	}
	back := make([]byte, len(message))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if !bytes.Equal(back, message) {
		return fmt.Errorf("%q came back as %q", message, back)
	}
	return nil
}

// random is data that is the same in every run.
func random(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	p := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(p)
	return p
}

// halfCloser is a connection whose sending side can be ended.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// exchange sends data in pieces of many sizes, reading all the while, ends its side
// and checks that all has come back, and then the end.
func exchange(c halfCloser, data []byte) error {
	sent := make(chan error, 1)
	go func() {
		for rest, size := data, 1; len(rest) > 0; size = size*3%10007 + 1 {
			n := min(size, len(rest))
			if _, err := c.Write(rest[:n]); err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- c.CloseWrite()
	}()
	back, err := io.ReadAll(c)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if !bytes.Equal(back, data) {
		return fmt.Errorf("%d bytes came back for %d, or others", len(back), len(data))
	}
	return nil
}

// fill sends and does not read until nothing more is taken: data again and again,
// or zeros, up to fillLimit. It returns how much it was.
func fill(c *net.TCPConn, data []byte) (sent int, err error) {
	if data == nil {
		data = make([]byte, 1<<20)
	}
	for sent < fillLimit {
		_ = c.SetWriteDeadline(time.Now().Add(stalled))
		n, err := c.Write(data[sent%len(data):])
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) && n == 0 {
			break
		} else if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return sent, err
		}
	}
	return sent, nil
}

// fillLimit is more than the system's buffers hold, both ways together.
const fillLimit = 128 << 20

// together calls f so often at the same time and reports what failed.
func together(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// connectionAPIs are the ways to write the echo that have connections.
var connectionAPIs = slices.DeleteFunc(slices.Clone(serve.APIs), func(api string) bool { return api == "datagram" })

// variants runs a test for every selector that works here and each way to write
// the echo that has connections.
func variants(t *testing.T, f func(t *testing.T, args ...string)) {
	for _, i := range selectors.Available() {
		if !i.Works {
			continue
		}
		for _, api := range connectionAPIs {
			t.Run(i.Name+"/"+api, func(t *testing.T) {
				t.Parallel()
				f(t, "--selector", i.Name, "--api", api)
			})
		}
	}
}
