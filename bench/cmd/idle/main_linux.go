// Command idle compares what servers hold in memory for connections over TLS 1.3 that have said one
// message and are idle since. Linux only. See bench/README.md.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// reference is what the others are compared with.
const reference = "gonet-tls"

// contender is a server: its source, a folder from here, and its arguments.
type contender struct {
	name, source string
	args         []string
}

const command = "../cmd/asyncio"

var contenders = []contender{
	{reference, "peers/gonettls", nil},
	{"gonet-tls-4k", "peers/gonettls", []string{"--buffer", "4096"}},
	{"asyncio-tls", command, []string{"serve", "--quiet", "--tls-self-signed", "--loop", "selector", "--selector", "epoll"}},
	{"asyncio-tls-streams", command, []string{"serve", "--quiet", "--tls-self-signed", "--loop", "selector", "--selector", "epoll", "--api", "streams"}},
	{"asyncio-tls-proactor", command, []string{"serve", "--quiet", "--tls-self-signed", "--loop", "proactor"}},
	{"nbio-tls", "peers/nbiotls", nil},
}

var (
	names  = flag.String("contenders", "gonet-tls,gonet-tls-4k,asyncio-tls,asyncio-tls-streams,asyncio-tls-proactor,nbio-tls", "who is measured")
	conns  = flag.Int("conns", 2000, "how many connections each server gets")
	size   = flag.Int("size", 64, "how many bytes the one message of each has")
	settle = flag.Duration("settle", 0, "how long they are idle before the last look: from two minutes on a Go program has collected its garbage by itself")
)

func main() {
	flag.Parse()
	if err := compare(); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// figures are bytes of memory of its own that a server holds.
type figures struct{ before, loaded, settled int }

// compare measures all contenders, each in a process of its own, at the same time if they are
// to settle.
func compare() error {
	folder, err := os.MkdirTemp("", "idle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var chosen []contender
	for name := range strings.SplitSeq(*names, ",") {
		at := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if at < 0 {
			return fmt.Errorf("there is no contender %q", name)
		}
		chosen = append(chosen, contenders[at])
	}
	for _, c := range chosen {
		build := exec.Command("go", "build", "-o", c.binary(folder), ".")
		build.Dir = c.source
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%s does not build: %w: %s", c.source, err, text)
		}
	}
	results, failures := make([]figures, len(chosen)), make([]error, len(chosen))
	var settling sync.WaitGroup
	for i, c := range chosen {
		loaded := make(chan struct{})
		settling.Go(func() { results[i], failures[i] = c.measure(folder, sync.OnceFunc(func() { close(loaded) })) })
		<-loaded // one after the other has its connections
	}
	settling.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return show(chosen, results)
}

// show prints a table, and what each holds as a share of what the first does.
func show(chosen []contender, results []figures) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "server\tempty KiB\tper connection B\tof %s\tafter %v B\tof %s\n", chosen[0].name, *settle, chosen[0].name)
	each := func(f figures, with int) float64 { return float64(with-f.before) / float64(*conns) }
	for i, c := range chosen {
		f, first := results[i], results[0]
		loaded, settled := each(f, f.loaded), each(f, f.settled)
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.2f\t%.0f\t%.2f\n", c.name, f.before>>10,
			loaded, loaded/each(first, first.loaded), settled, settled/each(first, first.settled))
	}
	return w.Flush()
}

// binary is where its binary is built.
func (c contender) binary(folder string) string {
	return filepath.Join(folder, strings.ReplaceAll(strings.TrimPrefix(c.source, "../"), "/", "-"))
}

// measure starts the server, gives it connections, and looks at its memory, before, with them,
// and when they have settled.
func (c contender) measure(folder string, loaded func()) (f figures, err error) {
	defer loaded()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	server := exec.CommandContext(ctx, c.binary(folder), append(slices.Clone(c.args), "--listen", "127.0.0.1:0")...)
	server.Env = append(os.Environ(), "GOMAXPROCS=1")
	output, err := server.StdoutPipe()
	if err != nil {
		return f, err
	}
	if err := (proc.Place{CPU: -1}).Start(server); err != nil {
		return f, err
	}
	defer func() {
		stop()
		_ = server.Wait() // it was killed
	}()
	lines := bufio.NewReader(output)
	address := ""
	for found := false; !found; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return f, fmt.Errorf("%s does not say where it listens: %w", c.name, err)
		}
		address, found = strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	}
	if err := connect(address, 1, nil); err != nil { // what the first connection makes is not for each
		return f, fmt.Errorf("%s: %w", c.name, err)
	}
	if f.before, err = private(server.Process.Pid); err != nil {
		return f, err
	}
	return f, connect(address, *conns, func() (err error) {
		if f.loaded, err = private(server.Process.Pid); err != nil {
			return err
		}
		loaded()
		time.Sleep(*settle)
		f.settled, err = private(server.Process.Pid)
		return err
	})
}

// connect makes connections, has one message echoed on each, and calls then, if that is not nil,
// while all are open.
func connect(address string, n int, then func() error) error {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}
	message, back := bytes.Repeat([]byte{'x'}, *size), make([]byte, *size)
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		defer c.Close() // all at the end
		t := tls.Client(c, config)
		if _, err := t.Write(message); err != nil {
			return err
		}
		if _, err := io.ReadFull(t, back); err != nil {
			return err
		}
		if !bytes.Equal(back, message) {
			return errors.New("something else came back")
		}
	}
	if then == nil {
		return nil
	}
	return then()
}

// private is how many bytes of memory a process has that are written to, and so its own.
func private(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if number, found := strings.CutPrefix(line, "RssAnon:"); found {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(number), " kB"))
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not tell RssAnon")
}
